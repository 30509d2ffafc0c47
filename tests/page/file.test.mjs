// SPDX-License-Identifier: BSD-3-Clause
// The one file: everything but the polling, from disk, without a network.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as b from './browser.mjs';
import { makeFile, makeSnapshot, startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';

const TIME = Date.parse('2026-11-23T00:30:10Z');
let browser;
let folder;

test.before(async () => {
  browser = await b.launch();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'packet-heatmap-file-'));
});
test.after(async () => {
  await browser.close();
  fs.rmSync(folder, { recursive: true });
});

async function openFile(snapshot, { packed = false, query = '' } = {}) {
  const file = path.join(folder, `${packed ? 'packed' : 'plain'}.html`);
  fs.writeFileSync(file, makeFile(snapshot, { packed }));
  const page = await b.newPage(browser, { offline: true });
  await page.goto(pathToFileURL(file).href + query);
  await b.drawn(page);
  return page;
}

for (const packed of [false, true]) {
  test(`opens from disk and does all but poll, its data ${packed ? 'packed' : 'plain'}`, async () => {
    const page = await openFile(makeSnapshot(makePlaces(500), { time: TIME }), { packed });
    assert.equal(await b.statusOf(page), 'SNAPSHOT');
    assert.equal(await page.innerText('#clock'), '00:30:10');
    assert.equal(await page.innerText('#date'), '2026-11-23 UTC');
    assert.match(await page.title(), /2026-11-23 00:30:10 UTC/);
    assert.ok((await b.litPixels(page)).count > 500);
    assert.equal(await page.isVisible('#save'), false);
    assert.deepEqual(await page.locator('#window button').allInnerTexts(), ['Start']);

    await page.keyboard.press('+');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('d');
    await page.keyboard.press('b');
    await b.atRest(page);
    assert.match(await page.innerText('#legend-caption'), /^Octets sent/);
    await page.keyboard.press('1');
    await page.waitForSelector('#card:not([hidden])');
    assert.match(await page.innerText('#card'), /TCP[\s\S]*UDP[\s\S]*Sent/);
    assert.deepEqual(page.faults, []);
    assert.deepEqual(
      page.asked.filter((url) => !/^(file|data):/.test(url)),
      [],
    );
    await page.done();
  });
}

test('hostile names cannot end the data, and are text', async () => {
  const names = ['</script><script>window.owned=1</script>', '<img src=x onerror=window.owned=1>'];
  const places = makePlaces(60).map((place, i) => ({ ...place, name: names[i] ?? place.name }));
  for (const packed of [false, true]) {
    const page = await openFile(makeSnapshot(places, { time: TIME }), { packed });
    assert.equal(await page.evaluate(() => window.owned), undefined);
    assert.equal(await page.locator('#labels img, #side img').count(), 0);
    assert.ok((await page.innerText('#cities')).includes('<'));
    assert.deepEqual(page.faults, []);
    await page.done();
  }
});

test('hostile names are text on the served page', async () => {
  const places = makePlaces(60).map((place, i) =>
    i ? place : { ...place, name: '<img src=x onerror=window.owned=1>' },
  );
  const mock = await startMock({ places });
  const page = await b.open(browser, mock.url);
  await page.locator('.spot').first().click();
  await page.waitForSelector('#card li');
  assert.match(await page.innerText('#card h2'), /^<img src=x/);
  assert.equal(await page.evaluate(() => window.owned), undefined);
  assert.deepEqual(page.faults, []);
  await page.done();
  await mock.stop();
});

test('10,000 places are under 1 MB, packed as the server packs them', () => {
  const snapshot = makeSnapshot(makePlaces(10000), { time: TIME });
  const size = Buffer.byteLength(makeFile(snapshot, { packed: true }));
  assert.ok(size < 1e6, `${size}`);
});

test('the server sends less than 330 kB of page, map and fonts', async () => {
  const mock = await startMock({ places: [] });
  const dist = new URL('../../lib/page/dist/', import.meta.url);
  const { gzipSync } = await import('node:zlib');
  const page = await b.open(browser, mock.url);
  const names = page.asked
    .map((url) => new URL(url).pathname.slice(1) || 'index.html')
    .filter((name) => fs.existsSync(new URL(name, dist)));
  assert.ok(names.includes('app.js') && names.includes('world.json'), `${names}`);
  const all = new Set([...names, 'fonts/ahn-latin.woff2', 'fonts/ahn-latin-ext.woff2']);
  let bytes = 0;
  for (const name of all) bytes += gzipSync(fs.readFileSync(new URL(name, dist))).length;
  assert.ok(bytes < 330e3, `${bytes}`);
  await page.done();
  await mock.stop();
});
