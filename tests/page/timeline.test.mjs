// SPDX-License-Identifier: BSD-3-Clause
// The past: the strip below the map, its moments, and playing them.
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';
import { SPANS, frameAt, framesBetween, rangeText, ticksOf } from '../../lib/page/src/spans.js';
import { readAddress, writeAddress } from '../../lib/page/src/url-state.js';

let browser;
let mock;

test.before(async () => {
  browser = await b.launch();
  mock = await startMock({ places: makePlaces(300) });
  mock.state.kept = true;
});
test.after(async () => {
  await browser.close();
  await mock.stop();
});

const utc = (text) => Date.parse(text) / 1000;
const past = (page) => new URL(page.url()).searchParams.get('past');
const inPast = (page) => page.waitForFunction(() => document.body.classList.contains('past'));
const inLive = (page) =>
  page.waitForFunction(
    () =>
      !document.body.classList.contains('past') &&
      document.getElementById('status').textContent === 'LIVE',
  );
const asked = () => mock.state.requests.filter((path) => path.startsWith('/api/v1/heat?from='));

async function open(query = '', options = {}) {
  const page = await b.open(browser, mock.url + query, options);
  await page.waitForSelector('#track-marks span');
  return page;
}

test('moments lie on whole frames, of every span', () => {
  const day = SPANS[1];
  assert.deepEqual(frameAt(day, utc('2026-11-26T03:17:05Z')), {
    from: utc('2026-11-26T03:10:00Z'),
    to: utc('2026-11-26T03:20:00Z'),
  });
  const dragged = framesBetween(day, utc('2026-11-26T05:01:00Z'), utc('2026-11-26T03:17:00Z'));
  assert.deepEqual(dragged, {
    from: utc('2026-11-26T03:10:00Z'),
    to: utc('2026-11-26T05:10:00Z'),
  });
  for (const span of SPANS) {
    assert.equal(span.seconds % span.frame, 0, span.name);
    assert.equal(span.frame % span.step, 0, span.name);
    const ticks = ticksOf(utc('2026-02-27T22:13:00Z'), utc('2026-02-27T22:13:00Z') + span.seconds);
    assert.ok(ticks.length >= 3 && ticks.length <= 10, `${span.name}: ${ticks.length}`);
  }
});

test('a time is written as people say it', () => {
  const text = (from, to) => rangeText({ from: utc(from), to: utc(to) });
  assert.equal(
    text('2026-11-26T03:00:00Z', '2026-11-26T03:10:00Z'),
    'Thu 26 Nov 2026, 03:00 – 03:10 UTC',
  );
  assert.equal(text('2026-11-26T00:00:00Z', '2026-11-27T00:00:00Z'), 'Thu 26 Nov 2026, UTC');
  assert.equal(
    text('2026-11-26T23:00:00Z', '2026-11-27T01:00:00Z'),
    'Thu 26 Nov 2026, 23:00 – Fri 27 Nov 2026, 01:00 UTC',
  );
});

test('the address holds a moment, and only a sound one', () => {
  const search = '?past=2026-11-26T03:00:00Z,2026-11-26T04:00:00Z&span=24h';
  const read = readAddress(search);
  assert.deepEqual(read.past, {
    from: utc('2026-11-26T03:00:00Z'),
    to: utc('2026-11-26T04:00:00Z'),
  });
  const { selection, window, at, span } = read;
  assert.equal(writeAddress(search, { selection, window, at, span, past: read.past }), search);
  for (const bad of ['x', '2026-11-26T03:00:00Z', 'b,a', '2026-11-27,2026-11-26', '1,2,3']) {
    assert.equal(readAddress(`?past=${bad}`).past, null, bad);
  }
  assert.equal(readAddress('?replay=24h').replay, 0, 'only of a kiosk');
  assert.equal(readAddress('?replay=24h&kiosk=1').replay, 86400);
});

test('without a history there is no strip', async () => {
  const own = await startMock({ places: makePlaces(20) });
  const page = await b.open(browser, own.url);
  assert.equal(await page.isVisible('#time'), false);
  await page.keyboard.press('p');
  assert.equal(await b.statusOf(page), 'LIVE');
  await page.done();
  await own.stop();
});

