// SPDX-License-Identifier: BSD-3-Clause
// Spans of the timeline and moments in them. Pure; times are seconds since 1970.

import * as format from './formats.js';

/** `step`: of the lines; `frame`: what one moment shows, and by how much playing goes on. */
export const SPANS = [
  { name: '1h', label: 'Hour', seconds: 3600, step: 60, frame: 60 },
  { name: '24h', label: 'Day', seconds: 86400, step: 300, frame: 600 },
  { name: '7d', label: 'Week', seconds: 7 * 86400, step: 3600, frame: 3600 },
  { name: '30d', label: 'Month', seconds: 30 * 86400, step: 3600, frame: 6 * 3600 },
  { name: '365d', label: 'Year', seconds: 365 * 86400, step: 86400, frame: 86400 },
];

export const spanNamed = (name) => SPANS.find((span) => span.name === name) ?? null;

/** The shortest span of at least so many seconds. */
export const spanOf = (seconds) => SPANS.find((span) => span.seconds >= seconds) ?? SPANS.at(-1);

/** The moment in which `time` lies. */
export function frameAt(span, time) {
  const from = Math.floor(time / span.frame) * span.frame;
  return { from, to: from + span.frame };
}

/** From a drag: whole frames, at least one. */
export function framesBetween(span, a, b) {
  const from = frameAt(span, Math.min(a, b)).from;
  const to = frameAt(span, Math.max(a, b)).to;
  return { from, to };
}

const TICKS = [600, 3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400];
const MOST_TICKS = 9;

/** Round times for the axis: [{time, text}]. Of a year the months' first days. */
export function ticksOf(from, to) {
  if (to - from > 200 * 86400) return monthsOf(from, to);
  const every = TICKS.find((step) => (to - from) / step <= MOST_TICKS) ?? TICKS.at(-1);
  const ticks = [];
  for (let time = Math.ceil(from / every) * every; time < to; time += every) {
    ticks.push({ time, text: tickText(time, every) });
  }
  return ticks;
}

function monthsOf(from, to) {
  const start = new Date(from * 1000);
  const ticks = [];
  for (let i = 1; i < 14; i += 2) {
    const time = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + i, 1) / 1000;
    if (time < to) ticks.push({ time, text: month.format(new Date(time * 1000)) });
  }
  return ticks;
}

const month = new Intl.DateTimeFormat('en-GB', { month: 'short', timeZone: 'UTC' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const long = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

const two = (value) => String(value).padStart(2, '0');

function clock(time) {
  const date = new Date(time * 1000);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

function tickText(time, every) {
  const midnight = time % 86400 === 0;
  return every >= 86400 || midnight ? day.format(new Date(time * 1000)) : clock(time);
}

const dateOf = (time) => long.format(new Date(time * 1000)).replace(',', '');

/** "Thu 26 Nov 2026, 03:00 – 03:10 UTC" */
export function rangeText({ from, to }) {
  const whole = from % 86400 === 0 && to % 86400 === 0;
  if (whole && to - from === 86400) return `${dateOf(from)}, UTC`;
  if (whole) return `${dateOf(from)} – ${dateOf(to - 86400)}, UTC`;
  const last = dateOf(to - 1) === dateOf(from) ? '' : `${dateOf(to)}, `;
  return `${dateOf(from)}, ${clock(from)} – ${last}${clock(to)} UTC`;
}

/** For a tile: "03:00" and "26 Nov". */
export function shortText({ from }) {
  return [clock(from), day.format(new Date(from * 1000))];
}

/** The time that the counts cover, in words; `short`: where the legend beside says it in full. */
export function coveredText({ window: name, window_s: seconds }, range, { short = false } = {}) {
  if (name === 'past') return short || !range ? 'in that time' : rangeText(range);
  if (name !== 'start') return `last ${format.span(seconds)}`;
  return short ? 'since the start' : `since the start (${format.span(seconds)})`;
}
