// SPDX-License-Identifier: BSD-3-Clause
// The wall of a fleet: its sensors beside the map, on it, and in a window of their own.
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makeSensors, summary } from './sensors.mjs';
import { makePlaces } from './world-data.mjs';
import { chosen, fleetText, namesText, statesText, troubleOf } from '../../lib/page/src/fleet.js';

const PLACES = makePlaces(2000);
const WRONG = [
  { state: 'silent' },
  { state: 'silent' },
  { state: 'late' },
  { losing: true },
  { old_database: true },
];

let browser;
let mock;

const setSensors = (sensors, away = false) => {
  mock.state.sensors = { sensors, fleet: { transport: { away } } };
  mock.state.over = { fleet: summary(sensors, away) };
  mock.state.touch();
};

test.before(async () => {
  browser = await b.launch();
  mock = await startMock({ places: PLACES });
});
test.after(async () => {
  await browser.close();
  await mock.stop();
});

test('what is said of sensors', () => {
  const sensors = makeSensors(PLACES, 300, WRONG);
  assert.deepEqual(sensors.slice(0, 6).map(troubleOf), [
    'SILENT',
    'SILENT',
    'LATE',
    'LOSING',
    'OLD DB',
    '',
  ]);
  const said = summary(sensors);
  assert.equal(statesText(said), '297 of 300 live · 1 late · 2 silent');
  const [one, two, , four] = sensors.map(({ site }) => site);
  assert.equal(fleetText(said), `Silent: ${one}, ${two} · Losing packets: ${four}`);
  assert.equal(fleetText(summary(makeSensors(PLACES, 3))), '');
  assert.equal(fleetText(null), '');
  assert.match(fleetText(summary(sensors, true)), /^Kafka does not answer · /);
  assert.equal(namesText(['a', 'b', 'c', 'd'], 9), 'a, b, c and 6 more');
  assert.equal(chosen(sensors, 'asia').length, 100);
  assert.equal(chosen(sensors, '', ' FW-0012 ').length, 1);
});

test('three hundred sensors: the worst first, named in amber, and nothing is cut', async () => {
  setSensors(makeSensors(PLACES, 300, WRONG));
  for (const [width, height] of [
    [1280, 720],
    [1920, 1080],
    [1080, 1920],
  ]) {
    const page = await b.open(browser, mock.url, { width, height });
    await page.locator('#sensors-group:not([hidden])').waitFor();
    assert.equal(await page.innerText('#sensors-count'), '297 of 300 live · 1 late · 2 silent');
    const rows = await page.locator('#sensors-list li').allInnerTexts();
    assert.equal(rows.length, 5);
    assert.match(rows[0], /SILENT \d+:\d\d\smin/);
    assert.match(rows[4], /OLD DB/);
    assert.equal(await page.getAttribute('#banner', 'class'), 'warn');
    assert.match(await page.innerText('#banner'), /^Silent: .*Losing packets: /);
    assert.equal(await b.statusOf(page), 'LIVE');
    assert.equal(await page.isVisible('#talkers'), false);
    const cut = await page.evaluate(() => {
      const room = document.getElementById('sensors').getBoundingClientRect();
      return [...document.querySelectorAll('#sensors-list li, #sensors-more > *')]
        .filter((node) => node.getBoundingClientRect().bottom > room.bottom + 1)
        .map((node) => node.innerText);
    });
    assert.deepEqual(cut, [], `${width}x${height}`);
    assert.deepEqual(page.faults, []);
    await page.done();
  }
});

/** How many pixels of the sites' canvas are drawn, and how many of those are amber. */
const marks = (page) =>
  page.evaluate(() => {
    const canvas = document.getElementById('sites');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const found = { drawn: 0, amber: 0 };
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 200) continue;
      found.drawn++;
      if (data[i] > 240 && data[i + 1] > 170 && data[i + 2] < 60) found.amber++;
    }
    return found;
  });

