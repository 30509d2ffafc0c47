// SPDX-License-Identifier: BSD-3-Clause
// The strip under the map: traffic over a span, TCP and UDP stacked, losses in red on top, hatched
// where nothing was counted. A click chooses a moment, a drag a time; arrow keys walk.

import { byId, element, setPressed, setText } from './dom.js';
import * as format from './formats.js';
import { SPANS, frameAt, framesBetween, rangeText, ticksOf } from './spans.js';

const TCP = '#ffa62b';
const UDP = '#3fb0ff';
const LOST = '#ff5a66';
const GAP = '#ffffff30';
const DRAG_PX = 4;
const PAGE_FRAMES = 10;
const HATCH_PX = 7;
const LAST_TICK = 0.05; // of the width: further right its text has no room

export class Timeline {
  #on;
  #span;
  #series = null; // {from, to, step, oldest, until, rows}
  #shown = null; // {from, to} of the past that is on the map
  #drag = null;
  #track = byId('track');
  #canvas = byId('track').querySelector('canvas');

  /**
   * @param {object} span one of SPANS
   * @param {{choose: (range) => void, walk: (frames: number) => void, span: (span) => void,
   *   play: () => void, speed: () => void, live: () => void}} on what a hand does
   */
  constructor(span, on) {
    this.#on = on;
    this.#span = span;
    byId('span').replaceChildren(
      ...SPANS.map(({ name, label }) => {
        const button = element('button', '', label);
        button.type = 'button';
        button.value = name;
        return button;
      }),
    );
    byId('span').addEventListener('click', (event) => {
      const { value } = event.target.closest('button') ?? {};
      if (value) on.span(SPANS.find(({ name }) => name === value));
    });
    byId('play').addEventListener('click', () => on.play());
    byId('speed').addEventListener('click', () => on.speed());
    byId('live').addEventListener('click', () => on.live());
    this.#track.addEventListener('keydown', (event) => this.#key(event));
    this.#watchPointer();
    new ResizeObserver(() => this.draw()).observe(this.#track);
    this.setSpan(span);
  }

  setSpan(span) {
    this.#span = span;
    for (const button of byId('span').querySelectorAll('button')) {
      setPressed(button, button.value === span.name);
    }
  }

  /** The answer of /api/v1/series. */
  load(answer) {
    const time = (text) => Date.parse(text) / 1000;
    const column = (name) => answer.fields.indexOf(name);
    const at = ['start', 'covered_s', 'lost', 'tcp_packets', 'udp_packets'].map(column);
    this.#series = {
      from: time(answer.from),
      to: time(answer.to),
      step: answer.step_s,
      oldest: time(answer.oldest),
      until: time(answer.stored_until),
      rows: answer.steps.map((row) => at.map((i) => row[i])),
    };
    this.draw();
  }

  /** What the map shows: {from, to}, or null for LIVE. */
  show(range, { playing, speed }) {
    this.#shown = range;
    setText(byId('play'), playing ? 'Pause' : 'Play');
    setText(byId('speed'), `${speed}×`);
    byId('speed').setAttribute('aria-label', `${speed}× speed`);
    setPressed(byId('live'), range === null);
    this.#describe();
    this.draw();
  }

  get bounds() {
    return this.#series ? { from: this.#series.from, to: this.#series.to } : null;
  }

  #describe() {
    const { from, to } = this.#series ?? { from: 0, to: 0 };
    const track = this.#track;
    track.setAttribute('aria-valuemin', String(Math.round(from)));
    track.setAttribute('aria-valuemax', String(Math.round(to)));
    track.setAttribute('aria-valuenow', String(Math.round(this.#shown?.from ?? to)));
    const text = this.#shown
      ? `${rangeText(this.#shown)}, ${format.count(this.#packets(this.#shown))} packets`
      : 'Live';
    track.setAttribute('aria-valuetext', text);
  }

  #packets({ from, to }) {
    const rows = this.#series?.rows ?? [];
    let sum = 0;
    for (const [start, , , tcp, udp] of rows) if (start >= from && start < to) sum += tcp + udp;
    return sum;
  }

  draw() {
    const canvas = this.#canvas;
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    const marks = byId('track-marks');
    if (!this.#series) {
      marks.replaceChildren();
      return;
    }
    this.#bars(context, width, height);
    this.#selection(context, width, height);
    const { from, to } = this.#series;
    marks.replaceChildren(
      ...ticksOf(from, to - LAST_TICK * (to - from)).map(({ time, text }) => {
        const mark = element('span', '', text);
        mark.style.left = `${(100 * (time - from)) / (to - from)}%`;
        return mark;
      }),
    );
    this.#describe();
  }

  #x(time, width) {
    const { from, to } = this.#series;
    return (width * (time - from)) / (to - from);
  }

