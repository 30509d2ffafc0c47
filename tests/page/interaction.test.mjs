// SPDX-License-Identifier: BSD-3-Clause
// A hand walks up: mouse, finger, keyboard. Long, because all of it happens in one browser: a start
// for each file would cost more than the tests.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';

const places = makePlaces(300);
let browser;
let mock;

test.before(async () => {
  browser = await b.launch();
  mock = await startMock({ places });
});
test.after(async () => {
  await browser.close();
  await mock.stop();
});

const settled = async (page) => {
  await page.waitForTimeout(50); // let the wheel's event reach the page
  await b.atRest(page);
};

async function centreOn(page, { lat, lon }) {
  const at = await b.onStage(page, { lat, lon });
  const box = await b.stageBox(page);
  return { x: box.x + at.x, y: box.y + at.y };
}

test('the wheel zooms about the pointer, a drag pans, 0 shows the world', async () => {
  const page = await b.open(browser, mock.url);
  // What lies under the pointer at a view: from the address, which holds the middle and the zoom.
  const pointer = await centreOn(page, { lat: 30, lon: 60 });
  await page.mouse.move(pointer.x, pointer.y);
  await page.mouse.wheel(0, -700);
  await page.waitForFunction(() => /at=/.test(location.search));
  const zoomed = b.viewOf(page);
  assert.ok(zoomed.zoom > 2, JSON.stringify(zoomed));
  assert.ok(zoomed.lon > 11 && zoomed.lon < 60 && zoomed.lat < 40, JSON.stringify(zoomed));

  await page.mouse.down();
  await page.mouse.move(pointer.x + 120, pointer.y + 40, { steps: 4 });
  await page.mouse.up();
  await settled(page);
  const panned = b.viewOf(page);
  assert.ok(panned.lon < zoomed.lon - 5 && panned.lat > zoomed.lat, JSON.stringify(panned));
  assert.equal(panned.zoom, zoomed.zoom);
  assert.equal(await page.isVisible('#card'), false, 'a drag is no click');

  await page.keyboard.press('0');
  await settled(page);
  assert.equal(b.viewOf(page).zoom, 1);
  await page.done();
});

test('the point under the pointer stays there while the wheel zooms', async () => {
  const spot = { ...places[0], lat: 48.86, lon: 2.35 };
  const own = await startMock({ places: [spot] });
  const page = await b.open(browser, own.url);
  const at = await b.onStage(page, spot);
  const box = await b.stageBox(page);
  await page.mouse.move(box.x + at.x, box.y + at.y);
  await page.mouse.wheel(0, -600);
  await page.waitForFunction(() => /at=/.test(location.search));
  await b.atRest(page);
  const [, , , alpha] = await b.heatAt(page, at);
  assert.ok(alpha > 200, `the dot is still there: ${alpha}`);
  await page.done();
  await own.stop();
});

test('the world is round: panning goes on beyond 180 degrees', async () => {
  const page = await b.open(browser, `${mock.url}?at=0,11,4`);
  const seen = [];
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('ArrowRight');
    await settled(page);
    seen.push(b.viewOf(page).lon);
  }
  assert.ok(
    seen.every((lon) => Math.abs(lon) <= 180),
    `${seen}`,
  );
  assert.ok(
    seen.some((lon) => lon < -100),
    `beyond the Pacific: ${seen}`,
  );
  const steps = seen.slice(1).map((lon, i) => (lon - seen[i] + 720) % 360);
  assert.ok(Math.max(...steps) - Math.min(...steps) < 0.1, `in equal steps: ${steps}`);
  await page.done();
});