test('each stands at its position; a group of sites is chosen, and stays in the address', async () => {
  setSensors(makeSensors(PLACES, 30, WRONG));
  const page = await b.open(browser, mock.url);
  await page.locator('#sensors-group:not([hidden])').waitFor();
  await b.atRest(page);
  const all = await marks(page);
  assert.ok(all.drawn > 500 && all.amber > 50, JSON.stringify(all));
  await page.selectOption('#sensors-group', 'europe');
  await b.atRest(page);
  const some = await marks(page);
  assert.ok(some.drawn < all.drawn && some.drawn > 0, JSON.stringify(some));
  assert.match(page.url(), /group=europe/);
  await page.reload();
  await page.locator('#sensors-group:not([hidden])').waitFor();
  assert.equal(await page.inputValue('#sensors-group'), 'europe');
  await page.done();
});

test('all of them in a window of their own, by key and by word', async () => {
  setSensors(makeSensors(PLACES, 300, WRONG));
  const page = await b.open(browser, mock.url);
  await page.locator('#sensors-group:not([hidden])').waitFor();
  await page.keyboard.press('n');
  assert.equal(await page.locator('#fleet-rows tr').count(), 300);
  assert.match(await page.locator('#fleet-rows tr').first().innerText(), /^SILENT/);
  await page.fill('#fleet-word', 'fw-0123');
  assert.equal(await page.locator('#fleet-rows tr').count(), 1);
  assert.equal(await page.innerText('#fleet-count'), '1 of 300 sensors');
  await page.keyboard.press('Escape'); // empties the field
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#fleet'), false);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('one sensor alone, and back to all', async () => {
  setSensors(makeSensors(PLACES, 30));
  const page = await b.open(browser, `${mock.url}?window=5m`);
  await page.locator('#sensors-group:not([hidden])').waitFor();
  const all = (await b.litPixels(page)).count;
  await page.keyboard.press('n');
  await page.click('#fleet-rows button[data-id="fw-0003"]');
  await page.getByText('Only fw-0003, eth0').waitFor();
  setSensors(makeSensors(PLACES, 30, [{ state: 'silent' }]));
  mock.state.touch();
  await page.getByText('Only fw-0003, eth0 · Silent:').waitFor();
  setSensors(makeSensors(PLACES, 30));
  mock.state.touch();
  await page.getByText('Only fw-0003, eth0', { exact: true }).waitFor();
  assert.match(page.url(), /sensor=fw-0003/);
  assert.match(page.url(), /window=5m/, 'it comes back with all');
  assert.ok(
    page.asked.some((url) => /window=start&sensor=fw-0003/.test(url)),
    'of one: two windows',
  );
  assert.equal(await page.locator('#window button').count(), 2);
  assert.equal(await page.isVisible('#save'), false, 'the file is of all');
  await b.atRest(page);
  assert.ok((await b.litPixels(page)).count < all);
  await page.click('#sensors-none');
  await page.locator('#banner').waitFor({ state: 'hidden' });
  assert.doesNotMatch(page.url(), /sensor=/);
  assert.equal(await page.locator('#window button').count(), 6);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('while no period comes, the page says that Kafka is away', async () => {
  setSensors(makeSensors(PLACES, 3));
  mock.state.interval = 1;
  const page = await b.open(browser, mock.url);
  setSensors(makeSensors(PLACES, 3), true);
  mock.state.stuck = true;
  await b.waitForStatus(page, 'STALE');
  await page.getByText(/^Kafka does not answer: last data/).waitFor();
  mock.state.stuck = false;
  mock.state.interval = 10;
  await page.done();
});

test('a sensor has its hosts there, and no list of sensors', async () => {
  mock.state.over = {};
  mock.state.touch();
  const page = await b.open(browser, mock.url);
  assert.equal(await page.isVisible('#sensors'), false);
  assert.equal(await page.isVisible('#talkers'), true);
  await page.keyboard.press('n');
  assert.equal(await page.isVisible('#fleet'), false);
  assert.ok(!page.asked.some((url) => url.includes('sensors')));
  await page.done();
});
