// SPDX-License-Identifier: BSD-3-Clause
// The map of countries, and the parts of the world to go to.
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';
import { REGIONS } from '../../lib/page/src/regions.js';
import { readAddress, writeAddress } from '../../lib/page/src/url-state.js';

const PLACES = makePlaces(700);
const GERMANY = { lat: 51, lon: 10.2 };
const BRAZIL = { lat: -10, lon: -52 };
const CHAD = { lat: 15, lon: 19 };

let browser;
let mock;

test.before(async () => {
  browser = await b.launch();
  mock = await startMock({ places: PLACES });
});
test.after(async () => {
  await browser.close();
  await mock.stop();
});

const sumOf = (code, k = [0, 1]) =>
  PLACES.filter((place) => place.code === code).reduce(
    (sum, { counters }) => sum + k.reduce((all, i) => all + counters[i], 0),
    0,
  );
const exact = (number) => new Intl.NumberFormat('en').format(number).replaceAll(',', '');
const landAt = async (page, where) => b.landAt(page, await b.onStage(page, where));
const digits = (text) => text.replaceAll(/[^0-9]+/g, ' ');

async function clickOn(page, where) {
  const stage = await b.stageBox(page);
  const { x, y } = await b.onStage(page, where);
  await page.mouse.click(stage.x + x, stage.y + y);
  await page.waitForSelector('#card:not([hidden])');
}

/** Two countries, one of each layer, one that is too small to be seen, one that has no shape. */
function fewPlaces() {
  const [one] = PLACES;
  const of = (id, code, lat, lon, tcp, udp) => ({
    ...one,
    ...{ id, code, lat, lon, name: code ? `Town of ${code}` : '', radius: 0 },
    counters: [tcp, udp, 900 * tcp, 200 * udp, tcp, 0, 900 * tcp, 0],
  });
  return [
    of(1, 'DE', GERMANY.lat, GERMANY.lon, 20000, 0),
    of(2, 'BR', BRAZIL.lat, BRAZIL.lon, 0, 20000),
    of(3, 'SG', 1.35, 103.82, 9000, 0),
    of(4, 'GI', 36.14, -5.35, 8000, 0),
    of(5, '', 0, -150, 70, 30),
  ];
}

test('the address says which map, and a change goes before it', () => {
  assert.equal(readAddress('?view=countries').countries, true);
  assert.equal(readAddress('?view=change').countries, false);
  const state = { selection: readAddress('').selection, window: null, at: null };
  assert.equal(writeAddress('', { ...state, countries: true }), '?view=countries');
  assert.equal(writeAddress('?view=countries', { ...state, countries: false }), '');
  assert.equal(writeAddress('', { ...state, countries: true, against: 'day' }), '?view=change');
});