test('180 degrees in the middle: both sides of the Pacific beside each other', async () => {
  const [first] = places;
  const here = [
    { ...first, name: 'Suva', country: 'FJ', lat: -18.1, lon: 178.4 },
    { ...first, name: 'Apia', country: 'WS', lat: -13.8, lon: -171.8 },
    { ...first, name: 'Auckland', country: 'NZ', lat: -36.8, lon: 174.8 },
    { ...first, name: 'Honolulu', country: 'US', lat: 21.3, lon: -157.9 },
  ];
  const own = await startMock({ places: here });
  for (const at of ['-10,180,2', '-10,-180,2', '-10,180,1', '-15,-171.8,5']) {
    const page = await b.open(browser, `${own.url}?at=${at}`);
    const wanted = Number(at.split(',')[1]);
    const zoom = Number(at.split(',')[2]);
    const found = await page.evaluate(() =>
      [...document.querySelectorAll('#labels .spot')].map((spot) => {
        const box = spot.getBoundingClientRect();
        return [spot.textContent, box.left];
      }),
    );
    const left = (name) => found.find(([text]) => text.includes(name))?.[1];
    // where the whole world is seen there is no room for the label of each
    if (zoom > 1) assert.ok(left('Suva') < left('Apia'), `${at}: ${JSON.stringify(found)}`);
    if (zoom < 5) assert.ok(left('Auckland') < left('Honolulu'), at);
    // the land of both hemispheres is there: Fiji is drawn on either side of its meridian
    const land = await page.evaluate(() => {
      const canvas = document.getElementById('base');
      const context = canvas.getContext('2d');
      const half = canvas.width >> 1;
      return [0, half].map((x) => {
        const { data } = context.getImageData(x, 0, half, canvas.height);
        const kinds = new Set();
        for (let i = 0; i < data.length; i += 4) kinds.add((data[i] << 8) | data[i + 1]);
        return kinds.size;
      });
    });
    assert.ok(land[0] > 2 && land[1] > 2, `${at}: land on both sides, ${land}`);
    const view = b.viewOf(page);
    if (zoom > 1) assert.ok(Math.abs(((view.lon - wanted + 540) % 360) - 180) < 0.5, `${at}`);
    await page.done();
  }
  await own.stop();
});

test('buttons and keys zoom and pan', async () => {
  const page = await b.open(browser, mock.url);
  await page.click('#zoom-in');
  await settled(page);
  assert.ok(Math.abs(b.viewOf(page).zoom - 1.6) < 0.01);
  await page.click('#zoom-out');
  await settled(page);
  assert.equal(b.viewOf(page).zoom, 1);
  for (const key of ['+', '+', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
  await settled(page);
  const moved = b.viewOf(page);
  assert.ok(Math.abs(moved.zoom - 2.25) < 0.01 && moved.lon > 15, JSON.stringify(moved));
  await page.keyboard.press('-');
  await page.click('#zoom-world');
  await settled(page);
  assert.equal(b.viewOf(page).zoom, 1);
  await page.done();
});

test('two fingers pinch, one finger pans, a tap opens the card', async () => {
  const page = await b.open(browser, mock.url, { hasTouch: true });
  const session = await page.context().newCDPSession(page);
  const touch = (type, points) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: points.map(([x, y], id) => ({ x, y, id })),
    });
  await touch('touchStart', [
    [500, 500],
    [600, 500],
  ]);
  for (let i = 1; i <= 5; i++) {
    await touch('touchMove', [
      [500 - 30 * i, 500],
      [600 + 30 * i, 500],
    ]);
  }
  await touch('touchEnd', []);
  await page.waitForFunction(
    () => Number(new URLSearchParams(location.search).get('at')?.split(',')[2]) > 3,
  );
  const pinched = b.viewOf(page);
  assert.ok(pinched.zoom > 3 && pinched.zoom < 5, JSON.stringify(pinched));

  await touch('touchStart', [[700, 500]]);
  for (let i = 1; i <= 5; i++) await touch('touchMove', [[700 + 30 * i, 500]]);
  await touch('touchEnd', []);
  await settled(page);
  const panned = b.viewOf(page);
  assert.ok(panned.lon < pinched.lon - 3, JSON.stringify([pinched, panned]));

  await page.keyboard.press('0');
  await settled(page);
  const spot = await page.locator('.ring').first().boundingBox();
  await page.touchscreen.tap(spot.x + spot.width / 2, spot.y + spot.height / 2);
  await page.waitForSelector('#card:not([hidden])');
  assert.deepEqual(page.faults, []);
  await page.done();
});

/** What the card must say of a place. */
async function assertCard(page, place) {
  await page.waitForSelector('#card li'); // the talkers have come
  const text = await page.innerText('#card');
  const number = (value) => new Intl.NumberFormat('en-GB').format(value).replaceAll(',', '\u202f');
  assert.ok(text.includes(place.name), text);
  assert.match(text, /\d+\.\d\d° [NS] \d+\.\d\d° [EW]/);
  assert.ok(text.includes(number(place.counters[0])), `TCP packets in ${text}`);
  assert.ok(text.includes(number(place.counters[1])), `UDP packets in ${text}`);
  assert.match(text, /[kMG]?B\b/);
  assert.match(text, /\d %/);
  assert.match(text, /Sent .* received/);
  assert.match(text, /203\.0\.113\.1/);
}

