// SPDX-License-Identifier: BSD-3-Clause
// Two heatmap layers, one for TCP and one for UDP, over country polygons; one world.
import * as maplibre from '/node_modules/maplibre-gl/dist/maplibre-gl.mjs';
import { countries, pollForEver } from './poll.js';

window.updates = [];
maplibre.setWorkerUrl('/node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs');

const collection = (features) => ({ type: 'FeatureCollection', features });

function heatLayer(id, weight, colours) {
  const ramp = ['interpolate', ['linear'], ['heatmap-density'], 0, 'rgba(0,0,0,0)'];
  colours.forEach((colour, i) => ramp.push((i + 1) / colours.length, colour));
  return {
    id,
    type: 'heatmap',
    source: 'places',
    paint: {
      'heatmap-weight': ['/', ['ln', ['+', 1, ['get', weight]]], Math.log1p(1e5)],
      'heatmap-intensity': 0.3,
      'heatmap-radius': 12,
      'heatmap-color': ramp,
    },
  };
}

const map = new maplibre.Map({
  container: 'map',
  renderWorldCopies: false,
  fadeDuration: 0,
  attributionControl: false,
  bounds: [-169, -57, 180, 78],
  style: {
    version: 8,
    sources: {
      land: { type: 'geojson', data: await countries() },
      places: { type: 'geojson', data: collection([]) },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': '#05080d' } },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': '#1e2c3c' } },
      { id: 'line', type: 'line', source: 'land', paint: { 'line-color': '#4d6782' } },
      heatLayer('tcp', 't', ['#803d00', '#f28c12', '#ffeec4']),
      heatLayer('udp', 'u', ['#044c98', '#1e98f4', '#d4f2ff']),
    ],
  },
});
await map.once('load');

const frame = () => new Promise((done) => requestAnimationFrame(done));

await pollForEver(async (points) => {
  const idle = map.once('idle');
  map.getSource('places').setData(
    collection(
      points.map(([lat, lon, t, u]) => ({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [lon, lat] },
        properties: { t, u },
      })),
    ),
  );
  await idle;
  await frame();
});
