// SPDX-License-Identifier: BSD-3-Clause
// One picture of the map, from below: land, heat or countries, marks, names, legend.

import { byId } from './dom.js';
import { emptyOf } from './status.js';

const NOTHING = { length: 0, names: [] };
const NO_TINTS = { tints: new Map(), discs: [] };

function anythingShown({ places, selection }) {
  for (let i = 0; i < places.length; i++) {
    const tcp = selection.tcp ? places.tcp[i] : 0;
    const udp = selection.udp ? places.udp[i] : 0;
    if (tcp + udp > 0) return true;
  }
  return false;
}

/** What the land is tinted with. */
function colours(page) {
  const { change, countries, heat, places, selection, view } = page;
  if (change.on) return NO_TINTS;
  if (countries.on) return countries.paint(view, selection);
  heat.draw(places, view, selection);
  return { tints: heat.tints, discs: [] };
}

function drawLand(page) {
  const { land, view } = page;
  const { tints, discs } = colours(page);
  const night = page.night.path(page.timeShown());
  const same =
    tints.size + discs.length + land.tints.size + land.discs.length === 0 && night === land.night;
  Object.assign(land, { tints, discs, night });
  // not for new data alone: the land has not moved
  if (page.landStale || !same) land.draw(view);
  page.landStale = false;
}

function drawLegend(page) {
  const { change, countries, heat, legend, places, selection, status } = page;
  if (change.on) {
    legend.drawChange(selection);
    status.empty(null);
    return;
  }
  const span = page.snapshot ? page.spanText() : '';
  if (countries.on) legend.drawCountries(countries, selection, span, places);
  else legend.draw(heat, selection, span, places);
  status.empty(emptyOf(page.snapshot, selection, anythingShown(page)));
}

export function drawMap(page) {
  const { change, events, fleet, selection, view } = page;
  byId('heat').hidden = change.on || page.countries.on;
  drawLand(page);
  fleet.draw(view);
  events.draw(byId('marks'), view, !change.on);
  change.draw(byId('changes'), view, selection, [...fleet.boxes, ...events.boxes]);
  drawLegend(page);
  const boxes = [...change.boxes, ...fleet.boxes, ...events.boxes];
  const named = change.on ? NOTHING : page.shown;
  if (view.moving) page.labels.hide();
  else page.labels.draw(named, view, selection, page.land.countries, boxes);
}
