// SPDX-License-Identifier: BSD-3-Clause
// The page and the real server, replaying a capture.
import test from 'node:test';
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { pathToFileURL } from 'node:url';
import * as b from './browser.mjs';
import { makeFolder, missing, startServer, stopAll } from './server.mjs';

let browser;
let folder;
let server;
let written;

test.before(async () => {
  if (missing) return;
  browser = await b.launch();
  folder = makeFolder();
  written = folder.file('written.html');
  server = await startServer({
    database: folder.database('world'),
    capture: folder.capture('big'),
    options: ['--html', written],
  });
});
test.after(async () => {
  await browser?.close();
  await stopAll();
  folder?.remove();
});

const real = (name, run) => test(name, { skip: missing }, run);

real('both layers draw, each toggle changes the picture, nothing is amiss', async () => {
  const page = await b.open(browser, server.url);
  assert.equal(await b.statusOf(page), 'LIVE');
  assert.ok((await b.litPixels(page)).count > 500);
  await page.click('#udp');
  await b.atRest(page);
  const tcp = await b.litPixels(page);
  assert.ok(tcp.count > 100 && tcp.red > 1.3 * tcp.blue, JSON.stringify(tcp));
  await page.keyboard.press('u');
  await page.keyboard.press('t');
  await b.atRest(page);
  const udp = await b.litPixels(page);
  assert.ok(udp.count > 100 && udp.blue > 1.3 * udp.red, JSON.stringify(udp));
  assert.deepEqual(page.faults, []);
  await page.done();
});

real('the next snapshot arrives by itself, and no request leaves the origin', async () => {
  const page = await b.open(browser, server.url);
  const period = Number(await page.getAttribute('#stage', 'data-period'));
  const packets = () => page.locator('#countries .number').first().innerText();
  const before = await packets();
  await b.drawn(page, period + 2);
  assert.notEqual(await packets(), before, 'the capture goes on, and so do the counts');
  assert.match(await page.innerText('#tile-age'), /\d\d:\d\d:\d\d UTC/);
  for (const url of page.asked) {
    assert.ok(url.startsWith(server.url) || url.startsWith('data:'), url);
  }
  assert.deepEqual(page.faults, []);
  await page.done();
});

real('the numbers of the page are the numbers of the API', async () => {
  const { top, totals } = await (await fetch(`${server.url}api/v1/heat`)).json();
  const page = await b.open(browser, server.url);
  assert.match(
    await page.innerText('#tile-places'),
    new RegExp(`in ${totals.countries} countries\\s+${totals.locations}`),
  );
  const countries = await page.locator('#countries .name').allInnerTexts();
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  assert.equal(countries[0], names.of(top.countries[0][0]));
  assert.equal(totals.balanced, true);
  await page.done();
});

real('every window, direction and unit has its picture', async () => {
  const page = await b.open(browser, server.url);
  for (const window of ['now', '1m', '5m', '1h', '24h', 'start']) {
    await page.click(`#window button[value="${window}"]`);
    await page.waitForFunction(
      (value) => document.querySelector(`#window button[value="${value}"]`).ariaPressed === 'true',
      window,
    );
    await b.atRest(page);
    assert.ok((await b.litPixels(page)).count > 100, window);
  }
  for (const key of ['d', 'd', 'd', 'b']) {
    await page.keyboard.press(key);
    await b.atRest(page);
    assert.ok((await b.litPixels(page)).count > 100, key);
  }
  assert.deepEqual(page.faults, []);
  await page.done();
});

real('an address of nonsense shows what no address shows', async () => {
  const nonsense = '?tcp=x&udp=&dir=up&by=%00&window=nonsense&at=1e9,,NaN&kiosk=2&cycle=x&reset=-1';
  const page = await b.open(browser, server.url + nonsense);
  assert.equal(await b.statusOf(page), 'LIVE');
  assert.equal(await page.getAttribute('#window button[value=start]', 'aria-pressed'), 'true');
  assert.ok((await b.litPixels(page)).count > 500);
  assert.deepEqual(page.faults, []);
  await page.done();
});