test('a click shows a moment: violet, PAST, with its date; L is back to live', async () => {
  const page = await open();
  const live = await page.innerText('#tile-places b');
  await page.click('#track', { position: { x: 400, y: 20 } });
  await inPast(page);
  await page.waitForFunction(
    (before) => document.querySelector('#tile-places b').textContent !== before,
    live,
  );
  assert.equal(await b.statusOf(page), 'PAST');
  assert.match(
    await page.innerText('#banner'),
    /^\w{3} \d+ \w{3} \d{4}, \d\d:\d\d – \d\d:\d\d UTC/,
  );
  assert.match(await page.innerText('#tile-age'), /Data of\s*\d+ \w{3}\s+\d\d:\d0\s*UTC/);
  assert.match(await page.innerText('#legend-caption'), /UTC/);
  assert.match(await page.innerText('#talkers-unit'), /at least/);
  assert.notEqual(await page.locator('#talkers li').count(), 0);
  assert.match(past(page), /^20\d\d-\d\d-\d\dT\d\d:\d0:00Z,20\d\d-\d\d-\d\dT\d\d:\d0:00Z$/);
  // no live period draws over it
  const asks = mock.state.requests.length;
  mock.state.nextPeriod();
  await page.waitForTimeout(1500);
  assert.deepEqual(
    mock.state.requests.slice(asks).filter((path) => /^\/api\/v1\/heat(\?window|$)/.test(path)),
    [],
  );
  await page.keyboard.press('l');
  await inLive(page);
  await page.waitForFunction(
    (before) => document.querySelector('#tile-places b').textContent === before,
    live,
  );
  assert.equal(past(page), null);
  await page.done();
});

test('a place of the past tells its hosts of that time, as far as they are kept', async () => {
  const page = await open();
  await page.click('#track', { position: { x: 400, y: 20 } });
  await inPast(page);
  await page.waitForFunction(() =>
    /at least/.test(document.getElementById('talkers-unit').textContent),
  );
  await b.atRest(page);
  await page.locator('.spot').first().click();
  await page.waitForSelector('#card li');
  assert.match(await page.innerText('#card h3'), /of this time, at least; \d+ hosts kept/);
  const wanted = mock.state.requests.filter((path) => path.startsWith('/api/v1/places/')).pop();
  const [from, to] = past(page).split(',');
  assert.equal(wanted.replace(/^.*\?/, ''), `from=${from}&to=${to}`);
  await page.keyboard.press('Escape');
  await page.keyboard.press('l');
  await inLive(page);
  await page.waitForFunction(
    () => !/at least/.test(document.getElementById('talkers-unit').textContent),
  );
  await b.atRest(page);
  await page.locator('.spot').first().click();
  await page.waitForSelector('#card li');
  assert.match(await page.innerText('#card h3'), /since the start/);
  await page.done();
});

test('a drag shows a time, and its link shows the same', async () => {
  const page = await open('?span=7d');
  const box = await page.locator('#track canvas').boundingBox();
  await page.mouse.move(box.x + 300, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 500, box.y + 25, { steps: 5 });
  await page.mouse.up();
  await inPast(page);
  const shown = past(page);
  const [from, to] = shown.split(',').map(utc);
  assert.ok(to - from > 86400 / 2 && to - from < 3 * 86400, shown);
  assert.equal(from % 3600, 0);
  await page.waitForFunction(() => /UTC/.test(document.getElementById('banner').textContent));
  const banner = await page.innerText('#banner');
  const again = await open(new URL(page.url()).search);
  await inPast(again);
  assert.equal(past(again), shown);
  await again.waitForFunction(
    (text) => document.getElementById('banner').innerText === text,
    banner,
  );
  await again.done();
  await page.done();
});