const firstSpot = async (page) => {
  const spot = page.locator('.spot').first();
  const id = Number(await spot.getAttribute('data-id'));
  return { spot, place: places.find((one) => one.id === id) };
};

test('a click on a hot spot gives place, counts, shares and talkers; Esc closes', async () => {
  const page = await b.open(browser, mock.url);
  const { spot, place } = await firstSpot(page);
  await spot.click();
  await assertCard(page, place);
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#card'), false);
  await spot.click();
  await page.click('#card .close');
  assert.equal(await page.isVisible('#card'), false);
  await page.done();
});

test('the pointer over a ring opens the card, and leaving closes it', async () => {
  const page = await b.open(browser, mock.url);
  const { place } = await firstSpot(page);
  const ring = await page.locator('.ring').first().boundingBox();
  await page.mouse.move(ring.x + ring.width / 2, ring.y + ring.height / 2);
  await assertCard(page, place);
  const sea = await centreOn(page, { lat: -40, lon: 80 });
  await page.mouse.move(sea.x, sea.y, { steps: 3 });
  await page.waitForSelector('#card', { state: 'hidden' });
  await page.mouse.move(ring.x + ring.width / 2, ring.y + ring.height / 2);
  await page.waitForSelector('#card:not([hidden])');
  await page.hover('#legend');
  await page.waitForSelector('#card', { state: 'hidden' });
  await page.done();
});

test('the pointer over a label opens the card of its place', async () => {
  const page = await b.open(browser, mock.url);
  const { spot, place } = await firstSpot(page);
  const box = await spot.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y - 5);
  await page.mouse.move(x + 20, y, { steps: 10 }); // onto it, and along it
  await page.waitForSelector('#card:not([hidden])', { timeout: 3000 });
  await assertCard(page, place);
  await page.done();
});

test('keyboard focus on a hot spot opens its card; Tab reaches everything', async () => {
  const page = await b.open(browser, mock.url);
  const reached = new Set();
  let carded = false;
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const { activeElement: element } = document;
      const style = getComputedStyle(element);
      const name =
        element.id ||
        (element.classList.contains('spot') && 'spot') ||
        element.closest('[role=group], .list')?.id ||
        element.tagName;
      return { name, outline: Number.parseFloat(style.outlineWidth), shown: style.outlineStyle };
    });
    reached.add(at.name);
    if (at.name !== 'BODY') {
      assert.ok(at.outline >= 2 && at.shown !== 'none', `visible focus on ${at.name}`);
    }
    if (at.name === 'spot' && !carded) {
      await page.waitForSelector('#card:not([hidden])');
      carded = true;
    }
  }
  for (const wanted of [
    'map',
    'spot',
    'tcp',
    'udp',
    'direction',
    'unit',
    'window',
    'save',
    'help-button',
    'zoom-in',
    'zoom-world',
    'cities',
  ]) {
    assert.ok(reached.has(wanted), `${wanted} in ${[...reached]}`);
  }
  assert.ok(carded);
  await page.done();
});

/** What has the focus, so that it can be told from another. */
const focusOf = (page) =>
  page.evaluate(() => {
    const { activeElement: element } = document;
    return element.closest('li, .spot, #card')?.innerText.split('\n')[0] ?? element.tagName;
  });

test('the focus stays where it is while periods pass', async () => {
  const own = await startMock({ places, interval: 1 });
  const page = await b.open(browser, own.url);
  const nextPeriods = async () => {
    const period = Number(await page.getAttribute('#stage', 'data-period'));
    await b.drawn(page, period + 2);
  };
  const city = page.locator('#cities button').nth(2);
  await city.focus();
  const before = await focusOf(page);
  // another city overtakes it: the focus goes with the city, not with the rank
  const next = Number(await page.getAttribute('#cities li:nth-child(4) button', 'data-id'));
  own.state.places = places.map((place) =>
    place.id === next ? { ...place, counters: place.counters.map((value) => 100 * value) } : place,
  );
  await nextPeriods();
  assert.equal(await focusOf(page), before);

  await page.locator('.spot').first().click();
  await page.locator('#card .close').focus();
  await nextPeriods();
  assert.equal(await page.evaluate(() => document.activeElement.className), 'close');
  await page.done();
  await own.stop();
});

