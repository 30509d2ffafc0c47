// SPDX-License-Identifier: BSD-3-Clause
// Labels, panel, header: what is said, how large, and that nothing covers anything.
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';

let browser;
let mock;

test.before(async () => {
  browser = await b.launch();
  mock = await startMock({ places: makePlaces(2000) });
});
test.after(async () => {
  await browser.close();
  await mock.stop();
});

const SIZES = [
  [1280, 720],
  [1920, 1080],
  [3840, 2160],
];

/** Pairs of boxes that lie over each other by more than two pixels. */
const overlaps = (page, selector) =>
  page.evaluate((wanted) => {
    const boxes = [...document.querySelectorAll(wanted)]
      .filter((element) => element.offsetWidth > 0)
      .map((element) => [element.id || element.innerText, element.getBoundingClientRect()]);
    const out = [];
    boxes.forEach(([name, one], i) => {
      for (const [other, two] of boxes.slice(i + 1)) {
        const width = Math.min(one.right, two.right) - Math.max(one.left, two.left);
        const height = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
        if (width > 2 && height > 2) out.push(`${name} / ${other}`);
      }
    });
    return out;
  }, selector);

test('the hottest places are named with their numbers; nothing overlaps, nothing is cut', async () => {
  for (const [width, height] of SIZES) {
    for (const query of ['', '?at=50,8,6', '?at=-35,148,12']) {
      const page = await b.open(browser, mock.url + query, { width, height });
      const spots = await page.locator('.spot').allInnerTexts();
      assert.ok(spots.length >= (query ? 3 : 8), `${spots.length} at ${width} ${query}`);
      for (const text of spots) assert.match(text, /\D \d[\d.]*[kMG]?$/);
      assert.deepEqual(
        await overlaps(page, '.spot, .country, #legend, #controls, #kinds, #zoom, #credits'),
        [],
        `${width}x${height}${query}`,
      );
      const outside = await page.evaluate(() =>
        [...document.querySelectorAll('.tile, .brand, .clock, .list li, #not-drawn, .spot')]
          .filter((element) => {
            const box = element.getBoundingClientRect();
            return box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1;
          })
          .map((element) => element.innerText),
      );
      assert.deepEqual(outside, []);
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll('#side li, #side p, #side .bar, #side small')]
          .filter((part) => {
            const section = part.closest('section').getBoundingClientRect();
            const box = part.getBoundingClientRect();
            return box.bottom > section.bottom + 1 || box.right > section.right + 1;
          })
          .map((part) => part.innerText),
      );
      assert.deepEqual(cut, [], `of the panel, at ${width}x${height}`);
      await page.done();
    }
  }
});

test('a name that is written from the right stays on its side of the number', async () => {
  const names = ['القاهرة', 'חיפה', '\u202Eetihw'];
  const own = await startMock({
    places: makePlaces(12).map((place, i) => ({ ...place, name: names[i] ?? place.name })),
  });
  const page = await b.open(browser, own.url);
  const wrong = await page.evaluate(() => {
    const places = (node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return range.getBoundingClientRect();
    };
    const out = [];
    for (const [selector, first, second] of [
      ['.spot', 'bdi', 'b'],
      ['#cities .name', 'bdi', '.code'],
    ]) {
      for (const row of document.querySelectorAll(selector)) {
        const [name, rest] = [first, second].map((part) => row.querySelector(part));
        if (!name || places(name).right > places(rest).left + 1) out.push(row.innerText);
      }
    }
    return out;
  });
  assert.deepEqual(wrong, []);
  await page.done();
  await own.stop();
});