  /** Rates rather than sums: a step that was counted half is not half as high. */
  #bars(context, width, height) {
    const { rows, step, oldest, until } = this.#series;
    const rate = (value, covered) => value / Math.max(covered, 1);
    const most = rows.reduce(
      (max, [, covered, , tcp, udp]) => Math.max(max, rate(tcp + udp, covered)),
      1e-9,
    );
    for (const [start, covered, lost, tcp, udp] of rows) {
      const left = Math.round(this.#x(start, width)); // whole pixels: no seams between bars
      const wide = Math.max(1, Math.round(this.#x(start + step, width)) - left);
      const high = ((height - 4) * rate(tcp, covered)) / most;
      const over = ((height - 4) * rate(udp, covered)) / most;
      context.fillStyle = TCP;
      context.fillRect(left, height - high, wide, high);
      context.fillStyle = UDP;
      context.fillRect(left, height - high - over, wide, over);
      if (covered === 0 && start + step > oldest && start + step <= until) {
        hatch(context, left, wide, height);
      }
      if (lost > 0) {
        context.fillStyle = LOST;
        context.fillRect(left, 0, Math.max(2, wide), height / 8);
      }
    }
  }

  #selection(context, width, height) {
    const range = this.#drag?.range ?? this.#shown;
    if (!range) return;
    const left = this.#x(range.from, width);
    const wide = Math.max(3, this.#x(range.to, width) - left);
    context.fillStyle = '#000a';
    context.fillRect(0, 0, left, height);
    context.fillRect(left + wide, 0, width - left - wide, height);
    context.strokeStyle = '#e0b3ff';
    context.lineWidth = Math.max(2, height / 24);
    context.strokeRect(left, 1, wide, height - 2);
  }

  #timeAt(event) {
    const box = this.#canvas.getBoundingClientRect();
    const { from, to } = this.#series;
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.min(to - 1, from + share * (to - from));
  }

  #watchPointer() {
    const track = this.#track;
    const hint = byId('track-hint');
    track.addEventListener('pointerdown', (event) => {
      if (!this.#series || event.button !== 0) return;
      track.setPointerCapture(event.pointerId);
      this.#drag = { x: event.clientX, time: this.#timeAt(event), range: null };
    });
    track.addEventListener('pointermove', (event) => {
      if (!this.#series) return;
      const time = this.#timeAt(event);
      const drag = this.#drag;
      if (drag && Math.abs(event.clientX - drag.x) > DRAG_PX) {
        drag.range = framesBetween(this.#span, drag.time, time);
        this.draw();
      }
      const range = drag?.range ?? frameAt(this.#span, time);
      setText(hint, `${rangeText(range)} · ${format.count(this.#packets(range))} packets`);
      hint.hidden = false;
    });
    track.addEventListener('pointerup', (event) => {
      const drag = this.#drag;
      this.#drag = null;
      if (!drag) return;
      this.#on.choose(drag.range ?? frameAt(this.#span, this.#timeAt(event)));
    });
    track.addEventListener('pointercancel', () => (this.#drag = null));
    track.addEventListener('pointerleave', () => (hint.hidden = true));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { from, to } = this.#series ?? {};
    const act = {
      ArrowLeft: () => this.#on.walk(-1),
      ArrowDown: () => this.#on.walk(-1),
      ArrowRight: () => this.#on.walk(1),
      ArrowUp: () => this.#on.walk(1),
      PageDown: () => this.#on.walk(-PAGE_FRAMES),
      PageUp: () => this.#on.walk(PAGE_FRAMES),
      Home: () => from && this.#on.choose(frameAt(this.#span, from)),
      End: () => to && this.#on.live(),
      Enter: () => this.#on.play(),
      ' ': () => this.#on.play(),
      Escape: () => this.#on.live(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // the map has its own arrows
    act();
  }
}

function hatch(context, left, wide, height) {
  context.save();
  context.beginPath();
  context.rect(left, 0, wide, height);
  context.clip();
  context.strokeStyle = GAP;
  context.lineWidth = 2;
  context.beginPath();
  const first = Math.floor((left - height) / HATCH_PX) * HATCH_PX;
  for (let x = first; x < left + wide; x += HATCH_PX) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
  context.restore();
}
