// SPDX-License-Identifier: BSD-3-Clause
// What changed, and what is unusual: words, colours, the map of changes, marks.
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { makeChange, makeEvents, startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';
import {
  STEPS,
  changeBanner,
  changesOf,
  colourOf,
  doublings,
  rangeAsked,
  timesText,
} from '../../lib/page/src/change.js';
import { eventText, subjectOf } from '../../lib/page/src/events.js';
import { readAddress, writeAddress } from '../../lib/page/src/url-state.js';

const PLACES = makePlaces(700);
const ALL = { tcp: true, udp: true, direction: 'both', unit: 'packets' };

let browser;
let mock;

test.before(async () => {
  browser = await b.launch();
  mock = await startMock({ places: PLACES });
  mock.state.kept = true;
});
test.after(async () => {
  await browser.close();
  await mock.stop();
});
test.afterEach(() => {
  mock.state.events = [];
});

const asked = () => mock.state.requests.filter((path) => path.startsWith('/api/v1/change'));
const litChanges = (page) =>
  page.evaluate(() => {
    const canvas = document.getElementById('changes');
    if (canvas.hidden) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
    return count;
  });

test('how many times, in words and colours', () => {
  assert.equal(timesText(10, 0), 'new');
  assert.equal(timesText(0, 10), 'gone');
  assert.equal(timesText(32, 10), '×3.2');
  assert.equal(timesText(10, 40), '÷4.0');
  assert.equal(timesText(1000, 1001), '=');
  assert.equal(timesText(12000, 10), '×1.20k');
  assert.equal(timesText(0, 0), '=');
  assert.equal(doublings(8, 1), 3);
  // beyond three doublings the colour says no more; up and down never look alike
  assert.equal(colourOf(STEPS), colourOf(Infinity));
  for (let steps = 0; steps <= STEPS; steps += 0.25) {
    const parts = (text) => text.match(/\d+/g).map(Number);
    const [up, down] = [parts(colourOf(steps)), parts(colourOf(-steps - 0.01))];
    assert.ok(up[0] + up[2] - 2 * up[1] > 40, `magenta at ${steps}: ${up}`);
    assert.ok(2 * down[1] - down[0] - down[2] > 40, `green at ${steps}: ${down}`);
  }
});

test('rows of an answer, of what is selected', () => {
  const answer = makeChange(PLACES, { from: 0, to: 3600, against: 'day' });
  const rows = changesOf(answer.places, answer.fields, ALL);
  for (const { now, before, difference } of rows) assert.equal(difference, now - before);
  for (let i = 1; i < rows.length; i++) {
    assert.ok(Math.abs(rows[i - 1].difference) >= Math.abs(rows[i].difference));
  }
  const [first] = rows;
  const place = PLACES.find(({ id }) => id === first.id);
  assert.equal(first.name, place.name);
  const udp = changesOf(answer.places, answer.fields, { ...ALL, tcp: false, unit: 'octets' });
  const same = udp.find(({ id }) => id === place.id);
  assert.ok(!same || same.now === 0 || same.now === place.counters[3]);
  const countries = changesOf(answer.countries, answer.country_fields, ALL);
  assert.equal(countries[0].lat, undefined);
  assert.equal(
    changesOf(answer.places, answer.fields, { ...ALL, tcp: false, udp: false }).length,
    0,
  );
});

test('which times, and what stands over the map', () => {
  assert.deepEqual(rangeAsked(null, 7777), { from: 3900, to: 7500 });
  assert.deepEqual(rangeAsked({ from: 1, to: 2 }, 7777), { from: 1, to: 2 });
  const range = { from: Date.UTC(2026, 10, 26, 3) / 1000, to: Date.UTC(2026, 10, 26, 4) / 1000 };
  const text = (what) => changeBanner('usual', range, what).text;
  assert.equal(
    text({ answer: null, error: '' }),
    'Change: Thu 26 Nov 2026, 03:00 – 04:00 UTC beside what is usual then',
  );
  assert.match(text({ answer: null, error: 'HTTP 500' }), /cannot be shown now \(HTTP 500\)/);
  const now = { covered_s: 3600 };
  assert.match(text({ answer: { now, before: [] }, error: '' }), /all is new$/);
  assert.match(
    text({ answer: { now: { covered_s: 0 }, before: [1] }, error: '' }),
    /in that time$/,
  );
});

test('events in words', () => {
  const [less, more, fresh] = makeEvents(PLACES, 3, Date.UTC(2026, 10, 30, 10, 30));
  assert.equal(eventText(less), '÷33 since 10:20');
  assert.equal(eventText(more), '×18 since 10:15');
  assert.equal(eventText({ ...fresh, over: true }), 'new 10:10 – 10:29');
  assert.equal(subjectOf({ subject: 'all' }), 'All traffic');
  assert.equal(subjectOf({ subject: 'country', country: 'DE' }), 'Germany');
  assert.match(subjectOf({ ...less, name: '' }), /°/);
});

test('the address holds the view', () => {
  const state = { selection: ALL, window: null, at: null };
  assert.equal(readAddress('?view=change').against, 'day');
  assert.equal(readAddress('?view=change&against=usual').against, 'usual');
  assert.equal(readAddress('?view=change&against=year').against, 'day');
  assert.equal(readAddress('?against=week').against, '');
  assert.equal(writeAddress('', { ...state, against: 'day' }), '?view=change');
  assert.equal(
    writeAddress('?x=1', { ...state, against: 'week' }),
    '?x=1&view=change&against=week',
  );
  assert.equal(writeAddress('?view=change&against=week', state), '');
});

test('a click, the key, and back: the heat goes and comes', async () => {
  const page = await b.open(browser, mock.url);
  await page.locator('#time:not([hidden])').waitFor();
  assert.equal(await litChanges(page), 0);
  await page.click('#against button[value=week]');
  await page.getByText('beside the week before · nothing was counted before').waitFor();
  assert.match(page.url(), /view=change&against=week/);
  assert.ok(asked().at(-1).includes('against=week'));
  await page.keyboard.press('c');
  await page.getByText('beside what is usual then').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('#grown li').length === 6);
  assert.ok((await litChanges(page)) > 1000);
  assert.equal(await page.isVisible('#heat'), false);
  assert.equal(await page.isVisible('#countries'), false);
  assert.match(await page.innerText('#legend-caption'), /^Area: how many more or fewer packets$/);
  assert.match(await page.innerText('#grown'), /(new|×)/);
  assert.match(await page.innerText('#shrunk'), /(gone|÷)/);
  assert.equal(await b.statusOf(page), 'LIVE');
  const before = await page.innerText('#grown');
  await page.keyboard.press('t');
  await page.waitForFunction((text) => document.getElementById('grown').innerText !== text, before);
  assert.match(await page.innerText('#legend-caption'), /fewer UDP packets$/);
  await page.keyboard.press('c');
  await page.waitForFunction(() => document.getElementById('changes').hidden);
  assert.equal(await page.isVisible('#heat'), true);
  assert.equal(await page.isVisible('#countries'), true);
  assert.doesNotMatch(page.url(), /view=/);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('of the past it is the time that is shown; a link shows the same', async () => {
  const page = await b.open(
    browser,
    `${mock.url}?past=2026-11-26T03:00:00Z,2026-11-26T04:00:00Z&view=change&against=usual`,
  );
  await page.getByText('Change: Thu 26 Nov 2026, 03:00 – 04:00 UTC beside what').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('#shrunk li').length === 6);
  assert.ok(asked().at(-1).includes('from=2026-11-26T03:00:00Z&to=2026-11-26T04:00:00Z'));
  assert.equal(await b.statusOf(page), 'PAST');
  // a row leads to its place
  await page.click('#grown button >> nth=0');
  await page.waitForFunction(() => /at=/.test(location.search));
  await page.done();
});

test('what is unusual: a line and a mark each, until it is over', async () => {
  mock.state.events = makeEvents(PLACES, 6);
  const page = await b.open(browser, mock.url);
  await page.locator('#unusual:not([hidden])').waitFor();
  assert.equal(await page.locator('#unusual-list li').count(), 4);
  assert.equal(await page.innerText('#unusual-count'), 'and 2 more');
  assert.match(await page.innerText('#unusual-list'), /÷33 since \d\d:\d\d/);
  await page.waitForFunction(() => !document.getElementById('marks').hidden);
  const cut = await page.evaluate(() => {
    const side = document.getElementById('side').getBoundingClientRect();
    return [...document.querySelectorAll('#side > section')].some(
      (part) => part.getBoundingClientRect().bottom > side.bottom + 1,
    );
  });
  assert.equal(cut, false);
  await page.click('#unusual-list button >> nth=1');
  await page.waitForFunction(() => /at=/.test(location.search));
  assert.ok(b.viewOf(page).zoom > 4);
  await page.done();
});

test('without a history nothing of it is there', async () => {
  const own = await startMock({ places: makePlaces(20) });
  const page = await b.open(browser, `${own.url}?view=change`);
  await page.keyboard.press('c');
  assert.equal(await page.isVisible('#against'), false);
  assert.equal(await page.isVisible('#heat'), true);
  assert.equal(await page.isVisible('#unusual'), false);
  assert.deepEqual(
    own.state.requests.filter((path) => /v1.(change|events)/.test(path)),
    [],
  );
  await page.done();
  await own.stop();
});
