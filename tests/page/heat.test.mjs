// SPDX-License-Identifier: BSD-3-Clause
// The heat: layers, directions, units, scale, and a legend that agrees with it.
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';

let browser;
let mock;

test.before(async () => {
  browser = await b.launch();
  mock = await startMock({ places: makePlaces(300) });
});
test.after(async () => {
  await browser.close();
  await mock.stop();
});

/** A place with these counters; as source the given part of them. */
function place(
  id,
  lat,
  lon,
  tcp,
  udp,
  { sourcePart = 0.5, radius = 0, name = `Place ${id}`, code = 'XX' } = {},
) {
  const all = [tcp, udp, tcp * 1000, udp * 1000];
  const counters = [...all, ...all.map((value) => Math.round(value * sourcePart))];
  return { id, lat, lon, code, name, counters, radius };
}

async function openWith(places, query = '', options) {
  const own = await startMock({ places });
  const page = await b.open(browser, own.url + query, options);
  const done = page.done;
  page.done = async () => {
    await done();
    await own.stop();
  };
  return page;
}

const brightness = ([, , , alpha]) => alpha;

test('both layers draw; each toggle changes the picture; TCP is amber, UDP is blue', async () => {
  const page = await b.open(browser, mock.url);
  const both = await b.litPixels(page);
  assert.ok(both.count > 500, `${both.count} lit pixels`);

  await page.click('#udp');
  await b.atRest(page);
  assert.equal(await page.getAttribute('#udp', 'aria-pressed'), 'false');
  const tcp = await b.litPixels(page);
  assert.ok(tcp.count > 200 && tcp.red > 1.5 * tcp.blue, `amber: ${JSON.stringify(tcp)}`);
  assert.match(page.url(), /[?&]udp=0/);

  await page.keyboard.press('u');
  await page.keyboard.press('t');
  await b.atRest(page);
  const udp = await b.litPixels(page);
  assert.ok(udp.count > 200 && udp.blue > 1.5 * udp.red, `blue: ${JSON.stringify(udp)}`);
  assert.match(page.url(), /[?&]tcp=0/);

  await page.keyboard.press('u');
  await b.atRest(page);
  assert.equal((await b.litPixels(page)).count, 0);
  assert.match(await page.innerText('#empty'), /Both layers are off/);
  assert.match(await page.innerText('#legend-caption'), /off/);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('?tcp=0 in the address begins without TCP', async () => {
  const page = await b.open(browser, `${mock.url}?tcp=0`);
  assert.equal(await page.getAttribute('#tcp', 'aria-pressed'), 'false');
  const lit = await b.litPixels(page);
  assert.ok(lit.blue > 1.5 * lit.red);
  await page.done();
});

test('TCP, UDP and an even mix have their own colours in one picture', async () => {
  const spots = [place(0, 0, -60, 5000, 0), place(1, 0, 11, 5000, 5000), place(2, 0, 80, 0, 5000)];
  const page = await openWith(spots);
  const colours = [];
  for (const spot of spots) colours.push(await b.heatAt(page, await b.onStage(page, spot)));
  const [tcp, even, udp] = colours;
  assert.ok(tcp[0] > tcp[2] + 80, `TCP ${tcp}`);
  assert.ok(udp[2] > udp[0] + 80, `UDP ${udp}`);
  assert.ok(Math.abs(even[0] - even[2]) < 40, `even ${even}`);
  await page.done();
});

test('source and destination are drawn apart', async () => {
  const sender = place(0, 0, -60, 5000, 0, { sourcePart: 1 });
  const receiver = place(1, 0, 80, 5000, 0, { sourcePart: 0 });
  const page = await openWith([sender, receiver]);
  for (const [direction, wantSender, wantReceiver] of [
    ['both', true, true],
    ['src', true, false],
    ['dst', false, true],
  ]) {
    await page.click(`#direction button[value=${direction}]`);
    await b.atRest(page);
    const drawn = [];
    for (const spot of [sender, receiver]) {
      drawn.push(brightness(await b.heatAt(page, await b.onStage(page, spot))) > 100);
    }
    assert.deepEqual(drawn, [wantSender, wantReceiver], direction);
  }
  await page.done();
});

test('the direction and unit buttons, and keys D and B, change picture, lists and address', async () => {
  const spots = [place(0, 0, -60, 5000, 10, { sourcePart: 0.1 })];
  const page = await openWith(spots);
  const first = () => page.locator('#countries .number').first().innerText();
  assert.equal(await first(), '5.01k');
  await page.click('#direction button[value=src]');
  await b.atRest(page);
  assert.equal(await first(), '501');
  assert.match(page.url(), /dir=src/);
  await page.keyboard.press('d');
  await b.atRest(page);
  assert.equal(await first(), '4.51k');
  await page.keyboard.press('b');
  await b.atRest(page);
  assert.match(await first(), /^4\.51 MB$/);
  assert.match(page.url(), /by=octets/);
  assert.match(await page.innerText('#legend-caption'), /^Octets received/);
  await page.click('#unit button[value=packets]');
  await page.click('#direction button[value=both]');
  await b.atRest(page);
  assert.equal(await first(), '5.01k');
  await page.done();
});

test('one very hot city does not wash out the rest', async () => {
  const few = makePlaces(60, 3);
  const count = async (places) => {
    const page = await openWith(places);
    const lit = await b.litPixels(page);
    await page.done();
    return lit.count;
  };
  const before = await count(few);
  const hot = few.map((one, i) =>
    i === 0 ? { ...one, counters: one.counters.map((value) => value * 1000) } : one,
  );
  const after = await count(hot);
  assert.ok(after > 0.6 * before, `${before} lit pixels, with a city of a thousand times ${after}`);
});

test('the legend agrees with the heat: colour and number of lone places', async () => {
  // The first one fixes the scale's top at a million.
  const wanted = [900000, 3, 40, 700, 9000, 250000];
  const spots = wanted.map((packets, i) => place(i, -50, -150 + 55 * i, packets, 0));
  const page = await openWith(spots);
  const legend = await page.evaluate((numbers) => {
    const value = { 1: 1, 10: 10, 100: 100, '1k': 1e3, '10k': 1e4, '100k': 1e5, '1M': 1e6 };
    // The strip between two ticks, by what the ticks themselves say.
    const known = [...document.querySelectorAll('#legend-ticks span')].map((tick) => ({
      log: Math.log1p(value[tick.textContent]),
      at: Number.parseFloat(tick.style.left) / 100,
    }));
    const strip = document.querySelector('#legend-strips canvas');
    return numbers.map((number) => {
      const log = Math.log1p(number);
      const next = known.findIndex((tick) => tick.log >= log);
      const [low, high] = [known[next - 1], known[next]];
      const at = low.at + ((high.at - low.at) * (log - low.log)) / (high.log - low.log);
      const column = Math.round(at * (strip.width - 1));
      return [...strip.getContext('2d').getImageData(column, 0, 1, 1).data];
    });
  }, wanted);
  for (const [i, spot] of spots.entries()) {
    const heat = await b.heatAt(page, await b.onStage(page, spot));
    for (let k = 0; k < 4; k++) {
      // Binning between cells costs a tenth of the peak: a few steps of the table.
      assert.ok(
        Math.abs(heat[k] - legend[i][k]) <= 16,
        `${wanted[i]} packets: heat ${heat}, legend ${legend[i]}`,
      );
    }
  }
  await page.done();
});

test('the legend names layers, unit, direction and time', async () => {
  const page = await b.open(browser, `${mock.url}?udp=0&dir=src`);
  assert.match(
    await page.innerText('#legend-caption'),
    /^Packets sent at the spot, since the start/,
  );
  assert.deepEqual(await page.locator('#legend-strips .layer').allInnerTexts(), ['TCP']);
  await page.done();
});

test('the legend has a number also where a spot has less than a kilobyte', async () => {
  const few = place(0, 48, 9, 1, 0);
  few.counters = [1, 0, 60, 0, 1, 0, 60, 0];
  const page = await openWith([few], '?by=octets');
  assert.deepEqual(await page.locator('#legend-ticks span').allInnerTexts(), ['100 B']);
  await page.done();
});

test('another window has its own scale, also if the map is redrawn before it comes', async () => {
  const own = await startMock({ places: [place(0, 48, 9, 900000, 0)] });
  const page = await b.open(browser, own.url);
  const last = () => page.locator('#legend-ticks span').last().innerText();
  assert.equal(await last(), '1M');
  let held;
  await page.route('**/api/v1/heat?window=now', (route) => (held = route));
  own.state.places = [place(0, 48, 9, 90000, 0)];
  await page.click('#window button[value=now]');
  await page.keyboard.press('u'); // a redraw of what is there
  await page.keyboard.press('u');
  await b.atRest(page);
  await b.until(() => held !== undefined);
  await held.continue();
  await page.waitForSelector('#window button[value=now][aria-pressed=true]');
  await b.atRest(page);
  assert.equal(await last(), '100k');
  await page.done();
  await own.stop();
});

test('a spot of any size fades out, without a rim', async () => {
  for (const packets of [1e3, 1e6, 1e9, 1e14]) {
    const spot = place(0, 0, 11, packets, packets / 2);
    const page = await openWith([spot]);
    const centre = await b.onStage(page, spot);
    const steepest = await page.evaluate(({ x, y }) => {
      const canvas = document.getElementById('heat');
      const scale = canvas.width / canvas.clientWidth;
      const [left, row] = [Math.floor(x * scale), Math.floor(y * scale)];
      const { data } = canvas.getContext('2d').getImageData(left, row, 40, 1);
      let most = 0;
      for (let i = 1; i < 40; i++) {
        most = Math.max(most, data[4 * i - 1] - data[4 * i + 3]);
      }
      return most;
    }, centre);
    assert.ok(steepest < 70, `${packets} packets: a step of ${steepest} in opacity`);
    await page.done();
  }
});

test('places are drawn where they belong: antimeridian, far north and south', async () => {
  const spots = [
    place(0, 64.5, -173, 1000, 0), // Chukotka, west of 180
    place(1, -17.8, 178, 1000, 0), // Fiji
    place(2, 66, 179.9, 1000, 0),
    place(3, 78.2, 15.6, 1000, 0), // Svalbard
    place(4, 40.7, -74, 1000, 0), // New York
    place(5, -54.8, -68.3, 1000, 0), // Ushuaia
  ];
  const page = await openWith(spots);
  for (const spot of spots) {
    const at = await b.onStage(page, spot);
    const colour = await b.heatAt(page, at);
    assert.ok(brightness(colour) > 150, `${spot.lat}, ${spot.lon}: ${colour}`);
  }
  await page.done();
});

test('the poles can be looked at: each has its place, its land and its label', async () => {
  const pole = place(0, -90, 0, 5000, 0, { name: 'South Pole' });
  const base = place(1, -77.85, 166.67, 9000, 0, { name: 'McMurdo' });
  const page = await openWith([base, pole, place(2, 90, 40, 7000, 0, { name: 'North Pole' })]);
  for (const [query, name] of [
    ['?at=-77.85,166.67,4', 'McMurdo'],
    ['?at=-85,0,4', 'South Pole'],
    ['?at=85,40,4', 'North Pole'],
  ]) {
    await page.goto(new URL(query, page.url()).href);
    await b.drawn(page);
    const spots = await page.locator('.spot').allInnerTexts();
    assert.ok(
      spots.some((text) => text.startsWith(name)),
      `${query}: ${spots}`,
    );
    assert.ok((await b.litPixels(page)).count > 20, name);
  }
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('the inner of Antarctica is land, without a bar of sea across', async () => {
  const page = await openWith([], '?at=-80,100,1.5');
  const colours = await page.evaluate(() => {
    const canvas = document.getElementById('base');
    const context = canvas.getContext('2d');
    const met = [];
    // from below the sheet to its middle, at 80 S
    for (let y = canvas.height - 2; y > canvas.height / 2; y--) {
      const colour = [...context.getImageData(canvas.width >> 1, y, 1, 1).data].join();
      if (colour !== met.at(-1)) met.push(colour);
    }
    return met;
  });
  assert.equal(colours.at(-1), '30,44,60,255');
  assert.ok(colours.length <= 3, `sea, the rim, land: ${colours}`);
  await page.done();
});

test('the poles themselves, and a place beyond the map, break nothing', async () => {
  const page = await openWith([
    place(0, 90, 0, 1000, 5),
    place(1, -90, 180, 1000, 5),
    place(2, 0, -180, 1000, 5),
    place(3, 0, 180, 1000, 5),
    place(4, 51, 0, 1, 0),
  ]);
  assert.ok((await b.litPixels(page)).count > 20);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('0, 1 and 100,000 places', async () => {
  for (const [count, lit] of [
    [0, 0],
    [1, 20],
    [100000, 20000],
  ]) {
    const page = await openWith(makePlaces(count));
    const { count: pixels } = await b.litPixels(page);
    assert.ok(pixels >= lit && (count > 0 || pixels === 0), `${count} places: ${pixels} pixels`);
    assert.deepEqual(page.faults, []);
    await page.done();
  }
});

test('where only the country is known its land is tinted, and no dot is in its middle', async () => {
  const usa = { lat: 39.8, lon: -98.6 };
  const [west, north] = [
    { lat: 44, lon: -120 },
    { lat: 56, lon: -105 }, // in Canada
  ];
  const vague = place(1, usa.lat, usa.lon, 20000, 0, { name: '', code: 'US', radius: -1 });
  const sharp = place(2, -30, 130, 20000, 0);
  const page = await openWith([vague, sharp]);
  const at = async (where, look) => look(page, await b.onStage(page, where));
  assert.equal((await at(usa, b.heatAt))[3], 0, 'nothing in the heat');
  const middle = await at(usa, b.landAt);
  assert.deepEqual(await at(west, b.landAt), middle, 'evenly');
  const other = await at(north, b.landAt);
  assert.notDeepEqual(other, middle, 'up to its border');
  assert.ok(middle[0] - other[0] > 8, `amber for TCP: ${middle} on ${other}`);
  assert.match(await page.innerText('#legend-note'), /only the country/i);
  assert.equal(await page.locator('.ring:visible').count(), 1);
  // a click on its land asks for it, wherever that is
  const stage = await b.stageBox(page);
  const there = await b.onStage(page, west);
  await page.mouse.click(stage.x + there.x, stage.y + there.y);
  await page.waitForSelector('#card:not([hidden])');
  assert.match(await page.innerText('#card'), /United States[^]*only the country is known/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('t');
  await b.drawn(page);
  assert.deepEqual(await at(usa, b.landAt), other, 'no TCP: no tint');
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('where only the continent is known, a soft tint over a wide area', async () => {
  const page = await openWith([
    place(1, 50, 15, 20000, 0, { name: 'Europe', code: '', radius: -1 }),
    place(2, -30, 130, 20000, 0),
  ]);
  const centre = await b.onStage(page, { lat: 50, lon: 15 });
  const peak = brightness(await b.heatAt(page, centre));
  const aside = brightness(await b.heatAt(page, { x: centre.x + 6, y: centre.y }));
  assert.ok(peak > 40 && peak - aside < 60, `no sharp dot in its middle: ${peak}, ${aside}`);
  await page.done();
});

test('the blur follows the accuracy radius', async () => {
  const spots = [0, 20, 500, 1000].map((radius, i) =>
    place(i, -30, -130 + 80 * i, 1e6, 0, { radius }),
  );
  const page = await openWith(spots);
  const widths = [];
  for (const spot of spots) {
    const centre = await b.onStage(page, spot);
    widths.push(
      await page.evaluate(({ x, y }) => {
        const canvas = document.getElementById('heat');
        const scale = canvas.width / canvas.clientWidth;
        const [left, row] = [Math.floor(x * scale), Math.floor(y * scale)];
        const { data } = canvas.getContext('2d').getImageData(left, row, 60, 1);
        let reach = 0;
        while (reach < 60 && data[4 * reach + 3] > 100) reach++;
        return reach;
      }, centre),
    );
  }
  const [spot, precise, rough, rougher] = widths;
  assert.equal(precise, spot, `a radius below the dot is a dot: ${widths}`);
  assert.ok(rough > 1.3 * spot, `${widths}`);
  assert.ok(rougher > 1.3 * rough, `${widths}`);
  assert.match(await page.innerText('#legend-note'), /roughly/);
  await page.done();
});

test('the legend says of both where both are on the map', async () => {
  const page = await openWith([
    place(0, 47, -110, 20000, 0, { radius: 500 }),
    place(1, 39.8, -98.6, 20000, 0, { name: '', radius: -1 }),
    place(2, -30, 130, 20000, 0),
  ]);
  assert.match(await page.innerText('#legend-note'), /only the country.*roughly/is);
  await page.done();
});