real('a hot spot gives its place and its top talkers, which the server keeps', async () => {
  const page = await b.open(browser, server.url);
  const spot = page.locator('.spot').first();
  const id = await spot.getAttribute('data-id');
  const place = await (await fetch(`${server.url}api/v1/place/${id}`)).json();
  await spot.click();
  await page.waitForSelector('#card li');
  const text = await page.innerText('#card');
  assert.ok(text.includes(place.name), `${place.name} in ${text}`);
  assert.ok(text.includes(place.talkers[0][0]), `${place.talkers[0][0]} in ${text}`);
  assert.match(text, /TCP\s+[\d\u202f]+.*UDP\s+[\d\u202f]+/s);
  assert.deepEqual(page.faults, []);
  await page.done();
});

real('accuracy radius and country-only places reach the page', async () => {
  for (const [capture, note, fits] of [
    ['country_only', /only the country is known/, (radius) => radius < 0],
    ['plain', /the place is known only roughly/, (radius) => radius > 0],
  ]) {
    const own = await startServer({
      database: folder.database('world'),
      capture: folder.capture(capture),
    });
    const page = await b.open(browser, own.url);
    assert.match(await page.innerText('#legend-note'), note, capture);
    const heat = await (await fetch(`${own.url}api/v1/heat`)).json();
    const radius = heat.fields.indexOf('radius_km');
    assert.ok(
      heat.points.some((point) => fits(point[radius])),
      JSON.stringify(heat.points),
    );
    assert.deepEqual(page.faults, []);
    await page.done();
    await own.stop();
  }
});

real('the page prints the attribution of the database', async () => {
  const { sensor } = await (await fetch(`${server.url}api/v1/heat`)).json();
  const page = await b.open(browser, server.url);
  const credits = await page.innerText('#credits');
  assert.ok(credits.includes(sensor.attribution || sensor.geo_db), credits);
  assert.match(credits, /Natural Earth/);
  await page.done();
});

real('a capture of private hosts says so on the map', async () => {
  const own = await startServer({
    database: folder.database('world'),
    capture: folder.capture('all_private'),
  });
  const page = await b.open(browser, own.url);
  assert.match(await page.innerText('#empty'), /Only private addresses/);
  assert.match(await page.innerText('#not-drawn'), /100 %/);
  await page.done();
  await own.stop();
});

real('a server that stops and comes back: STALE, then LIVE without a reload', async () => {
  const setup = { database: folder.database('world'), capture: folder.capture('plain') };
  const own = await startServer(setup);
  const page = await b.open(browser, own.url);
  await page.evaluate(() => (window.sameLife = true));
  assert.equal(await own.stop(), 0, own.said());
  await b.waitForStatus(page, 'STALE');
  assert.match(await page.innerText('#banner'), /not reachable/);
  const again = await startServer({ ...setup, port: own.port });
  await b.waitForStatus(page, 'LIVE');
  assert.equal(await page.evaluate(() => window.sameLife), true);
  await page.done();
  await again.stop();
});

real('headers: a strict policy, nosniff, no referrer, and gzip where it is taken', async () => {
  const get = (path, headers = {}) => fetch(server.url + path, { headers });
  for (const path of ['', 'app.js', 'app.css', 'world.json', 'api/v1/heat']) {
    const { headers, status } = await get(path);
    assert.equal(status, 200, path);
    assert.match(headers.get('content-security-policy'), /default-src 'none'/, path);
    assert.doesNotMatch(headers.get('content-security-policy'), /unsafe-/, path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.equal(headers.get('referrer-policy'), 'no-referrer', path);
    assert.equal(headers.get('content-encoding'), 'gzip', `${path}: fetch takes gzip`);
    assert.ok(headers.get('etag'), path);
  }
  const file = await (await get('ip_heatmap.html')).text();
  assert.match(
    file,
    /http-equiv="Content-Security-Policy"\s+content="default-src 'none'; script-src 'sha256-/,
  );
  const { headers } = await get('');
  assert.match(headers.get('content-security-policy'), /frame-ancestors/);
  const html = await (await get('')).text();
  const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)];
  assert.equal(inline.length, 1, 'the base of its addresses, and no other inline script');
  const hash = crypto.createHash('sha256').update(inline[0][1]).digest('base64');
  assert.ok(
    headers
      .get('content-security-policy')
      .includes(`script-src 'self' 'sha256-${hash}'; style-src`),
    'which the policy names',
  );
  assert.doesNotMatch(html, /\bstyle=|\bon\w+=/, 'no inline style, no handlers');
  const plain = await get('app.js', { 'Accept-Encoding': 'identity' });
  assert.equal(plain.headers.get('content-encoding'), null);
});

