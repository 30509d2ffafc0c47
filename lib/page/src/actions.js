// SPDX-License-Identifier: BSD-3-Clause
// What buttons and keys do to the page.

import { byId } from './dom.js';
import { DIRECTIONS, SIDES, UNITS } from './selection.js';

/** Keys of the timeline, where there is one. */
function timeActions(page) {
  const { past } = page;
  const there = (act) => () => byId('time').hidden || act();
  return {
    play: there(() => past.play()),
    live: there(() => past.live()),
    nextSpan: there(() => past.nextSpan()),
    nextChange: there(() => page.change.next()),
    walk: (frames) => there(() => past.walk(frames))(),
  };
}

export function actionsOf(page) {
  const after = (list, value) => list[(list.indexOf(value) + 1) % list.length];
  const lists = { direction: DIRECTIONS, unit: UNITS };
  return {
    toggle: (layer) => page.setSelection({ [layer]: !page.selection[layer] }),
    choose: (what, value) => page.setSelection({ [what]: value }),
    next: (what) => page.setSelection({ [what]: after(lists[what], page.selection[what]) }),
    window: (name) => page.setWindow(name),
    nextWindow: () => {
      if (page.snapshot && !page.saved) {
        page.setWindow(after(page.snapshot.windows, page.snapshot.window));
      }
    },
    side: (name) => page.setSide(name),
    nextSide: () => {
      if (!byId('whose').hidden) page.setSide(after(SIDES, page.snapshot.side));
    },
    kind: (name) => page.setKind(name === 'countries'),
    nextKind: () => page.setKind(!page.countries.on),
    night: () => page.setNight(!page.night.on),
    nextRegion: () => {
      page.closeCard();
      page.regions.next();
    },
    zoom: (factor) => page.view.zoomBy(factor),
    pan: (right, down) => page.view.panBy(right, down),
    world: () => {
      page.closeCard();
      page.view.goWorld();
    },
    spot: (rank) => {
      const spot = page.labels.spots[rank];
      if (!spot) return;
      const { lat, lon, id } = page.shown;
      page.openPlace(lat[spot.i], lon[spot.i], id[spot.i]);
    },
    close: () => page.closeCard(),
    sensors: () => page.fleet.open(),
    ...timeActions(page),
    fullScreen: () =>
      document.fullscreenElement
        ? document.exitFullscreen()
        : document.documentElement.requestFullscreen().catch(() => {}),
  };
}
