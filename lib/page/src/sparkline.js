// SPDX-License-Identifier: BSD-3-Clause
// The packets/s of the last 90 periods, newest at the right.

const PERIODS = 90;
const COLOUR = '#8aa3bd';

export function drawSparkline(canvas, history) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width) return;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const rates = history.slice(-PERIODS);
  if (rates.length < 2) return;
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  const most = Math.max(...rates) * 1.05 || 1;
  const x = (i) => (width * (i + PERIODS - rates.length)) / (PERIODS - 1);
  const y = (rate) => height - 2 - ((height - 4) * rate) / most;
  context.beginPath();
  rates.forEach((rate, i) => context.lineTo(x(i), y(rate)));
  context.strokeStyle = COLOUR;
  context.lineWidth = height / 28;
  context.lineJoin = 'round';
  context.stroke();
  context.lineTo(width, height);
  context.lineTo(x(0), height);
  context.fillStyle = `${COLOUR}22`;
  context.fill();
}
