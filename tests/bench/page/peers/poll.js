// SPDX-License-Identifier: BSD-3-Clause
// For both peers: the same data from the same place, every 10 seconds.

export const countries = () => fetch('/countries.json').then((answer) => answer.json());

let shown = 0;

/** `show(points)` draws the rows and resolves when they are on the screen. */
export async function poll(show) {
  const answer = await fetch('/api/v1/heat', { cache: 'no-store' });
  const text = await answer.text();
  const started = performance.now();
  const snapshot = JSON.parse(text);
  if (snapshot.period !== shown) {
    shown = snapshot.period;
    await show(snapshot.points);
    window.updates.push({ period: shown, from: started, to: performance.now() });
  }
}

export async function pollForEver(show) {
  window.updates = [];
  window.again = () => poll(show);
  await poll(show);
  setInterval(() => poll(show), 10000);
}
