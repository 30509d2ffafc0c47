// SPDX-License-Identifier: BSD-3-Clause
// Two leaflet.heat layers, one for TCP and one for UDP, over country polygons on a canvas.
/* global L */
import { countries, pollForEver } from './poll.js';

const map = L.map('map', {
  preferCanvas: true,
  zoomSnap: 0,
  fadeAnimation: false,
  zoomAnimation: false,
  attributionControl: false,
});
map.fitBounds([
  [-57, -169],
  [78, 180],
]);
L.geoJSON(await countries(), {
  style: { color: '#4d6782', weight: 1, fillColor: '#1e2c3c', fillOpacity: 1 },
}).addTo(map);

// maxZoom 1: leaflet.heat halves the intensity for every level below it.
const options = { radius: 12, blur: 10, maxZoom: 1, max: 1 };
const layers = [
  L.heatLayer([], { ...options, gradient: { 0.3: '#803d00', 0.7: '#f28c12', 1: '#ffeec4' } }),
  L.heatLayer([], { ...options, gradient: { 0.3: '#044c98', 0.7: '#1e98f4', 1: '#d4f2ff' } }),
];
for (const layer of layers) layer.addTo(map);

const frame = () => new Promise((done) => requestAnimationFrame(done));

await pollForEver(async (points) => {
  const most = Math.log1p(points.reduce((top, row) => Math.max(top, row[2], row[3]), 0));
  layers.forEach((layer, i) =>
    layer.setLatLngs(points.map((row) => [row[0], row[1], Math.log1p(row[2 + i]) / most])),
  );
  // setLatLngs draws in the next frame; the one after shows it.
  await frame();
  await frame();
});