test('a quiet region has its hot spots, too, though the server names only the busiest', async () => {
  const busy = makePlaces(2600).filter(({ code }) => code !== 'AU');
  const quiet = [
    [-20.1, 125.3],
    [-27.5, 121.9],
  ].map(([lat, lon], i) => ({
    ...busy[0],
    ...{ id: 9000 + i, name: 'Outback', lat, lon },
    counters: [40 - i, 0, 4000, 0, 20, 0, 2000, 0],
  }));
  const loud = busy.map((place) => ({
    ...place,
    counters: place.counters.map((value) => value + 100),
  }));
  const own = await startMock({ places: [...loud, ...quiet] });
  const page = await b.open(browser, `${own.url}?at=-24,124,12`);
  const spots = await page.locator('.spot').allInnerTexts();
  assert.deepEqual(spots, ['20.10° S 125.30° E 40', '27.50° S 121.90° E 39']);
  await page.keyboard.press('1');
  await page.waitForSelector('#card li');
  assert.equal(await page.innerText('#card h2'), 'Outback', 'the server knows its name');
  await page.done();
  await own.stop();
});

test('labels keep clear of a banner that comes, and have their room again when it goes', async () => {
  const north = { ...makePlaces(1)[0], id: 900, name: 'Longyearbyen', lat: 74.5, lon: 60 };
  const own = await startMock({ places: [north, ...makePlaces(20)], interval: 1 });
  const page = await b.open(browser, own.url);
  const isNamed = () => page.getByText('Longyearbyen', { exact: false }).count();
  const under = () => overlaps(page, '.spot, .country, #banner');
  own.state.over = { sensor: { drop_pps: 5 } };
  own.state.nextPeriod();
  await page.waitForSelector('#banner:not([hidden])');
  await b.atRest(page);
  assert.deepEqual(await under(), []);
  own.state.over = {};
  own.state.nextPeriod();
  await page.waitForSelector('#banner', { state: 'hidden' });
  await b.atRest(page);
  assert.ok(await isNamed());
  await page.done();
  await own.stop();
});

test('the card keeps clear of the banner, above it or below', async () => {
  const north = { ...makePlaces(1)[0], id: 900, name: 'Longyearbyen', lat: 72, lon: 60 };
  const south = { ...north, id: 901, name: 'Ushuaia', lat: -54.8, lon: -68.3 };
  const own = await startMock({ places: [north, south] });
  own.state.over = { sensor: { drop_pps: 5 } };
  own.state.nextPeriod();
  for (const [width, height] of [...SIZES, [1080, 1920]]) {
    const page = await b.open(browser, own.url, { width, height });
    await page.waitForSelector('#banner:not([hidden])');
    await b.atRest(page);
    for (const spot of await page.locator('.spot').all()) {
      await spot.click();
      await page.waitForSelector('#card li');
      assert.deepEqual(await overlaps(page, '#card, #banner'), [], `${width}x${height}`);
      await page.keyboard.press('Escape');
    }
    await page.done();
  }
  await own.stop();
});

test('country names are there: large ones on the world, smaller ones nearer by', async () => {
  const page = await b.open(browser, mock.url);
  const world = await page.locator('.country').allInnerTexts();
  assert.ok(world.includes('CANADA') || world.includes('RUSSIA'), `${world}`);
  await page.done();
  const near = await b.open(browser, `${mock.url}?at=47,15,9`);
  const names = await near.locator('.country').allInnerTexts();
  assert.ok(names.length >= 4 && names.includes('AUSTRIA'), `${names}`);
  await near.done();
});

