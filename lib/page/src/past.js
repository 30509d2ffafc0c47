// SPDX-License-Identifier: BSD-3-Clause
// LIVE or PAST: which time the map shows, and playing it. A moment is an answer of
// /api/v1/heat?from=&to=, which has the shape of a live one; while it is played the next ones are
// asked for ahead, one at a time.

import { SPANS, frameAt, spanNamed, spanOf } from './spans.js';
import { Timeline } from './timeline.js';
import { byId } from './dom.js';

const FRAMES_A_SECOND = 2; // at 1x: enough for a human to follow, little enough for a PC without GPU
const SPEEDS = [1, 2, 4];
const AHEAD = 3;
const REFRESH_S = { '1h': 20, '24h': 60 };
const REFRESH_LONG_S = 300;
const REPLAY_S = 60;

const iso = (seconds) => new Date(seconds * 1000).toISOString().replace('.000', '');

async function fetchJson(path, signal) {
  const answer = await fetch(path, { credentials: 'same-origin', signal });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

/** Where the hosts of a place of what is shown are asked for; null: nobody knows them, or it is gone
 * before they could answer. */
export function hostsPath(id, { snapshot, saved, past: { playing } }) {
  if (saved || playing || snapshot.only) return null;
  const { past } = snapshot;
  return past ? `api/v1/places/${id}?from=${past.from}&to=${past.to}` : `api/v1/place/${id}`;
}

export class Past {
  range = null; // {from, to}: what is shown; null: LIVE
  playing = false;
  error = '';
  #on;
  #now;
  #side;
  #span;
  #timeline;
  #speed = SPEEDS[0];
  #rate = null; // frames a second of a replay
  #until = 0; // where playing ends
  #after = null; // what is shown then; null: LIVE
  #ahead = new Map(); // path -> {answer: promise, abort}
  #timer = 0;
  #kept = false; // in a saved file: there is no other time
  #turn = 0; // grows with each choice: a late answer to an earlier one is dropped
  #refreshed = -Infinity;
  #replayed = null; // the hour of the last replay

  /**
   * @param {{span: ?string, on: {show: (snapshot) => void, changed: () => void, live: () => void},
   *   now: () => number, side: () => ?string}} options now: the server's time, seconds; side: whose
   *   addresses are asked for
   */
  constructor({ span, on, now, side }) {
    this.#on = on;
    this.#now = now;
    this.#side = side;
    this.#span = spanNamed(span) ?? SPANS[1];
    this.#timeline = new Timeline(this.#span, {
      choose: (range) => this.choose(range),
      walk: (frames) => this.walk(frames),
      span: (chosen) => this.setSpan(chosen),
      play: () => this.play(),
      speed: () => this.faster(),
      live: () => this.live(),
    });
  }

  get spanName() {
    return this.#span.name;
  }

  /** Of a saved file: this time, and for good; `timeline` as /api/v1/series answers. */
  keep(range, timeline) {
    this.range = range;
    this.#kept = true;
    document.body.classList.add('past');
    byId('time').hidden = !timeline;
    if (!timeline) return;
    this.#timeline.load(timeline);
    this.#timeline.show(range, { playing: false, speed: this.#speed });
  }

  /** What saves the time that is shown, with the timeline around it. */
  query() {
    const { from, to } = this.#timeline.bounds ?? this.range;
    return new URLSearchParams({
      from: iso(this.range.from),
      to: iso(this.range.to),
      timeline_from: iso(Math.min(from, this.range.from)),
      timeline_to: iso(Math.max(to, this.range.to)),
      step: this.#span.step,
    });
  }

  /** Does the server keep a past? Told with each snapshot. */
  offer(kept) {
    const strip = byId('time');
    if (strip.hidden === !kept) return;
    strip.hidden = !kept;
    this.#refreshed = -Infinity;
    if (!kept && this.range) this.live();
  }

  /** The server keeps a past. */
  get offered() {
    return !byId('time').hidden && !this.#kept;
  }

  /** Once a second. */
  tick(monotonic) {
    if (byId('time').hidden) return;
    const every = REFRESH_S[this.#span.name] ?? REFRESH_LONG_S;
    if (monotonic - this.#refreshed < every) return;
    this.#refreshed = monotonic;
    this.#refresh();
  }

  async #refresh() {
    const span = this.#span;
    const to = Math.ceil(this.#now() / span.step) * span.step;
    const query = `from=${to - span.seconds}&to=${to}&step=${span.step}`;
    try {
      const answer = await fetchJson(`api/v1/series?${query}`);
      if (span === this.#span) this.#timeline.load(answer);
    } catch {
      this.#refreshed += 10 - REFRESH_LONG_S; // the strip keeps what it has, and asks again soon
    }
  }

  setSpan(span) {
    this.#span = span;
    this.#timeline.setSpan(span);
    this.#refreshed = -Infinity;
    this.#changed();
    this.#refresh();
  }

  nextSpan() {
    if (this.#kept) return;
    this.setSpan(SPANS[(SPANS.indexOf(this.#span) + 1) % SPANS.length]);
  }

  #changed() {
    this.#timeline.show(this.range, { playing: this.playing, speed: this.#speed });
    this.#on.changed();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#turn++;
    this.playing = false;
    this.#rate = null;
    for (const { abort } of this.#ahead.values()) abort.abort();
    this.#ahead.clear();
  }

  /** Shows this time, and stays there. */
  choose(range) {
    if (this.#kept) return;
    this.#stop();
    this.#show(range);
  }

  /** The same time anew: what is asked of it has changed. */
  again() {
    if (this.range) this.choose(this.range);
  }

  live() {
    if (this.#kept) return;
    this.#stop();
    this.error = '';
    const was = this.range;
    this.range = null;
    if (was) this.#on.live();
    this.#changed();
  }

  /** By so many frames; into the future is LIVE. */
  walk(frames) {
    const now = this.#now();
    const from = this.range ? this.range.from : frameAt(this.#span, now).to;
    const range = frameAt(this.#span, from + frames * this.#span.frame);
    if (range.from >= now) this.live();
    else this.choose(range);
  }

  faster() {
    this.#speed = SPEEDS[(SPEEDS.indexOf(this.#speed) + 1) % SPEEDS.length];
    this.#changed();
  }

  /** Plays, or pauses: a chosen time of several frames, else on to LIVE. */
  play() {
    if (this.#kept) return;
    if (this.playing) {
      this.#stop();
      this.#changed();
      return;
    }
    const { range } = this;
    const long = range && range.to - range.from > this.#span.frame;
    const from = range ? range.from : this.#now() - this.#span.seconds;
    this.#run(from, long ? range.to : this.#now(), long ? range : null);
  }

  /** A wall's replay: these last seconds in a minute. */
  #replay(seconds) {
    this.#span = spanOf(seconds);
    this.#timeline.setSpan(this.#span);
    const now = this.#now();
    this.#run(now - seconds, now, null, seconds / this.#span.frame / REPLAY_S);
  }

  /** Once a second on a wall with `replay=`: at each full hour, where nobody looks at something else. */
  replayTick(seconds, idle) {
    const hour = Math.floor(this.#now() / 3600);
    if (this.#replayed === null) this.#replayed = hour;
    if (hour === this.#replayed || byId('time').hidden) return;
    this.#replayed = hour;
    if (!this.range && idle > 30) this.#replay(seconds);
  }

  #run(from, until, after, rate = null) {
    this.#stop();
    this.playing = true;
    this.#rate = rate;
    this.#until = until;
    this.#after = after;
    this.#step(frameAt(this.#span, from));
  }

  async #step(range) {
    const turn = this.#turn;
    if (range.from >= this.#until) {
      if (this.#after) this.choose(this.#after);
      else this.live();
      return;
    }
    const due = performance.now() + 1000 / (this.#rate ?? FRAMES_A_SECOND * this.#speed);
    const next = { from: range.to, to: range.to + this.#span.frame };
    await this.#show(range);
    if (turn !== this.#turn) return;
    this.#askAhead(next);
    this.#timer = setTimeout(() => this.#step(next), Math.max(0, due - performance.now()));
  }

  #ask({ from, to }) {
    const side = this.#side() ? `&side=${this.#side()}` : '';
    const path = `api/v1/heat?from=${iso(from)}&to=${iso(to)}${side}`;
    let asked = this.#ahead.get(path);
    if (!asked) {
      const abort = new AbortController();
      asked = { answer: fetchJson(path, abort.signal), abort };
      asked.answer.catch(() => {}); // whoever waits for it hears of it
      this.#ahead.set(path, asked);
    }
    return { path, answer: asked.answer };
  }

  #askAhead(range) {
    const { frame } = this.#span;
    for (let i = 0; i < AHEAD; i++) {
      const from = range.from + i * frame;
      if (from < this.#until) this.#ask({ from, to: from + frame });
    }
  }

  async #show(range) {
    const turn = this.#turn;
    this.range = range;
    this.#changed();
    const { path, answer } = this.#ask(range);
    try {
      const snapshot = await answer;
      if (turn !== this.#turn) return;
      this.error = '';
      this.#on.show(snapshot);
    } catch (error) {
      if (turn === this.#turn) this.error = error.message;
    } finally {
      this.#ahead.delete(path); // drawing takes its arrays
    }
    if (turn === this.#turn) this.#on.changed();
  }
}