test('a card that was closed by Esc stays closed; one open by focus stays open', async () => {
  const own = await startMock({ places, interval: 1 });
  const page = await b.open(browser, own.url);
  const nextPeriods = async () => {
    const period = Number(await page.getAttribute('#stage', 'data-period'));
    await b.drawn(page, period + 2);
  };
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.waitForSelector('#card:not([hidden])');
  const spot = await focusOf(page);
  await nextPeriods();
  assert.ok(await page.isVisible('#card'), 'open');
  assert.equal(await focusOf(page), spot);
  await page.keyboard.press('ArrowUp'); // the labels go while the map moves
  await settled(page);
  assert.equal(await focusOf(page), spot);
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#card'), false);
  await nextPeriods();
  assert.equal(await page.isVisible('#card'), false, 'closed');
  assert.equal(await focusOf(page), spot);
  await page.done();
  await own.stop();
});

test('1 to 9 go to hot spots, a city of the list too', async () => {
  const page = await b.open(browser, mock.url);
  const { place } = await firstSpot(page);
  await page.keyboard.press('1');
  await assertCard(page, place);
  const view = b.viewOf(page);
  assert.ok(view.zoom >= 8 && Math.abs(view.lat - place.lat) < 1, JSON.stringify(view));
  await page.keyboard.press('0');
  await settled(page);
  await page.locator('#cities button').nth(1).click();
  await page.waitForSelector('#card:not([hidden])');
  await settled(page);
  assert.ok(b.viewOf(page).zoom >= 8);
  await page.done();
});

test('the card stays open and follows while periods pass', async () => {
  const own = await startMock({ places, interval: 1 });
  const page = await b.open(browser, own.url);
  const { spot, place } = await firstSpot(page);
  await spot.click();
  await assertCard(page, place);
  const double = { ...place, counters: place.counters.map((value) => 2 * value) };
  own.state.places = places.map((one) => (one.id === place.id ? double : one));
  own.state.nextPeriod();
  const wanted = new Intl.NumberFormat('en-GB')
    .format(double.counters[0])
    .replaceAll(',', '\u202f');
  await page.waitForFunction(
    (text) => document.getElementById('card').innerText.includes(text),
    wanted,
  );
  await page.done();
  await own.stop();
});