test('the same from the same relative distance: every size doubles from 1080p to 4K', async () => {
  const measure = async (width, height, deviceScaleFactor = 1) => {
    const page = await b.open(browser, mock.url, { width, height, deviceScaleFactor });
    const out = await page.evaluate(() => {
      const size = (selector) =>
        Number.parseFloat(getComputedStyle(document.querySelector(selector)).fontSize);
      const texts = [...document.querySelectorAll('body *')].filter(
        (element) =>
          element.offsetParent &&
          element.offsetWidth > 1 &&
          [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()),
      );
      return {
        tile: size('.tile b'),
        row: size('.list'),
        spot: size('.spot'),
        least: Math.min(
          ...texts.map((element) => Number.parseFloat(getComputedStyle(element).fontSize)),
        ),
        spots: [...document.querySelectorAll('.spot')].map(({ innerText }) => innerText),
        base: document.getElementById('base').width,
      };
    });
    await page.done();
    return out;
  };
  const hd = await measure(1920, 1080);
  const uhd = await measure(3840, 2160);
  const dense = await measure(1920, 1080, 2);
  assert.ok(hd.least >= 13.9, `${hd.least}`);
  assert.ok(Math.abs(hd.tile - 48) < 1 && hd.row >= 20.9 && hd.spot >= 19.9, JSON.stringify(hd));
  for (const what of ['tile', 'row', 'spot', 'least']) {
    assert.ok(Math.abs(uhd[what] - 2 * hd[what]) < 0.5, `${what}: ${hd[what]} and ${uhd[what]}`);
  }
  assert.deepEqual(uhd.spots, hd.spots, 'the same names');
  assert.ok(Math.abs(dense.base - 2 * hd.base) <= 2, 'sharp on a dense screen');
});

