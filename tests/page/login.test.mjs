// SPDX-License-Identifier: BSD-3-Clause
// The page where a password is given, against the real server.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as b from './browser.mjs';
import { BINARY, makeFolder, missing, startServer, stopAll } from './server.mjs';

const PASSWORD = 'correct horse, Ähre';

let browser;
let folder;
let server;
let token;

test.before(async () => {
  if (missing) return;
  folder = makeFolder();
  const users = folder.file('users');
  const add = (words, input) =>
    execFileSync(BINARY, ['--users', users, ...words], { input, encoding: 'utf8' }).trim();
  add(['--add-user', 'anna'], `${PASSWORD}\n`);
  token = add(['--add-token', 'wall'], '');
  server = await startServer({
    database: folder.database('world'),
    capture: folder.capture('plain'),
    options: ['--users', users],
    headers: { Authorization: `Bearer ${token}` },
  });
  browser = await b.launch();
});
test.after(async () => {
  await browser?.close();
  await stopAll();
  folder?.remove();
});

const known = (page) =>
  page.faults.filter((fault) => !/401|429|Unauthorized|Too Many/.test(String(fault)));

test('a wrong password, the right one, and out', { skip: missing }, async () => {
  const page = await b.newPage(browser);
  await page.goto(server.url);
  await page.locator('#login').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'name');
  await page.keyboard.type('anna');
  await page.keyboard.press('Tab');
  await page.keyboard.type('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('No such name, or another password.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('#stage').waitFor();
  await b.drawn(page);
  assert.equal(await b.statusOf(page), 'LIVE');
  const [cookie] = await page.context().cookies();
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, 'Strict');
  assert.equal(await page.evaluate(() => document.cookie), '');
  // the session ends elsewhere: the page comes to the login by itself
  await page.context().clearCookies();
  await page.locator('#login').waitFor();
  assert.deepEqual(known(page), []);
  await page.done();
});

test('a wall opens its address, and the token is gone from it', { skip: missing }, async () => {
  const page = await b.newPage(browser);
  await page.goto(`${server.url}?kiosk=1&token=${token}`);
  await b.drawn(page);
  assert.equal(new URL(page.url()).search, '?kiosk=1');
  assert.deepEqual(page.faults, []);
  await page.done();
});