test('a late answer about one place does not bring its card back over the next', async () => {
  const page = await b.newPage(browser);
  await page.clock.install();
  const late = [];
  await page.route('**/api/v1/place/*', (route) => late.push(route));
  await page.goto(mock.url);
  await b.drawn(page);
  await page.clock.pauseAt(Date.now() + 5000); // from here on the timers are ours
  const name = async (i) => (await page.locator('.spot').nth(i).innerText()).replace(/ \S+$/, '');
  const [first, second] = [await name(0), await name(1)];
  await page.locator('.spot').nth(0).hover();
  await page.clock.runFor(100);
  assert.equal(await page.innerText('#card h2'), first);
  await page.clock.runFor(300);
  await b.until(() => late.length >= 1);
  await page.locator('.spot').nth(1).hover();
  await page.clock.runFor(100);
  assert.equal(await page.innerText('#card h2'), second);
  await late[0].continue().catch(() => {}); // it may be withdrawn by now
  await new Promise((later) => setTimeout(later, 500));
  assert.equal(await page.innerText('#card h2'), second);
  await page.clock.runFor(300);
  await b.until(() => late.length >= 2);
  await late[1].continue();
  await page.waitForSelector('#card li');
  assert.equal(await page.innerText('#card h2'), second);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('an answer about a place follows it when its rank has changed meanwhile', async () => {
  const own = await startMock({ places, interval: 1 });
  own.state.stuck = true;
  const page = await b.newPage(browser);
  const late = [];
  await page.route('**/api/v1/place/*', (route) => late.push(route));
  await page.goto(own.url);
  await b.drawn(page);
  const { spot, place } = await firstSpot(page);
  await spot.click();
  await b.until(() => late.length >= 1);
  const period = Number(await page.getAttribute('#stage', 'data-period'));
  // Answer between the period's redraw and the card's next question: nothing may go by its old row.
  const answered = page.evaluate(
    (wanted) =>
      new Promise((done) => {
        const stage = document.getElementById('stage');
        new MutationObserver(() => stage.dataset.period > wanted && done()).observe(stage, {
          attributes: true,
        });
      }),
    period,
  );
  own.state.places = [...places.filter(({ id }) => id !== place.id).slice(0, 50), place];
  own.state.nextPeriod();
  await answered;
  await late[0].continue().catch(() => {});
  await page.waitForTimeout(400);
  for (const route of late.slice(1)) await route.continue();
  await page.waitForSelector('#card li');
  assert.equal(await page.innerText('#card h2'), place.name);
  await page.done();
  await own.stop();
});

test('the talkers of a card are those of the layers, direction and unit that are shown', async () => {
  const page = await b.newPage(browser);
  const talkers = [
    ['192.0.2.1', 900, 0, 9000, 0, 900, 0, 9000, 0],
    ['192.0.2.2', 800, 1, 8000, 60, 0, 0, 0, 0],
    ['192.0.2.3', 0, 7, 0, 99999, 0, 7, 0, 99999],
  ];
  await page.route('**/api/v1/place/*', async (route) => {
    const answer = await (await route.fetch()).json();
    await route.fulfill({ json: { ...answer, talkers } });
  });
  const listed = async (query) => {
    await page.goto(mock.url + query);
    await b.drawn(page);
    await page.locator('.spot').first().click();
    await page.waitForSelector('#card li');
    return (await page.locator('#card li .address').allInnerTexts()).map((text) => text.at(-1));
  };
  assert.deepEqual(await listed(''), ['1', '2', '3']);
  assert.deepEqual(await listed('?tcp=0'), ['3', '2']);
  assert.deepEqual(await listed('?tcp=0&dir=src'), ['3']);
  assert.deepEqual(await listed('?by=octets'), ['3', '1', '2']);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('a card says whose networks its hosts are in, the busiest first', async () => {
  const page = await b.newPage(browser);
  const networks = [
    [64500, 'Small', 10, 0, 9000, 0, 10, 0, 9000, 0],
    [3320, 'Deutsche Telekom AG', 800, 100, 8000, 60, 0, 0, 0, 0],
    [0, '', 5, 5, 50, 50, 5, 5, 50, 50],
    [64502, 'Fourth', 1, 0, 9, 0, 1, 0, 9, 0],
  ];
  await page.route('**/api/v1/place/*', async (route) => {
    const answer = await (await route.fetch()).json();
    await route.fulfill({ json: { ...answer, talkers: [], networks } });
  });
  const listed = async (query) => {
    await page.goto(mock.url + query);
    await b.drawn(page);
    await page.locator('.spot').first().click();
    await page.waitForSelector('#card li');
    return page.locator('#card li .address').allInnerTexts();
  };
  const [telekom, small] = ['AS3320 Deutsche Telekom AG', 'AS64500 Small'];
  // equally many keep the order that they came in
  assert.deepEqual(await listed(''), [telekom, small, 'nobody says whose']);
  assert.match(await page.innerText('#card'), /12 hosts since the start; no address is shown/);
  assert.deepEqual(await listed('?by=octets'), [small, telekom, 'nobody says whose']);
  assert.deepEqual(await listed('?tcp=0'), [telekom, 'nobody says whose']);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('a card says what is the finest that is known, beside the radius that the database gives', async () => {
  const said = [
    [{ name: '', code: 'RU', radius: 500 }, /within 500 km$/],
    [{ name: '', code: 'RU', radius: -1 }, /only the country is known/],
    [{ name: 'Europe', code: '', radius: -1 }, /only the continent is known/],
    [{ name: 'Omsk', code: 'RU', radius: 20 }, /within 20 km$/],
  ];
  for (const [over, wanted] of said) {
    const own = await startMock({ places: [{ ...places[0], ...over }] });
    const page = await b.open(browser, own.url);
    await page.locator('.spot').first().click();
    await page.waitForSelector('#card li');
    assert.match(await page.innerText('#card .where'), wanted);
    await page.done();
    await own.stop();
  }
});

test('the own side can be left out, by button, key and address, and only where there is one', async () => {
  const none = await b.open(browser, mock.url);
  assert.equal(await none.isVisible('#whose'), false);
  assert.equal(await none.isVisible('#ways'), false);
  await none.keyboard.press('o');
  assert.doesNotMatch(none.url(), /side/);
  await none.done();

  const own = await startMock({ places: [{ ...places[0], own: 1 }, ...places.slice(1, 40)] });
  own.state.over = { totals: { ways: { through: 10, in: 600, out: 380, inside: 10 } } };
  const page = await b.open(browser, own.url);
  assert.equal(await page.innerText('#ways'), 'in 60 % · out 38 % · inside 1.0 % · through 1.0 %');
  const side = await page.locator('#side').boundingBox();
  const ways = await page.locator('#ways').boundingBox();
  assert.ok(ways.y + ways.height <= side.y + side.height, 'it fits below the lists');
  const count = (wanted) =>
    page.waitForFunction(
      (text) => document.querySelector('#tile-places b').textContent === text,
      wanted,
    );
  const pressed = () => page.innerText('#whose [aria-pressed=true]');
  await count('40');
  assert.equal(await pressed(), 'All');
  await page.locator(`.spot[data-id="${places[0].id}"]`).click();
  assert.match(await page.innerText('#card .where'), /our own side/);
  await page.click('#whose button[value=remote]');
  await count('39');
  assert.equal(await pressed(), 'Remote');
  assert.match(page.url(), /side=remote/);
  assert.match(await page.innerText('#legend-note'), /^Remote side only/);
  assert.match(await page.getAttribute('#save', 'href'), /side=remote/);
  assert.equal(await page.isVisible('#card'), false, 'its place is not shown any more');
  await page.keyboard.press('o');
  await count('40');
  assert.match(page.url(), /side=all/);
  await page.done();
  const linked = await b.open(browser, `${own.url}?side=remote&window=5m`);
  await linked.waitForFunction(() => document.querySelector('#tile-places b').textContent === '39');
  assert.ok(own.state.requests.includes('/api/v1/heat?window=5m&side=remote'));
  await linked.done();
  await own.stop();
});

test('an answer about a place that makes no sense breaks nothing', async () => {
  const page = await b.newPage(browser);
  await page.route('**/api/v1/place/*', (route) => route.fulfill({ status: 200, body: '{}' }));
  await page.goto(mock.url);
  await b.drawn(page);
  await page.locator('.spot').first().click();
  await page.waitForFunction(() => /not known now/.test(document.getElementById('card').innerText));
  assert.deepEqual(page.faults, []);
  await page.done();
});

test('a place that the server forgot says so in its card', async () => {
  const page = await b.newPage(browser);
  await page.route('**/api/v1/place/*', (route) =>
    route.fulfill({ status: 404, contentType: 'application/json', body: '{"error":"no"}' }),
  );
  await page.goto(mock.url);
  await b.drawn(page);
  await page.locator('.spot').first().click();
  await page.waitForFunction(() => /not known now/.test(document.getElementById('card').innerText));
  await page.done();
});

/** Opens the page under a clock of its own, and gives what lets a minute and a half pass. */
async function underClock(query) {
  const page = await b.newPage(browser);
  await page.clock.install();
  await page.goto(`${mock.url}?reset=60${query}`);
  await b.drawn(page);
  // A little at a time: timers that are due fire, the others go on by themselves.
  const longAfter = async () => {
    for (let i = 0; i < 3; i++) await page.clock.fastForward(30000);
  };
  return { page, longAfter };
}

test('after the chosen time without a hand the map goes home', async () => {
  const { page, longAfter } = await underClock('');
  await page.keyboard.press('+');
  await settled(page);
  assert.ok(b.viewOf(page).zoom > 1);
  await longAfter();
  await page.waitForFunction(() => !/at=/.test(location.search));
  await page.done();

  const { page: wall, longAfter: later } = await underClock('&at=48,9,6');
  await wall.keyboard.press('0');
  await wall.waitForFunction(() => !/at=/.test(location.search));
  await later();
  await wall.waitForFunction(() => /at=48/.test(location.search));
  assert.ok(Math.abs(b.viewOf(wall).zoom - 6) < 0.01, 'home is where the address was');
  await wall.done();
});

test('a card and the help that were left open close, too', async () => {
  const { page, longAfter } = await underClock('');
  await page.locator('.spot').first().click();
  await page.waitForSelector('#card:not([hidden])');
  await longAfter();
  await page.waitForSelector('#card', { state: 'hidden' });
  await page.keyboard.press('?');
  assert.ok(await page.isVisible('#help'));
  await longAfter();
  await page.waitForSelector('#help', { state: 'hidden' });
  await page.done();
});

test('a map that was only dragged goes home, too', async () => {
  const { page, longAfter } = await underClock('');
  const { spot } = await firstSpot(page);
  const before = await spot.boundingBox();
  await page.mouse.move(700, 600);
  await page.mouse.down();
  await page.mouse.move(700, 800, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(
    (y) => Math.abs(document.querySelector('.spot').getBoundingClientRect().y - y) > 20,
    before.y,
  );
  await longAfter();
  await page.waitForFunction(
    (y) => Math.abs(document.querySelector('.spot').getBoundingClientRect().y - y) < 2,
    before.y,
  );
  await page.done();
});

test('a home near the edge of the world is a home: the map rests there', async () => {
  const { page, longAfter } = await underClock('&at=84,-168,2');
  await longAfter();
  await b.atRest(page);
  await page.evaluate(() => {
    window.moves = 0;
    new MutationObserver(() => window.moves++).observe(document.getElementById('labels'), {
      attributes: true,
    });
  });
  await longAfter();
  await b.atRest(page);
  assert.equal(await page.evaluate(() => window.moves), 0);
  await page.done();
});

test('the window buttons ask the server for their time, and the address keeps it', async () => {
  const page = await b.open(browser, mock.url);
  assert.equal(await page.getAttribute('#window button[value=start]', 'aria-pressed'), 'true');
  await page.click('#window button[value="5m"]');
  await page.waitForFunction(
    () => document.querySelector('#window button[value="5m"]').ariaPressed === 'true',
  );
  assert.ok(page.asked.some((url) => url.endsWith('/api/v1/heat?window=5m')));
  assert.match(page.url(), /window=5m/);
  assert.match(await page.getAttribute('#save', 'href'), /window=5m/);
  await page.keyboard.press('w');
  await page.waitForFunction(
    () => document.querySelector('#window button[value="1h"]').ariaPressed === 'true',
  );
  await page.done();
});

test('? opens the help, Esc closes it, and keys do nothing meanwhile', async () => {
  const page = await b.open(browser, mock.url);
  await page.keyboard.press('?');
  assert.ok(await page.isVisible('#help'));
  await page.keyboard.press('t');
  assert.equal(await page.getAttribute('#tcp', 'aria-pressed'), 'true');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#help'), false);
  await page.done();
});

test('axe-core finds nothing: at rest, with a card, with the help, stale, empty, as a kiosk', async () => {
  const axe = fs.readFileSync(b.fileOf('axe-core/axe.min.js'), 'utf8');
  const own = await startMock({ places, interval: 1 });
  const page = await b.newPage(browser, { bypassCSP: true });
  const check = async (what) => {
    const found = await page.evaluate(async () => {
      const { violations } = await window.axe.run(document);
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    assert.deepEqual(found, [], what);
  };
  const go = async (query) => {
    await page.goto(own.url + query);
    await b.drawn(page);
    await page.evaluate(axe);
  };
  await go('');
  await check('at rest');
  await page.locator('.spot').first().click();
  await page.waitForSelector('#card li');
  await check('with a card');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await check('with the help');
  await page.keyboard.press('Escape');
  await page.keyboard.press('t');
  await check('with a layer off');
  own.state.mode = 'refuse';
  await b.waitForStatus(page, 'STALE');
  await check('stale');
  own.state.mode = 'ok';
  own.state.kept = true;
  await go('?past=2026-11-22T14:00:00Z,2026-11-22T16:00:00Z');
  await b.waitForStatus(page, 'PAST');
  await page.waitForSelector('#track-marks span');
  await check('the past');
  own.state.kept = false;
  own.state.places = [];
  await go('?kiosk=1');
  await check('an empty kiosk');
  await page.done();
  await own.stop();
});

test('nothing moves by itself: no animation or transition, as prefers-reduced-motion asks', async () => {
  const page = await b.open(browser, mock.url, { reducedMotion: 'reduce' });
  await page.mouse.dblclick(600, 600);
  const running = await page.evaluate(() => document.getAnimations().length);
  assert.equal(running, 0);
  await page.done();
});