test('the keyboard alone: walk, play, pause, live; and what a screen reader hears', async () => {
  const page = await open();
  await page.focus('#track');
  assert.equal(await page.getAttribute('#track', 'aria-valuetext'), 'Live');
  await page.keyboard.press('ArrowLeft');
  await inPast(page);
  await page.keyboard.press('PageDown');
  const text = await page.getAttribute('#track', 'aria-valuetext');
  assert.match(text, /^\w{3} \d+ \w{3} \d{4}, .* UTC, .* packets$/);
  const value = Number(await page.getAttribute('#track', 'aria-valuenow'));
  assert.ok(value >= Number(await page.getAttribute('#track', 'aria-valuemin')));
  assert.ok(value <= Number(await page.getAttribute('#track', 'aria-valuemax')));
  assert.equal(b.viewOf(page).zoom, 1, 'the arrows did not pan the map');
  await page.keyboard.press('.');
  await page.waitForFunction(
    (before) => Number(document.getElementById('track').getAttribute('aria-valuenow')) > before,
    value,
  );
  await page.keyboard.press(',');
  await page.keyboard.press('p');
  await page.waitForFunction(() => document.getElementById('play').textContent === 'Pause');
  await page.keyboard.press('p');
  await page.waitForFunction(() => document.getElementById('play').textContent === 'Play');
  await page.keyboard.press('s');
  await page.waitForFunction(
    () => document.querySelector('#span [aria-pressed=true]').value === '7d',
  );
  // what is saved has the timeline as it is now
  await page.waitForFunction(() => /[?&]step=3600/.test(document.getElementById('save').href));
  await page.keyboard.press('End');
  await inLive(page);
  await page.done();
});

test('playing shows every moment in turn, asked for ahead, and ends live', async () => {
  const page = await open('?span=1h');
  // from the middle of the last hour, as fast as it goes
  await page.click('#speed');
  await page.click('#speed');
  assert.equal(await page.innerText('#speed'), '4×');
  const box = await page.locator('#track canvas').boundingBox();
  await page.click('#track', { position: { x: box.width * 0.85, y: 20 } });
  await inPast(page);
  const before = asked().length;
  await page.click('#play');
  await inLive(page);
  const frames = asked().slice(before);
  const starts = frames.map((path) => utc(new URLSearchParams(path.split('?')[1]).get('from')));
  starts.sort((one, other) => one - other); // three are asked for at a time
  assert.ok(starts.length >= 6, `${starts.length} moments`);
  starts.forEach((from, i) => i > 0 && assert.equal(from, starts[i - 1] + 60, 'none left out'));
  assert.equal(past(page), null);
  await page.done();
});

test('a moment that cannot be had is said, and the next one heals it', async () => {
  const page = await open();
  mock.state.mode = 'error';
  await page.click('#track', { position: { x: 300, y: 20 } });
  await page.waitForFunction(() => /HTTP 500/.test(document.getElementById('banner').textContent));
  mock.state.mode = 'ok';
  await page.keyboard.press('.');
  await page.waitForFunction(() => !/HTTP/.test(document.getElementById('banner').textContent));
  assert.equal(await b.statusOf(page), 'PAST');
  page.faults.length = 0; // the 500, as the browser reports it
  await page.done();
});

test('a wall with replay= plays the last day at the full hour, and goes back to live', async () => {
  const page = await b.newPage(browser);
  await page.clock.install({ time: new Date('2026-11-26T10:59:30Z') });
  const own = await startMock({ places: makePlaces(50) });
  own.state.kept = true;
  let now = Date.parse('2026-11-26T10:59:30Z');
  own.state.clock = () => now;
  own.state.nextPeriod();
  await page.goto(`${own.url}?kiosk=1&replay=24h&cycle=0`);
  await page.waitForSelector('#track-marks span');
  for (let i = 0; i < 40; i++) {
    now += 1000;
    await page.clock.runFor(1000);
  }
  await inPast(page);
  assert.equal(past(page), null, 'the address of the wall stays as it was');
  for (let i = 0; i < 90; i++) {
    now += 1000;
    await page.clock.runFor(1000);
    await page.evaluate(() => new Promise((later) => requestAnimationFrame(later)));
  }
  await page.waitForFunction(() => !document.body.classList.contains('past'));
  const frames = own.state.requests.filter((path) => path.startsWith('/api/v1/heat?from='));
  assert.ok(frames.length >= 143, `${frames.length} moments of ten minutes`);
  await page.context().close();
  await own.stop();
});
