// SPDX-License-Identifier: BSD-3-Clause
// Asks for the next snapshot, for months: one request at a time, a time-out of its own, and the last
// good picture is never thrown away.

import { browserClocks } from './freshness.js';

const TIMEOUT_MS = 8000;

/** Is there all that the page draws? What is damaged must neither be drawn nor look LIVE. */
export function isSnapshot(answer) {
  const { generated, interval_s: interval, windows, sensor, totals, fields, points } = answer ?? {};
  const { places, top } = answer ?? {};
  const lists = [windows, sensor?.sources, sensor?.history, fields, points, places];
  lists.push(top?.countries, top?.cities, top?.talkers);
  return (
    Number.isFinite(Date.parse(generated)) &&
    interval > 0 &&
    typeof totals?.addresses === 'object' &&
    lists.every(Array.isArray)
  );
}

export class Poller {
  #freshness;
  #on;
  #path = '';
  #etag = null;
  #timer = 0;
  #request = null;

  /**
   * @param {Freshness} freshness told of every answer
   * @param {{build: (build: string) => void, snapshot: (answer: object) => void,
   *   heard: () => void}} on each may return a promise: until it is kept, nothing more is asked
   */
  constructor(freshness, on) {
    this.#freshness = freshness;
    this.#on = on;
  }

  /** From now on asks here; at once. */
  start(path) {
    if (path !== this.#path) this.#etag = null;
    this.#path = path;
    this.again();
  }

  /** Asks now: after a while in the background, or a change of window. */
  again() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#poll();
  }

  /** Asks nothing more until start() or again(). */
  stop() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
  }

  async #poll() {
    const request = new AbortController();
    this.#request = request;
    let timedOut = false;
    const timeout = setTimeout(() => {
      timedOut = true;
      request.abort();
    }, TIMEOUT_MS);
    try {
      await this.#ask(request.signal);
    } catch (error) {
      if (this.#request !== request) return; // again() has taken over
      this.#freshness.failed(timedOut ? 'no answer in time' : error.message);
    } finally {
      clearTimeout(timeout);
    }
    if (this.#request !== request) return;
    await this.#on.heard();
    const wait = this.#freshness.untilNext(browserClocks());
    this.#timer = setTimeout(() => this.#poll(), wait * 1000);
  }

  async #ask(signal) {
    // With If-None-Match of our own, fetch hands the 304 to us.
    const answer = await fetch(this.#path, {
      cache: 'no-store',
      credentials: 'same-origin',
      headers: this.#etag ? { 'If-None-Match': this.#etag } : {},
      signal,
    });
    const date = Date.parse(answer.headers.get('date') ?? '') / 1000;
    const clocks = browserClocks();
    const server = Number.isFinite(date) ? date : clocks.wall;
    if (answer.status === 304) {
      this.#freshness.unchanged(server, clocks);
      return;
    }
    if (answer.status === 401) location.reload(); // the session is over: the login is what comes
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const etag = answer.headers.get('etag');
    const snapshot = await answer.json();
    await this.#on.build(snapshot?.ui_build); // first: a newer server may speak another language
    if (!isSnapshot(snapshot)) throw new Error('an answer that is no snapshot');
    const generated = Date.parse(snapshot.generated) / 1000;
    const interval = snapshot.interval_s;
    await this.#on.snapshot(snapshot);
    this.#etag = etag; // not before it is drawn: a 304 says "you have it"
    const { packet_time: replay = false, state } = snapshot;
    const over = state === 'over';
    this.#freshness.answered({ generated, interval, server, replay, over }, clocks);
  }
}
