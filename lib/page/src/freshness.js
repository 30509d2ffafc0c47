// SPDX-License-Identifier: BSD-3-Clause
// How old is the picture? Pure: the caller brings the clocks, in seconds.
//
// Three clocks are about: the server's wall clock (the Date of each answer, and `generated`), the
// wall PC's, and the page's monotonic one. The first two may be wrong, or be set while we look; the
// monotonic one may stand still while the PC sleeps. So:
//   - a new period's age is Date - generated, both from the server: a wrong wall PC does not matter;
//     and it cannot be older than our last look plus one interval: a jump of the server's clock
//     between the two does not matter either;
//   - from then on the age grows by what two of the three clocks agree on: the median.

const STALE_INTERVALS = 2.5;
const OFFLINE_INTERVALS = 6;
// With a period of a second, a busy machine's hiccup is no news.
const STALE_GRACE_S = 3;
const OFFLINE_GRACE_S = 8;
const DATE_RESOLUTION_S = 2; // the Date header has whole seconds
const WRONG_CLOCK_S = 2;
const FIRST_RETRY_S = 2; // a wall PC may be up before the server
const LONGEST_WAIT_S = 30;

function median(a, b, c) {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

export class Freshness {
  interval = 10;
  failures = 0;
  error = '';
  #anchor = null; // {generated, age, monotonic, wall, server}
  #contact = null; // monotonic time of the last good answer
  #still = false; // captures that have ended, in their own time: nothing newer will come
  #offset = 0; // server's wall clock - ours, where that is more than rounding

  /**
   * A whole answer has come. Times in seconds; `server` is its Date. `replay`: it is of captures, by
   * the time of their packets, and as old as it is since it came; `over`: they have ended.
   */
  answered({ generated, interval, server, replay = false, over = false }, clocks) {
    this.interval = interval;
    this.#still = replay && over;
    if (this.#anchor && this.#anchor.generated === generated) {
      this.unchanged(server, clocks);
      return;
    }
    let age = replay ? 0 : Math.max(0, server - generated);
    if (this.#contact !== null) {
      age = Math.min(age, clocks.monotonic - this.#contact + interval);
    }
    this.#anchor = { generated, age, server, ...clocks };
    this.#heard(server, clocks);
  }

  /** 304: the same period still. */
  unchanged(server, clocks) {
    if (this.#anchor) {
      const last = this.#anchor;
      const monotonic = clocks.monotonic - last.monotonic;
      const elapsed = median(monotonic, clocks.wall - last.wall, server - last.server);
      const passed = Math.abs(elapsed - monotonic) < DATE_RESOLUTION_S ? monotonic : elapsed;
      const age = this.#still ? 0 : last.age + Math.max(0, passed);
      this.#anchor = { ...last, age, server, ...clocks };
    }
    this.#heard(server, clocks);
  }

  failed(error) {
    this.failures++;
    this.error = error;
  }

  #heard(server, clocks) {
    this.#contact = clocks.monotonic;
    this.failures = 0;
    this.error = '';
    const offset = server - clocks.wall;
    this.#offset = Math.abs(offset) > WRONG_CLOCK_S ? offset : 0;
  }

  get generated() {
    return this.#anchor ? this.#anchor.generated : null;
  }

  /** Seconds, or null before the first answer. */
  age(clocks) {
    return this.#anchor ? this.#anchor.age + clocks.monotonic - this.#anchor.monotonic : null;
  }

  /** The server's wall clock, now. */
  serverTime(clocks) {
    return clocks.wall + this.#offset;
  }

  /** 'waiting' | 'no-data' | 'live' | 'stale' | 'offline' */
  state(clocks) {
    const age = this.age(clocks);
    if (age === null) return this.failures ? 'no-data' : 'waiting';
    const { interval } = this;
    if (age > Math.max(OFFLINE_INTERVALS * interval, interval + OFFLINE_GRACE_S)) return 'offline';
    if (age > Math.max(STALE_INTERVALS * interval, interval + STALE_GRACE_S)) return 'stale';
    return 'live';
  }

  /** Seconds until the next look: soon after the next period is due; after failures, longer. */
  untilNext(clocks) {
    if (this.failures) {
      const first = this.#anchor ? this.interval : FIRST_RETRY_S;
      return Math.min(LONGEST_WAIT_S, first * Math.min(3, this.failures));
    }
    const due = this.interval - (this.age(clocks) ?? 0);
    return Math.min(this.interval, Math.max(0.2 * this.interval, 0.3, due + 0.3));
  }
}

/** The clocks of this browser. */
export function browserClocks() {
  return { monotonic: performance.now() / 1000, wall: Date.now() / 1000 };
}
