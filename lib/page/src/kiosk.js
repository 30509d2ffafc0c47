// SPDX-License-Identifier: BSD-3-Clause
// A wall without a hand: the controls are hidden (app.css), the picture walks a few pixels so that
// no edge burns in, and the layers take turns. A hand at the keyboard stops the turns for a while.

const SHIFT_EVERY_S = 60;
const SHIFT_STEP_REM = 1 / 16; // a pixel at 1080p
// A walk around the square of +-2 steps, so that no pixel lights the same edge for long.
const WALK = [
  [0, 0],
  [1, 0],
  [2, 1],
  [2, 2],
  [1, 2],
  [0, 1],
  [-1, 2],
  [-2, 1],
  [-2, 0],
  [-1, -1],
  [-2, -2],
  [-1, -2],
  [0, -1],
  [1, -2],
  [2, -1],
  [1, -1],
];

const TURNS = [
  { tcp: true, udp: true },
  { tcp: true, udp: false },
  { tcp: false, udp: true },
];

export class Kiosk {
  #cycle;
  #onTurn;
  #turn = 0;
  #turned;

  /**
   * @param {number} cycle seconds a turn; 0: no turns
   * @param {(layers: {tcp: boolean, udp: boolean}) => void} onTurn
   * @param {number} now monotonic seconds
   */
  constructor(cycle, onTurn, now) {
    this.#cycle = cycle;
    this.#onTurn = onTurn;
    this.#turned = now;
    document.body.classList.add('kiosk');
  }

  /** Once a second. `idle`: seconds since a hand was last seen. */
  tick(now, idle) {
    const [right, down] = WALK[Math.floor(now / SHIFT_EVERY_S) % WALK.length];
    const shift = `translate(${right * SHIFT_STEP_REM}rem, ${down * SHIFT_STEP_REM}rem)`;
    if (document.body.style.transform !== shift) document.body.style.transform = shift;
    document.body.classList.toggle('quiet', idle > 5);
    if (!this.#cycle) return;
    if (idle < Math.max(30, this.#cycle)) {
      this.#turned = now;
      return;
    }
    if (now - this.#turned < this.#cycle) return;
    this.#turned = now;
    this.#turn = (this.#turn + 1) % TURNS.length;
    this.#onTurn(TURNS[this.#turn]);
  }
}