real('behind a proxy that takes its prefix away, with and without the slash', async () => {
  const asked = [];
  const proxy = http.createServer((request, response) => {
    const inside = /^\/heatmap([/?]|$)/.test(request.url);
    asked.push(request.url);
    if (!inside) {
      response.writeHead(404).end();
      return;
    }
    const rest = request.url.slice('/heatmap'.length).replace(/^\/?/, '');
    http
      .get(server.url + rest, { headers: { 'Accept-Encoding': 'identity' } }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      })
      .on('error', () => response.destroy());
  });
  await new Promise((done) => {
    proxy.listen(0, '127.0.0.1', done);
  });
  for (const at of ['/heatmap/', '/heatmap', '/heatmap?udp=0']) {
    const page = await b.open(browser, `http://127.0.0.1:${proxy.address().port}${at}`);
    await b.waitForStatus(page, 'LIVE');
    assert.ok((await page.locator('#labels > *').count()) > 0, `${at}: names of hot spots`);
    await page.done();
  }
  assert.ok(asked.some((url) => url.startsWith('/heatmap/api/v1/heat')));
  proxy.closeAllConnections();
  await new Promise((done) => {
    proxy.close(done);
  });
});

real('frame-ancestors is a setting', async () => {
  const own = await startServer({
    database: folder.database('world'),
    capture: folder.capture('one'),
    options: ['--frame-ancestors', 'https://wall.example'],
  });
  const { headers } = await fetch(own.url);
  assert.match(headers.get('content-security-policy'), /frame-ancestors https:\/\/wall\.example/);
  await own.stop();
});

real('names of a hostile database are text on the page and in the file', async () => {
  const html = folder.file('hostile.html');
  const own = await startServer({
    database: folder.database('hostile', 'dbip'),
    capture: folder.capture('plain'),
    options: ['--html', html],
  });
  const bad = () =>
    document.querySelectorAll('#labels img, #side img, #labels script, #side script, i i, b b')
      .length;
  const page = await b.newPage(browser);
  page.on('dialog', () => page.faults.push('a dialog'));
  for (const query of ['', '?at=18,27,12', '?at=13,23,40']) {
    await page.goto(own.url + query);
    await b.drawn(page);
    assert.equal(await page.evaluate(bad), 0);
    for (let i = 0; i < (await page.locator('.spot').count()) && i < 4; i++) {
      await page.keyboard.press(String(i + 1));
      await page.waitForTimeout(100);
    }
  }
  assert.deepEqual(page.faults, []);
  const file = await b.newPage(browser);
  await file.goto(pathToFileURL(html).href);
  await b.drawn(file);
  assert.equal(await file.evaluate(bad), 0);
  assert.deepEqual(file.faults, []);
  // That a name of markup is shown as it is, letter by letter: file.test.mjs.
  await file.done();
  await page.done();
  await own.stop();
});

/** What a saved file must do, offline, from disk. */
async function assertFile(path, { lit = 100 } = {}) {
  const page = await b.newPage(browser, { offline: true });
  await page.goto(pathToFileURL(path).href);
  await b.drawn(page);
  assert.equal(await b.statusOf(page), 'SNAPSHOT');
  assert.ok((await b.litPixels(page)).count > lit);
  await page.keyboard.press('u');
  await b.atRest(page);
  const tcp = await b.litPixels(page);
  assert.ok(tcp.red > tcp.blue, 'layers switch');
  await page.keyboard.press('u');
  await page.keyboard.press('1');
  await page.waitForSelector('#card:not([hidden])');
  assert.deepEqual(page.faults, []);
  assert.deepEqual(
    page.asked.filter((url) => !url.startsWith('data:')),
    [pathToFileURL(path).href],
  );
  await page.done();
}

real('Save downloads the file, and it opens from disk', async () => {
  const page = await b.open(browser, `${server.url}?window=1m`);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  assert.equal(download.suggestedFilename(), 'ip_heatmap.html');
  const path = folder.file('saved.html');
  await download.saveAs(path);
  await page.done();
  await assertFile(path);
  assert.ok(fs.statSync(path).size < 1e6);
});

