// SPDX-License-Identifier: BSD-3-Clause
// Parts of the world to go to, by the list beside the zoom or the key R.

import { byId, element } from './dom.js';

/** [name, west, south, east, north]: what is to be seen of the land, not where a continent ends. */
export const REGIONS = [
  ['Africa', -20, -36, 54, 38],
  ['Asia', 58, 0, 148, 55],
  ['Europe', -12, 35, 42, 66],
  ['Middle East', 24, 11, 64, 43],
  ['North America', -135, 12, -55, 60],
  ['Oceania', 95, -48, 180, 8],
  ['South America', -84, -56, -32, 14],
];

export class Regions {
  #at = -1; // the one that was gone to last
  #view;

  /** @param {View} view */
  constructor(view) {
    this.#view = view;
    const list = byId('region');
    list.append(
      ...REGIONS.map(([name], i) => {
        const option = element('option', '', name);
        option.value = String(i);
        return option;
      }),
    );
    list.addEventListener('change', () => {
      this.go(Number(list.value));
      list.selectedIndex = 0; // a list of where to go, not of where one is
      byId('map').focus();
    });
  }

  go(i) {
    this.#at = i;
    const [, ...box] = REGIONS[i];
    this.#view.show(box);
  }

  /** After the last one the world. */
  next() {
    this.#at++;
    if (this.#at < REGIONS.length) this.go(this.#at);
    else {
      this.#at = -1;
      this.#view.goWorld();
    }
  }
}
