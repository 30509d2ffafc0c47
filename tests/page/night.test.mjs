// SPDX-License-Identifier: BSD-3-Clause
// Where it is night: the sun's place against published values, and what the map shows of it.
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';
import { isNight, sunAt, terminator } from '../../lib/page/src/night.js';
import { readAddress, writeAddress } from '../../lib/page/src/url-state.js';

const near = (value, wanted, by, what) =>
  assert.ok(Math.abs(value - wanted) <= by, `${what}: ${value}, not ${wanted}`);

test('the sun stands where the tables say', () => {
  // Meeus, Astronomical Algorithms, examples 25.a and 28.a: 1992 October 13, 0h
  const meeus = sunAt(Date.UTC(1992, 9, 13));
  near(meeus.declination, -7.78507, 0.001, 'declination');
  near(meeus.equation, 13 + 42.7 / 60, 0.02, 'equation of time');
  // equinoxes and solstices of 2024 to the minute, as the almanacs have them
  const declination = (...time) => sunAt(Date.UTC(2024, ...time)).declination;
  near(declination(2, 20, 3, 6), 0, 0.01, 'March equinox');
  near(declination(8, 22, 12, 44), 0, 0.01, 'September equinox');
  near(declination(5, 20, 20, 51), 23.44, 0.01, 'June solstice');
  near(declination(11, 21, 9, 20), -23.44, 0.01, 'December solstice');
  // at noon of Greenwich it stands there but for the equation of time
  for (let day = 0; day < 366; day++) {
    const sun = sunAt(Date.UTC(2024, 0, 1 + day, 12));
    near(sun.lon, -sun.equation / 4, 1e-9, `day ${day}`);
    assert.ok(Math.abs(sun.equation) < 17 && Math.abs(sun.declination) < 23.45);
  }
});

test('the line parts day from night everywhere, on the day of an equinox too', () => {
  for (const time of [
    Date.UTC(2026, 5, 21, 4),
    Date.UTC(2026, 2, 20, 14, 46),
    Date.UTC(2026, 10, 29, 22),
  ]) {
    const sun = sunAt(time);
    assert.equal(isNight(sun.lat, sun.lon, sun), false);
    assert.equal(isNight(-sun.lat, sun.lon + 180, sun), true);
    for (let lon = -180; lon < 180; lon += 7) {
      const lat = terminator(lon, sun);
      const [north, south] = [isNight(lat + 0.1, lon, sun), isNight(lat - 0.1, lon, sun)];
      if (Math.abs(lat) < 89)
        assert.notEqual(north, south, `${lon} at ${new Date(time).toISOString()}`);
    }
  }
});

test('the address keeps it', () => {
  assert.equal(readAddress('?night=1').night, true);
  assert.equal(readAddress('').night, false);
  const state = { selection: readAddress('').selection, window: null, at: null };
  assert.equal(writeAddress('', { ...state, night: true }), '?night=1');
  assert.equal(writeAddress('?night=1', state), '');
});

let browser;
let mock;

test.before(async () => {
  browser = await b.launch();
  mock = await startMock({ places: makePlaces(20) });
});
test.after(async () => {
  await browser.close();
  await mock.stop();
});

test('the dark side is darker, by key, button and address, and of the time that is shown', async () => {
  const noon = Date.parse('2026-11-28T12:00:00Z');
  mock.state.clock = () => noon;
  mock.state.nextPeriod();
  mock.state.kept = true;
  const page = await b.newPage(browser, { width: 1920, height: 1080 });
  await page.clock.setFixedTime(noon);
  await page.goto(mock.url);
  await b.drawn(page);
  const [chad, australia] = [
    { lat: 15, lon: 19 }, // day at noon of Greenwich
    { lat: -25, lon: 128 }, // night
  ];
  const brightness = async (where) => {
    const colour = await b.landAt(page, await b.onStage(page, where));
    return colour[0] + colour[1] + colour[2];
  };
  const day = await brightness(chad);
  assert.equal(await brightness(australia), day);
  await page.keyboard.press('y');
  await b.drawn(page);
  assert.match(page.url(), /night=1/);
  assert.equal(await page.getAttribute('#night', 'aria-pressed'), 'true');
  assert.equal(await brightness(chad), day);
  assert.ok((await brightness(australia)) < 0.7 * day);
  await page.click('#night');
  await b.drawn(page);
  assert.doesNotMatch(page.url(), /night/);
  assert.equal(await brightness(australia), day);
  await page.goto(`${mock.url}?night=1&past=2026-11-28T00:00:00Z,2026-11-28T02:00:00Z`);
  await b.waitForStatus(page, 'PAST');
  await b.drawn(page);
  assert.ok((await brightness(chad)) < 0.7 * day, 'at one in the night');
  assert.equal(await brightness(australia), day);
  // a colour of the scale means the same by night
  const seattle = { lat: 46, lon: -120 };
  await page.goto(`${mock.url}?view=countries`);
  await b.drawn(page);
  const tint = await b.landAt(page, await b.onStage(page, seattle));
  await page.keyboard.press('y');
  await b.drawn(page);
  assert.deepEqual(await b.landAt(page, await b.onStage(page, seattle)), tint);
  await page.keyboard.press('m');
  await b.drawn(page);
  assert.notDeepEqual(await b.landAt(page, await b.onStage(page, seattle)), tint);
  assert.deepEqual(page.faults, []);
  await page.done();
});