test('the header says rate, traffic, losses, places, age and both clocks', async () => {
  const own = await startMock({ places: makePlaces(300) });
  own.state.over = {
    sensor: { rx_pps: 661234, rx_bps: 4.21e9, drop_pps: 0, lost_total: 0 },
    totals: { countries: 44 },
  };
  const page = await b.open(browser, own.url, { timezoneId: 'Asia/Kolkata' });
  const text = (selector) => page.innerText(selector);
  assert.match(await text('#tile-packets'), /Packets per second\s+661k\s*pkt\/s/);
  assert.match(await text('#tile-bits'), /4\.21\s*Gbit\/s/);
  assert.match(await text('#tile-lost'), /Lost\s*0 %\s+0\s*pkt\/s/);
  assert.match(await text('#tile-places'), /in 44 countries\s+300/);
  assert.match(await text('#tile-age'), /\d\d:\d\d:\d\d UTC\s+\d+\s*s ago/);
  assert.match(await text('#clock'), /^\d\d:\d\d:\d\d$/);
  assert.match(await text('#date'), /^\d{4}-\d\d-\d\d UTC$/);
  assert.match(await text('#local-clock'), /^local \d\d:\d\d:\d\d GMT\+5:30$/);
  const minutes = Number((await text('#clock')).split(':')[1]);
  const local = Number((await text('#local-clock')).split(':')[1]);
  assert.ok([30, 31].includes((local - minutes + 60) % 60), `${minutes} and ${local}`);
  assert.match(await text('#sensor'), /sensor-01 · eth0 · link up/);
  assert.match(await text('#credits'), /IP geolocation by Made-up World.*Natural Earth/);
  const line = await page.evaluate(() => {
    const canvas = document.querySelector('#tile-packets canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 3 && value > 0).length / (data.length / 4);
  });
  assert.ok(line > 0.1, `sparkline fills ${line}`);
  await page.done();
  await own.stop();
});

test('three lists with TCP and UDP bars, six rows each', async () => {
  const page = await b.open(browser, mock.url);
  for (const id of ['countries', 'cities', 'talkers']) {
    const rows = await page.evaluate(
      (list) =>
        [...document.querySelectorAll(`#${list} li`)].map((row) => ({
          number: row.querySelector('.number').innerText,
          tcp: Number.parseFloat(row.querySelector('.tcp').style.width),
          udp: Number.parseFloat(row.querySelector('.udp').style.width),
        })),
      id,
    );
    assert.equal(rows.length, 6, id);
    assert.ok(Math.abs(rows[0].tcp + rows[0].udp - 100) < 0.1, `${id}: the first fills its bar`);
    for (let i = 1; i < 6; i++) {
      assert.ok(rows[i].tcp + rows[i].udp <= rows[i - 1].tcp + rows[i - 1].udp + 1e-9, id);
    }
  }
  await page.click('#udp');
  await b.atRest(page);
  const udp = await page
    .locator('#countries .udp')
    .first()
    .evaluate((bar) => bar.style.width);
  assert.equal(udp, '0%', 'a layer that is off is off in the lists');
  await page.done();
});

/** Rows of lists that are not whole in view. */
const cutRows = (page) =>
  page.evaluate(
    () =>
      [...document.querySelectorAll('#side section:not([hidden]) .list li')].filter((line) => {
        const [box, around] = [line, line.closest('section')].map((e) => e.getBoundingClientRect());
        return box.bottom > around.bottom + 1;
      }).length,
  );

test('networks have a list, with sites there are five, and nothing is cut', async () => {
  const places = makePlaces(300);
  const counters = [9, 8, 900, 800, 5, 4, 500, 400];
  const networks = [
    [3320, 'Deutsche Telekom AG', ...counters.map((value) => 1000 * value)],
    [0, '', ...counters.map((value) => 100 * value)],
    [64500, '', ...counters.map((value) => 10 * value)],
    [64501, 'A company whose name is longer than any list has room for, Inc.', ...counters],
  ];
  const wall = await startMock({ places });
  for (const sites of [false, true]) {
    if (sites) Object.assign(places[0], { name: 'Frankfurt DC', site: 1, own: 1 });
    wall.state.over = { top: { networks } };
    for (const [width, height] of [...SIZES, [1080, 1920], [390, 844]]) {
      const page = await b.open(browser, wall.url, { width, height });
      const names = await page.locator('#networks .name').allInnerTexts();
      assert.match(names[0], /^Deutsche Telekom AG\s*AS3320$/);
      assert.deepEqual(names.slice(1, 3), ['nobody says whose', 'AS64500']);
      assert.equal(await page.locator('#named button').count(), sites ? 1 : 0);
      assert.equal(await cutRows(page), 0, `${width}x${height}, sites: ${sites}`);
      assert.deepEqual(await overlaps(page, '#side section'), [], `${width}x${height}`);
      await page.done();
    }
  }
  await wall.stop();
});

test('sites have a mark and a list of their own, and are no cities', async () => {
  const places = makePlaces(300);
  const sites = ['Frankfurt DC', 'Lab'].map((name, i) => ({ ...places[i], name, site: 1, own: 1 }));
  const wall = await startMock({ places: [...sites, ...places.slice(2)] });
  for (const [width, height] of [...SIZES, [1080, 1920], [390, 844]]) {
    const page = await b.open(browser, wall.url, { width, height });
    const names = (id) => page.locator(`#${id} .name`).allInnerTexts();
    assert.deepEqual((await names('named')).map((text) => text.split('\n')[0].trim()).length, 2);
    assert.match((await names('named')).join(), /Frankfurt DC/);
    assert.doesNotMatch((await names('cities')).join(), /Frankfurt DC|Lab/);
    assert.ok((await page.locator('.ring.site').count()) >= 1);
    assert.equal(await cutRows(page), 0, `${width}x${height}`);
    assert.deepEqual(await overlaps(page, '#side section'), [], `${width}x${height}`);
    if (width === 1920) {
      await page.locator('#named button').first().click();
      await page.waitForSelector('#card:not([hidden])');
      assert.match(await page.innerText('#card .where'), /site · our own side/);
    }
    await page.done();
  }
  await wall.stop();
});

test('a database that is over 45 days old, or damaged, is said to be so', async () => {
  const own = await startMock({ places: makePlaces(30) });
  const ago = (days) => new Date(Date.now() - days * 864e5 - 1000).toISOString();
  const damaged = 'a newer file is damaged: see the log';
  for (const [built, refused, text] of [
    [ago(44), false, ''],
    [ago(46), false, ' 46 days old'],
    [ago(46), true, ` 46 days old, ${damaged}`],
    [null, true, ` ${damaged}`],
    [null, false, ''],
  ]) {
    own.state.over = { sensor: { geo_built: built, geo_refused: refused } };
    const page = await b.open(browser, own.url);
    assert.equal(await page.textContent('#geo-age'), text);
    await page.done();
  }
  await own.stop();
});

test('each list says of what time it is, also where the talkers are of another', async () => {
  const own = await startMock({ places: makePlaces(30) });
  own.state.over = { window_s: 300, top: { talkers_window: 'now' } };
  const page = await b.open(browser, `${own.url}?window=5m`);
  assert.equal(await page.innerText('#countries-unit'), 'packets, last 5 min');
  assert.equal(await page.innerText('#cities-unit'), 'packets, last 5 min');
  assert.equal(await page.innerText('#talkers-unit'), 'packets, last 10 s');
  own.state.over = { top: { talkers_window: 'start' } };
  await page.click('#window button[value=start]');
  await page.waitForFunction(
    () => document.getElementById('talkers-unit').innerText === 'packets, since the start',
  );
  own.state.over = { anonymised: { ipv4: 24, ipv6: 48 }, top: { talkers_window: 'start' } };
  await page.click('#window button[value="1h"]');
  await page.waitForFunction(() =>
    /^198\.51\.100\.\d+\/24/.test(document.querySelector('#talkers .name').innerText),
  );
  own.state.over = { top: { talkers: [], talkers_window: 'hidden' } };
  await page.click('#window button[value=start]');
  await page.waitForFunction(
    () => document.getElementById('talkers-unit').innerText === 'are not shown',
  );
  assert.equal(await page.locator('#talkers li').count(), 0);
  await page.done();
  await own.stop();
});

test('what is not drawn is always visible, with its reasons', async () => {
  const own = await startMock({ places: makePlaces(30) });
  own.state.over = {
    totals: { addresses: { located: 600, private: 300, not_in_database: 90, table_full: 10 } },
  };
  for (const query of ['', '?kiosk=1&cycle=0']) {
    const page = await b.open(browser, own.url + query);
    const text = await page.innerText('#not-drawn');
    assert.match(text, /Not on the map\s*40 %/);
    assert.match(text, /private 30 % · not in database 9\.0 % · table full 1\.0 %/);
    assert.ok(await page.isVisible('#not-drawn-share'));
    await page.done();
  }
  await own.stop();
});

test('the widest values fit', async () => {
  const own = await startMock({ places: makePlaces(30) });
  own.state.stuck = true;
  own.state.clock = () => Date.now() + 99.9 * 3600e3;
  own.state.over = {
    sensor: {
      name: 'a-very-long-host-name-of-a-sensor.operations.example.org',
      sources: ['enp129s0f0np0', 'enp129s0f1np1'],
      rx_pps: 888.4e6,
      rx_bps: 88.8e9,
      drop_pps: 88.8e6,
      drop_pct: 0.0001,
      geo_db: 'DB-IP City Lite 2026-06',
    },
    totals: { locations: 288888, countries: 195 },
  };
  for (const [width, height] of SIZES.slice(0, 2)) {
    const page = await b.open(browser, own.url, { width, height });
    assert.equal(await b.statusOf(page), 'OFFLINE');
    const faults = await page.evaluate(() => {
      const out = [];
      if (document.getElementById('top').scrollWidth > innerWidth) out.push('header too wide');
      for (const tile of document.querySelectorAll('.tile')) {
        for (const part of tile.querySelectorAll('.value, .label')) {
          const box = part.lastElementChild.getBoundingClientRect();
          if (box.right > tile.getBoundingClientRect().right - 4) out.push(`${tile.id} is cut`);
        }
        const canvas = tile.querySelector('canvas');
        const unit = tile.querySelector('i').getBoundingClientRect();
        if (canvas && unit.right > canvas.getBoundingClientRect().left) out.push('sparkline');
      }
      return out;
    });
    assert.deepEqual(faults, [], `${width}x${height}`);
    assert.deepEqual(await overlaps(page, '.tile, .brand, .clock'), []);
    await page.done();
  }
  await own.stop();
});

test('a resize refits the world and keeps what was in the middle', async () => {
  const page = await b.open(browser, `${mock.url}?at=48,9,6`);
  for (const [width, height] of [
    [3840, 2160],
    [1280, 720],
    [800, 1100],
    [1920, 1080],
  ]) {
    await page.setViewportSize({ width, height });
    await page.waitForFunction(() => {
      const stage = document.getElementById('stage');
      return Math.abs(document.getElementById('base').width - stage.clientWidth) < 2;
    });
    await b.atRest(page);
    const view = b.viewOf(page);
    assert.ok(Math.abs(view.lat - 48) < 0.5 && Math.abs(view.lon - 9) < 0.5, JSON.stringify(view));
    assert.ok(Math.abs(view.zoom - 6) < 0.01);
    assert.deepEqual(
      await overlaps(page, '.spot, #legend, #controls, #kinds, #zoom'),
      [],
      `${width}`,
    );
  }
  await page.done();
});

test('a wall on its side shows all of it, too', async () => {
  const own = await startMock({ places: makePlaces(300) });
  own.state.over = {
    sensor: {
      name: 'a-very-long-host-name-of-a-sensor.operations.example.org',
      sources: ['enp129s0f0np0', 'enp129s0f1np1'],
      rx_pps: 888.4e6,
      rx_bps: 88.8e9,
      drop_pps: 88.8e6,
      drop_pct: 0.0001,
    },
    totals: { locations: 288888, countries: 195 },
  };
  for (const [width, height] of [
    [1080, 1920],
    [2160, 3840],
    [1200, 1600],
  ]) {
    const page = await b.open(browser, own.url, { width, height });
    const lost = await page.evaluate(() => {
      const inside = (box) => box.bottom <= innerHeight + 1 && box.right <= innerWidth + 1;
      const parts = ['.brand', '.tile', '.clock', '#stage', '.list li', '#not-drawn', '#banner'];
      const out = [...document.querySelectorAll(parts)]
        .filter((part) => !inside(part.getBoundingClientRect()))
        .map((part) => part.id || part.innerText);
      for (const tile of document.querySelectorAll('.tile')) {
        const edge = tile.getBoundingClientRect().right;
        for (const part of tile.querySelectorAll('.value, .label')) {
          if (part.lastElementChild.getBoundingClientRect().right > edge) out.push(tile.id);
        }
        const line = tile.querySelector('canvas')?.getBoundingClientRect();
        const unit = tile.querySelector('i').getBoundingClientRect();
        if (line && unit.right > line.left - 4) out.push('the sparkline');
      }
      return out;
    });
    assert.deepEqual(lost, [], `${width}x${height}`);
    assert.equal(await page.locator('.list li').count(), 18);
    const pieces = '.tile, .brand, .clock, #controls, #banner, #legend, #zoom, #side section';
    assert.deepEqual(await overlaps(page, pieces), [], `${width}x${height}`);
    await page.done();
  }
  await own.stop();
});

test('small screens scroll and lose nothing', async () => {
  const page = await b.open(browser, mock.url, { width: 400, height: 800, hasTouch: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 400, `${wide}`);
  assert.ok(await page.locator('#not-drawn').count());
  assert.ok((await b.litPixels(page)).count > 50);
  await page.done();
});

test('a phone shows the map first, numbers in one row to swipe, controls behind one button', async () => {
  for (const [width, height] of [
    [360, 740],
    [390, 844],
    [844, 390],
  ]) {
    const size = `${width}x${height}`;
    const page = await b.open(browser, mock.url, { width, height, hasTouch: true });
    const box = async (selector) => page.locator(selector).boundingBox();
    const top = await box('#top');
    assert.ok(top.height <= height / 7, `${size}: the header takes ${top.height}`);
    const stage = await box('#stage');
    assert.ok(stage.height >= height * 0.66, `${size}: the map has ${stage.height}`);
    assert.deepEqual(await overlaps(page, '.brand, #tiles, .clock'), [], size);
    assert.deepEqual(await overlaps(page, '#status, .clock time'), [], size);
    const parts = '.spot, .country, #legend, #controls, #controls-button, #kinds, #zoom, #credits';
    assert.deepEqual(await overlaps(page, parts), [], size);
    for (const selector of ['#legend', '#legend-strips', '#credits', '#zoom', '.brand', '.clock']) {
      const { x, y, width: wide, height: high } = await box(selector);
      assert.ok(x >= 0 && x + wide <= width && y + high <= stage.y + stage.height + 1, selector);
    }
    // all numbers can be swiped to, and the page itself does not move sideways
    const room = await page.evaluate(() => {
      const tiles = document.getElementById('tiles');
      tiles.scrollLeft = 1e6;
      const last = document.getElementById('tile-age').getBoundingClientRect();
      const own = tiles.getBoundingClientRect();
      return [last.right <= own.right + 1, document.documentElement.scrollWidth <= innerWidth];
    });
    assert.deepEqual(room, [true, true], size);
    assert.equal(await page.locator('#tcp').isVisible(), false);
    await page.tap('#controls-button');
    assert.deepEqual(await overlaps(page, '#controls > *, #controls-button, #kinds'), [], size);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('#controls button, #controls-button, #kinds button')]
        .filter((button) => button.offsetHeight > 0 && button.offsetHeight < 44)
        .map((button) => button.innerText),
    );
    assert.deepEqual(small, [], 'a finger is 44 pixels wide');
    await page.tap('#udp');
    assert.equal(await page.getAttribute('#udp', 'aria-pressed'), 'false');
    await page.tap('#controls-button');
    assert.equal(await page.locator('#udp').isVisible(), false);
    assert.deepEqual(page.faults, []);
    await page.done();
  }
});