test('each country has the colour of its sum: by button, key and address', async () => {
  const page = await b.open(browser, mock.url);
  const bare = await landAt(page, CHAD);
  assert.deepEqual(await landAt(page, GERMANY), bare, 'spots do not colour the land');
  await page.click('#kind button[value=countries]');
  await b.drawn(page);
  assert.match(page.url(), /view=countries/);
  assert.equal(await page.isVisible('#heat'), false);
  assert.match(await page.innerText('#legend-caption'), /^Packets of a country, .* log scale$/);
  const [germany, brazil] = [await landAt(page, GERMANY), await landAt(page, BRAZIL)];
  assert.notDeepEqual(germany, bare);
  assert.notDeepEqual(brazil, bare);
  const rings = await page.locator('.ring:visible').count();
  assert.equal(rings, 0, 'an area has no dot in its middle');
  const labels = await page.locator('.spot').allInnerTexts();
  assert.ok(
    labels.some((text) => text.startsWith('Germany ')),
    `${labels}`,
  );
  const named = await page.locator('.spot, .country').allInnerTexts();
  const names = named.map((text) => text.replace(/ [0-9.]+[kMG]?$/, '').toLowerCase());
  assert.equal(new Set(names).size, names.length, `no country twice: ${names}`);

  await page.keyboard.press('m');
  await b.drawn(page);
  assert.doesNotMatch(page.url(), /view/);
  assert.deepEqual(await landAt(page, GERMANY), bare);
  await page.goto(`${mock.url}?view=countries`);
  await b.drawn(page);
  assert.deepEqual(await landAt(page, GERMANY), germany);
  assert.equal(await page.getAttribute('#kind button[value=countries]', 'aria-pressed'), 'true');
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('layers, small countries, and what has no shape or no country', async () => {
  const own = await startMock({ places: fewPlaces() });
  const page = await b.open(browser, `${own.url}?view=countries`);
  const [tcp, udp, bare] = [
    await landAt(page, GERMANY),
    await landAt(page, BRAZIL),
    await landAt(page, CHAD),
  ];
  assert.ok(tcp[0] > tcp[2] + 40, `TCP is amber: ${tcp}`);
  assert.ok(udp[2] > udp[0] + 40, `UDP is blue: ${udp}`);
  const singapore = await landAt(page, { lat: 1.35, lon: 103.82 });
  assert.ok(singapore[0] > singapore[2] + 40, `a disc for Singapore: ${singapore}`);
  const gibraltar = await landAt(page, { lat: 36.14, lon: -5.35 });
  assert.ok(gibraltar[0] > gibraltar[2] + 40, `and for Gibraltar: ${gibraltar}`);
  assert.match(await page.innerText('#legend-note'), /^100 are of no country/);
  await page.keyboard.press('u');
  await b.drawn(page);
  assert.deepEqual(await landAt(page, BRAZIL), bare, 'no UDP: nothing is left of it');
  assert.deepEqual(page.faults, []);
  await page.done();
  await own.stop();
});

test('the card of a country has its exact sums and its busiest places', async () => {
  const page = await b.open(browser, `${mock.url}?view=countries`);
  await clickOn(page, GERMANY);
  assert.equal(await page.innerText('#card h2'), 'Germany');
  const text = digits(await page.innerText('#card table'));
  for (const k of [0, 1]) {
    const number = digits(exact(sumOf('DE', [k])));
    assert.ok(text.replaceAll(' ', '').includes(number), `${number} in ${text}`);
  }
  assert.match(await page.innerText('#card .where'), /^DE · [0-9.]+ % of what is located$/);
  assert.match(await page.innerText('#card'), /Top places[^]*Frankfurt am Main/);
  const asked = mock.state.requests.filter((path) => path.includes('/place'));
  assert.deepEqual(asked, [], 'nothing to ask the server for');

  // a new period keeps it open, another map closes it
  const period = await page.getAttribute('#stage', 'data-period');
  mock.state.nextPeriod();
  await b.drawn(page, String(Number(period) + 1));
  assert.equal(await page.innerText('#card h2'), 'Germany');
  await page.keyboard.press('m');
  assert.equal(await page.isVisible('#card'), false);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('what changed goes before the map of countries, and leaves it as it was', async () => {
  mock.state.kept = true;
  const page = await b.open(browser, `${mock.url}?view=countries`);
  const germany = await landAt(page, GERMANY);
  await page.waitForSelector('#time:not([hidden])');
  await page.click('#against button[value=day]');
  await b.drawn(page);
  assert.deepEqual(await landAt(page, GERMANY), await landAt(page, CHAD));
  await page.click('#against button[value=""]');
  await b.drawn(page);
  assert.deepEqual(await landAt(page, GERMANY), germany);
  mock.state.kept = false;
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('parts of the world, by list and key', async () => {
  const page = await b.open(browser, mock.url);
  const seen = () => page.waitForFunction(() => location.search.includes('at='));
  await page.selectOption('#region', { label: 'Europe' });
  await seen();
  const europe = b.viewOf(page);
  assert.ok(europe.zoom > 2.5, `${JSON.stringify(europe)}`);
  assert.ok(Math.abs(europe.lon - 15) < 5 && Math.abs(europe.lat - 53) < 5, JSON.stringify(europe));
  assert.equal(await page.locator('#region').inputValue(), 'Go to …');
  const views = new Set();
  const at = REGIONS.findIndex(([name]) => name === 'Europe');
  for (let i = at + 1; i < REGIONS.length; i++) {
    const before = page.url();
    await page.keyboard.press('r');
    await page.waitForFunction((url) => location.href !== url, before);
    views.add(page.url());
  }
  assert.equal(views.size, REGIONS.length - 1 - at);
  await page.keyboard.press('r');
  await page.waitForFunction(() => !location.search.includes('at='));
  assert.deepEqual(page.faults, []);
  await page.done();
});