real('/ip_heatmap.html opens in the browser, too', async () => {
  const page = await b.open(browser, `${server.url}ip_heatmap.html`);
  assert.equal(await b.statusOf(page), 'SNAPSHOT');
  assert.ok((await b.litPixels(page)).count > 100);
  assert.deepEqual(page.faults, []);
  assert.deepEqual(
    page.asked.filter((url) => !url.startsWith('data:')),
    [`${server.url}ip_heatmap.html`],
  );
  await page.done();
});

real('--html writes the same, again and again', async () => {
  const generated = () => fs.statSync(written).mtimeMs;
  const first = generated();
  const page = await b.open(browser, server.url);
  const period = Number(await page.getAttribute('#stage', 'data-period'));
  await b.drawn(page, period + 2);
  await page.done();
  assert.ok(generated() > first, 'written again');
  await assertFile(written);
});

real('what the real server keeps is on the strip, and a moment of it on the map', async () => {
  const own = await startServer({
    database: folder.database('world'),
    capture: folder.capture('big'),
    options: ['--history', folder.file('history')],
  });
  const page = await b.open(browser, own.url);
  await page.waitForSelector('#track-marks span');
  // counts go on, so that the order of two that are close changes: the server's own answer decides
  let answer;
  page.on('response', (response) => {
    if (/\bheat\?.*from=/.test(response.url())) answer = response;
  });
  await page.focus('#track');
  await page.keyboard.press('ArrowLeft');
  await b.waitForStatus(page, 'PAST');
  await page.waitForFunction(() =>
    /at least/.test(document.getElementById('talkers-unit').textContent),
  );
  await b.atRest(page);
  assert.ok((await b.litPixels(page)).count > 500);
  const countryOf = new Intl.DisplayNames(['en'], { type: 'region' });
  const shown = (list) => page.locator(`#${list} .name`).allInnerTexts();
  await b.until(async () => {
    const { top } = await answer.json();
    const rows = Object.entries({
      countries: top.countries.map(([code]) => countryOf.of(code)),
      talkers: top.talkers.map(([address, code]) => address + code),
    });
    for (const [list, names] of rows) {
      const these = await shown(list);
      if (!these.length || these.join() !== names.slice(0, these.length).join()) return false;
    }
    return true;
  });
  // and it is of what was live
  const now = await (await fetch(`${own.url}api/v1/heat?window=start`)).json();
  const lived = new Set(now.top.countries.map(([code]) => countryOf.of(code)));
  for (const name of await shown('countries')) assert.ok(lived.has(name), name);

  // Save saves that moment, with the strip around it
  const told = await page.innerText('#banner');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  const path = folder.file('past.html');
  await download.saveAs(path);
  const saved = await b.newPage(browser, { offline: true });
  await saved.goto(pathToFileURL(path).href);
  await b.drawn(saved);
  assert.equal(await b.statusOf(saved), 'SNAPSHOT');
  assert.equal(await saved.innerText('#banner'), told);
  const names = await saved.locator('#countries .name').allInnerTexts();
  assert.ok(names.length && names.every((name) => lived.has(name)), names.join());
  assert.ok((await saved.locator('#track-marks span').count()) > 2);
  assert.equal(await saved.isVisible('#time-buttons'), false);
  // the moment still grows on the server: its time is the same, its packets are more
  const text = await page.getAttribute('#track', 'aria-valuetext');
  const kept = await saved.getAttribute('#track', 'aria-valuetext');
  assert.match(kept, / UTC, [1-9]/);
  assert.equal(kept.split(' UTC')[0], text.split(' UTC')[0]);
  for (const key of ['ArrowLeft', 'Enter', 'End']) await saved.press('#track', key);
  assert.equal(await saved.getAttribute('#track', 'aria-valuetext'), kept, 'it has no other time');
  assert.deepEqual(saved.faults, []);
  await saved.done();

  await page.keyboard.press('l');
  await b.waitForStatus(page, 'LIVE');
  assert.deepEqual(page.faults, []);
  await page.done();
  assert.equal(await own.stop(), 0);
});
