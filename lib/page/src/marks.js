// SPDX-License-Identifier: BSD-3-Clause
// The canvas over the heat: what is drawn there is drawn anew with every move.

import { overlaps } from './labels.js';

const NAME_REM = 1.25;

/** Its context, cleared, in CSS pixels; null and hidden where there is nothing to draw. */
export function prepareMarks(canvas, view, wanted) {
  canvas.hidden = !wanted;
  if (!wanted) return null;
  const ratio = view.pixelRatio;
  const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  return context;
}

/** A name right or left of a mark, where it is free: the box that it takes, or null. */
export function writeName(context, text, { x, y, gap, colour }, { rem, width, height }, taken) {
  context.font = `700 ${NAME_REM * rem}px AHN, sans-serif`;
  context.textBaseline = 'middle';
  const w = context.measureText(text).width;
  const box = [x + gap, x - gap - w]
    .map((left) => ({ x: left, y: y - 0.8 * rem, w, h: 1.6 * rem }))
    .find(
      (room) =>
        room.x > 0 &&
        room.y > 0 &&
        room.x + w < width &&
        room.y + room.h < height &&
        !taken.some((other) => overlaps(room, other)),
    );
  if (!box) return null;
  context.lineWidth = 0.3 * rem;
  context.strokeStyle = '#000c';
  context.strokeText(text, box.x, y);
  context.fillStyle = colour;
  context.fillText(text, box.x, y);
  return box;
}