test('a kiosk hides what needs a hand, walks a few pixels, and lets the layers take turns', async () => {
  const page = await b.newPage(browser);
  await page.clock.install();
  await page.goto(`${mock.url}?kiosk=1&cycle=5`);
  await b.drawn(page);
  for (const hidden of ['#zoom', '#more', '#direction', '#unit', '#window']) {
    assert.equal(await page.isVisible(hidden), false, hidden);
  }
  for (const shown of ['#tcp', '#udp', '#legend', '#status', '#not-drawn', '#credits']) {
    assert.ok(await page.isVisible(shown), shown);
  }
  const layers = () =>
    page.evaluate(() => ['tcp', 'udp'].map((id) => document.getElementById(id).ariaPressed).join());
  const seen = new Set();
  const shifts = new Set();
  for (let second = 0; second < 20; second++) {
    await page.clock.runFor(1000);
    seen.add(await layers());
  }
  for (let minute = 0; minute < 16; minute++) {
    await page.clock.fastForward(60000);
    const box = await page.locator('#legend').boundingBox();
    shifts.add(`${Math.round(box.x)},${Math.round(box.y)}`);
  }
  assert.deepEqual([...seen].sort(), ['false,true', 'true,false', 'true,true']);
  assert.ok(shifts.size >= 10, `${[...shifts]}`);
  const xs = [...shifts].map((shift) => Number(shift.split(',')[0]));
  assert.ok(Math.max(...xs) - Math.min(...xs) <= 6, 'a few pixels only');
  assert.equal(new URL(page.url()).search, '?kiosk=1&cycle=5', 'its turns are not in the address');

  await page.keyboard.press('t'); // a hand stops the turns for a while
  const chosen = await layers();
  await page.clock.runFor(15000);
  assert.equal(await layers(), chosen);
  // and what it chose is not what the wall shows for good, once an upgrade has reloaded it
  for (const key of ['t', 'u', 't']) {
    await page.keyboard.press(key);
    assert.equal(new URL(page.url()).search, '?kiosk=1&cycle=5');
  }
  await page.done();
});
