// SPDX-License-Identifier: BSD-3-Clause
// The truth in the picture: fresh or not, complete or not, and if empty, why.
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';

let browser;

test.before(async () => (browser = await b.launch()));
test.after(() => browser.close());

async function opened({ query = '', wait = true, prepare, ...options } = {}) {
  const mock = await startMock({ places: makePlaces(200), ...options });
  if (prepare) prepare(mock.state);
  const page = await b.newPage(browser);
  await page.goto(mock.url + query);
  if (wait) await b.drawn(page);
  const done = page.done;
  page.done = async () => {
    await done();
    await mock.stop();
  };
  return { page, mock, state: mock.state };
}

test('the next period arrives by itself, and between periods the answer is 304', async () => {
  const { page, state } = await opened({ interval: 1 });
  const first = Number(await page.getAttribute('#stage', 'data-period'));
  await b.drawn(page, first + 2);
  assert.equal(await b.statusOf(page), 'LIVE');
  state.stuck = true;
  const before = state.notModified;
  await page.waitForFunction(() => document.getElementById('status').textContent === 'STALE');
  assert.ok(state.notModified > before, 'asked with If-None-Match');
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('LIVE, then STALE, then OFFLINE, the picture kept; LIVE again without a reload', async () => {
  const { page, state } = await opened({ interval: 1 });
  await page.evaluate(() => (window.sameLife = true));
  assert.equal(await b.statusOf(page), 'LIVE');
  assert.equal(await page.isVisible('#banner'), false);
  state.mode = 'refuse';
  await b.waitForStatus(page, 'STALE');
  assert.match(await page.innerText('#banner'), /not reachable.*ago/);
  await b.waitForStatus(page, 'OFFLINE');
  assert.ok((await b.litPixels(page)).count > 300, 'the last picture is kept');
  const [banner, controls] = [
    await page.locator('#banner').boundingBox(),
    await page.locator('#controls').boundingBox(),
  ];
  assert.ok(banner.y >= controls.y + controls.height, 'the banner covers no control');
  assert.ok(banner.height >= 40 && banner.width > 900, 'seen from across the room');
  state.mode = 'ok';
  await b.waitForStatus(page, 'LIVE');
  assert.equal(await page.isVisible('#banner'), false);
  assert.equal(await page.evaluate(() => window.sameLife), true);
  await page.done();
});

test('a server that stops and comes back on the same port, from its first period on', async () => {
  const { page, mock } = await opened({ interval: 1 });
  await page.evaluate(() => (window.sameLife = true));
  const { port } = new URL(mock.url);
  await mock.stop();
  await b.waitForStatus(page, 'STALE');
  const again = await startMock({ port: Number(port), places: makePlaces(100), interval: 1 });
  await b.waitForStatus(page, 'LIVE');
  await page.waitForFunction(() =>
    /^100$/.test(document.querySelector('#tile-places b').textContent),
  );
  assert.equal(await page.evaluate(() => window.sameLife), true);
  await page.done();
  await again.stop();
});

test('a data plane that stands still is STALE though the server answers', async () => {
  const { page } = await opened({ interval: 1, prepare: (state) => (state.stuck = true) });
  await b.waitForStatus(page, 'STALE');
  assert.match(await page.innerText('#banner'), /answers, but brings no new period/);
  await page.done();
});

test('old data at the first look is not LIVE', async () => {
  const { page } = await opened({
    interval: 10,
    prepare: (state) => {
      state.stuck = true;
      state.clock = () => Date.now() + 45000;
    },
  });
  assert.equal(await b.statusOf(page), 'STALE');
  await page.done();
});

test('a server whose clock is hours off is LIVE, and its clock is the one shown', async () => {
  const mock = await startMock({ places: makePlaces(50), interval: 1 });
  mock.state.clock = () => Date.now() - 5 * 3600e3;
  mock.state.nextPeriod();
  const page = await b.open(browser, mock.url);
  assert.equal(await b.statusOf(page), 'LIVE');
  const [hours] = (await page.innerText('#clock')).split(':').map(Number);
  const wanted = new Date(Date.now() - 5 * 3600e3);
  assert.ok([wanted.getUTCHours(), (wanted.getUTCHours() + 1) % 24].includes(hours));

  // and it may be set while we look
  mock.state.clock = () => Date.now();
  mock.state.nextPeriod();
  const period = Number(await page.getAttribute('#stage', 'data-period'));
  await b.drawn(page, period + 2);
  assert.equal(await b.statusOf(page), 'LIVE');
  await page.done();
  await mock.stop();
});

test('map and snapshot are asked for side by side', async () => {
  const mock = await startMock({ places: makePlaces(50) });
  const page = await b.newPage(browser);
  let hold;
  const held = new Promise((go) => (hold = go));
  await page.route('**/world.json', async (route) => {
    await held;
    await route.continue();
  });
  // The map comes only after the snapshot was answered: one after the other would wait for ever.
  const answered = page.waitForResponse('**/api/v1/heat*');
  await page.goto(mock.url);
  await answered;
  hold();
  await b.drawn(page);
  assert.equal(await b.statusOf(page), 'LIVE');
  assert.deepEqual(page.faults, []);
  await page.done();
  await mock.stop();
});

test('a map that does not load at first is asked for again', async () => {
  const mock = await startMock({ places: makePlaces(50) });
  const page = await b.newPage(browser);
  let asked = 0;
  await page.route('**/world.json', (route) => {
    asked++;
    if (asked === 1) return route.abort('connectionrefused');
    return asked === 2 ? route.fulfill({ status: 503, body: 'no' }) : route.continue();
  });
  await page.goto(mock.url);
  await page.waitForSelector('#banner.offline:not([hidden])');
  assert.match(await page.innerText('#banner'), /map does not load.*again/);
  await b.drawn(page);
  assert.equal(asked, 3);
  assert.equal(await b.statusOf(page), 'LIVE');
  assert.equal(await page.isVisible('#banner'), false);
  await page.done();
  await mock.stop();
});

test('nothing but errors from the start: NO DATA, and it says which', async () => {
  const mock = await startMock({ places: makePlaces(20), interval: 1 });
  const page = await b.newPage(browser);
  await page.route('**/api/v1/heat*', (route) => route.fulfill({ status: 500, body: 'no' }));
  await page.goto(mock.url);
  await b.waitForStatus(page, 'NO DATA');
  await page.waitForSelector('#banner:not([hidden])');
  assert.match(await page.innerText('#banner'), /HTTP 500/);
  await page.unroute('**/api/v1/heat*');
  await b.waitForStatus(page, 'LIVE');
  assert.deepEqual(
    page.faults.filter((text) => /uncaught/.test(text)),
    [],
  );
  await page.done();
  await mock.stop();
});

test('a server that answers with errors is not called unreachable', async () => {
  const { page, state } = await opened({ interval: 1 });
  state.mode = 'error';
  await b.waitForStatus(page, 'STALE');
  assert.match(
    await page.innerText('#banner'),
    /answers with an error \(HTTP 500\): last data.*ago/,
  );
  await page.done();
});

test('an alarm is spoken once: what goes on by the second is not part of it', async () => {
  const { page, state } = await opened({ interval: 1 });
  state.mode = 'refuse';
  await b.waitForStatus(page, 'OFFLINE');
  const changes = await page.evaluate(async () => {
    const seen = { spoken: 0, silent: 0 };
    new MutationObserver((records) => {
      for (const { target } of records) {
        const element = target.nodeType === 1 ? target : target.parentElement;
        seen[element.closest('[aria-hidden=true]') ? 'silent' : 'spoken']++;
      }
    }).observe(document.getElementById('banner'), {
      childList: true,
      characterData: true,
      subtree: true,
    });
    for (let i = 0; i < 300 && seen.silent < 2 && seen.spoken === 0; i++) {
      await new Promise((later) => setTimeout(later, 100));
    }
    return seen;
  });
  assert.equal(changes.spoken, 0);
  assert.ok(changes.silent >= 2, JSON.stringify(changes));
  await page.done();
});

test('an answer that is no JSON is a failure like others, and is survived', async () => {
  const { page } = await opened({ interval: 1 });
  await page.route('**/api/v1/heat*', (route) => route.fulfill({ status: 200, body: '{"v":1,' }));
  await b.waitForStatus(page, 'STALE');
  assert.ok((await b.litPixels(page)).count > 300);
  await page.unroute('**/api/v1/heat*');
  await b.waitForStatus(page, 'LIVE');
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('JSON that is no snapshot does not look LIVE, nor is it asked for without a pause', async () => {
  const { page, state } = await opened({ interval: 1 });
  const { points } = await (await fetch(new URL('api/v1/heat', page.url()))).json();
  const now = () => ({ generated: new Date().toISOString(), interval_s: 1, points });
  for (const damaged of [
    now, // half of it
    () => ({ ...now(), interval_s: 0 }),
    () => null,
    () => [],
    () => ({ ...now(), interval_s: 'often', points: 'none' }),
  ]) {
    let asked = 0;
    await page.route('**/api/v1/heat*', (route) => {
      asked++;
      const body = JSON.stringify(damaged());
      return route.fulfill({ status: 200, headers: { etag: '"x"' }, body });
    });
    await b.waitForStatus(page, 'STALE');
    assert.ok(asked < 20, `asked ${asked} times`);
    assert.ok((await b.litPixels(page)).count > 300);
    await page.unroute('**/api/v1/heat*');
    state.touch();
    await b.waitForStatus(page, 'LIVE');
  }
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('an empty map says why', async (t) => {
  const { page, state } = await opened({ places: [], interval: 1 });
  const size = await page.evaluate(() =>
    Number.parseFloat(getComputedStyle(document.getElementById('empty-title')).fontSize),
  );
  assert.ok(size >= 40, 'read from across the room');
  for (const [empty, over, words] of [
    ['no_packets', {}, 'No packets yet'],
    ['link_down', { sensor: { link: 'down' } }, 'Link down'],
    ['all_private', {}, 'Only private addresses'],
    ['no_layer', {}, 'Neither TCP nor UDP'],
    ['not_in_database', {}, 'Not in the database'],
    ['no_database', {}, 'No database'],
    ['no_packets', { state: 'over' }, 'The capture is over'],
    ['all_private', { state: 'over' }, 'The capture is over. '],
    ['something_new', {}, 'something_new'],
  ]) {
    await t.test(`${empty}${over.state ? ', capture over' : ''}`, async () => {
      state.over = { empty, ...over };
      state.nextPeriod();
      await page.waitForFunction(
        (wanted) => document.getElementById('empty').innerText.includes(wanted),
        words,
      );
    });
  }
  await page.done();
});

test('what the database does not know is not counted together with what is private', async () => {
  const over = {
    empty: 'not_in_database',
    totals: { addresses: { located: 0, private: 90, not_in_database: 12, table_full: 0 } },
  };
  const { page } = await opened({ places: [], prepare: (state) => (state.over = over) });
  assert.match(await page.innerText('#empty'), /none of the 12 public addresses/);
  await page.done();
});

test('a layer without traffic says so, and only then', async () => {
  const places = makePlaces(20).map((place) => ({
    ...place,
    counters: place.counters.map((value, i) => (i % 2 ? 0 : value)),
  }));
  const { page } = await opened({ places });
  assert.equal(await page.isVisible('#empty'), false);
  await page.keyboard.press('t');
  await b.atRest(page);
  assert.match(await page.innerText('#empty'), /No UDP/);
  await page.done();
});

test('a capture that is over says OVER and keeps its picture', async () => {
  const { page } = await opened({ prepare: (state) => (state.over = { state: 'over' }) });
  assert.equal(await b.statusOf(page), 'OVER');
  assert.match(await page.innerText('#banner'), /capture is over/i);
  assert.ok((await b.litPixels(page)).count > 300);
  await page.done();
});

const AMBER = /^rgb\(255, 194, 26\)$/;
const background = (page, selector) =>
  page.evaluate((one) => getComputedStyle(document.querySelector(one)).backgroundColor, selector);

test('lost packets and an unbalanced ledger are amber', async () => {
  const { page, state } = await opened({ interval: 1 });
  assert.equal(await page.isVisible('#banner'), false);
  state.over = { sensor: { drop_pps: 4200, drop_pct: 0.6, lost_total: 42000 } };
  state.nextPeriod();
  await page.waitForSelector('#banner.warn:not([hidden])');
  assert.match(await page.innerText('#banner'), /4\.20k packets\/s are lost/);
  assert.match(await background(page, '#banner'), AMBER);
  assert.match(await page.innerText('#tile-lost'), /0\.6 %/);
  assert.match(
    await page.evaluate(() => getComputedStyle(document.querySelector('#tile-lost b')).color),
    AMBER,
  );
  state.over = { totals: { balanced: false } };
  state.nextPeriod();
  await page.waitForFunction(() => /balance/.test(document.getElementById('banner').textContent));
  assert.match(await background(page, '#banner'), AMBER);
  state.over = {};
  state.nextPeriod();
  await page.waitForSelector('#banner', { state: 'hidden' });
  await page.done();
});

test('interfaces that hand over merged packets are named, with the command against it', async () => {
  const { page, state } = await opened({ interval: 1 });
  assert.equal(await page.isVisible('#merged'), false);
  state.over = { sensor: { merged_packets: ['eth0', 'eth1'] } };
  state.nextPeriod();
  await page.waitForSelector('#merged:not([hidden])');
  const text = await page.innerText('#merged');
  assert.match(text, /^eth0, eth1 hand over merged packets/);
  assert.match(text, /octets are whole/);
  assert.match(text, /ethtool -K eth0 gro off lro off tso off gso off; ethtool -K eth1 /);
  const side = await page.locator('#side').boundingBox();
  const merged = await page.locator('#merged').boundingBox();
  assert.ok(merged.y + merged.height <= side.y + side.height, 'it fits below the lists');
  state.over = {};
  state.nextPeriod();
  await page.waitForSelector('#merged', { state: 'hidden' });
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('an upgraded server reloads the page', async () => {
  const { page, state } = await opened({ interval: 1 });
  await page.evaluate(() => (window.sameLife = true));
  state.over = { ui_build: 'ffffffffffff' };
  state.nextPeriod();
  await page.waitForFunction(() => window.sameLife === undefined);
  await b.drawn(page);
  assert.equal(await b.statusOf(page), 'LIVE');
  await page.done();
});

test('an upgrade reloads also if the new server speaks another language, to the wall as it was', async () => {
  const { page, state } = await opened({ interval: 1, query: '?by=octets&at=48,9,6' });
  await page.evaluate(() => (window.sameLife = true));
  await page.keyboard.press('0'); // a hand moves the map: that is not the wall's home
  await page.waitForFunction(() => !/at=/.test(location.search));
  state.over = { ui_build: 'ffffffffffff', points: 'elsewhere' };
  state.nextPeriod();
  await page.waitForFunction(() => window.sameLife === undefined);
  state.over = { ui_build: 'ffffffffffff' };
  state.nextPeriod();
  await b.drawn(page);
  assert.equal(await b.statusOf(page), 'LIVE');
  assert.match(page.url(), /by=octets/);
  assert.match(page.url(), /at=48/);
  await page.done();
});

test('two servers that answer in turns reload the page once, not for ever', async () => {
  const { page, state } = await opened({ interval: 1 });
  let loads = 0;
  page.on('load', () => loads++);
  for (let i = 0; i < 8; i++) {
    state.over = { ui_build: i % 2 ? '000000000000' : 'ffffffffffff' };
    state.nextPeriod();
    const { period } = state;
    await page.waitForFunction(
      (wanted) => Number(document.getElementById('stage')?.dataset.period) >= wanted,
      period,
    );
  }
  assert.equal(loads, 1);
  assert.equal(await b.statusOf(page), 'LIVE');
  await page.done();
});

test('an upgraded server without a page to give is no reason to lose this one', async () => {
  const { page, state } = await opened({ interval: 1 });
  await page.evaluate(() => (window.sameLife = true));
  const root = new URL('/', page.url()).href;
  let asked = 0;
  await page.route(root, (route) => {
    asked++;
    return asked < 3 ? route.fulfill({ status: 503, body: 'no' }) : route.continue();
  });
  state.over = { ui_build: 'ffffffffffff' };
  state.nextPeriod();
  await b.until(() => asked >= 2);
  assert.equal(await page.evaluate(() => window.sameLife), true);
  assert.equal(await b.statusOf(page), 'LIVE');
  await page.waitForFunction(() => window.sameLife === undefined);
  await b.drawn(page);
  await page.done();
});

test('a lost canvas is drawn again', async () => {
  const { page } = await opened();
  await page.evaluate(() => {
    const canvas = document.getElementById('heat');
    canvas.getContext('2d').clearRect(0, 0, canvas.width, canvas.height);
    canvas.dispatchEvent(new Event('contextrestored'));
  });
  await b.atRest(page);
  assert.ok((await b.litPixels(page)).count > 300);
  await page.done();
});
