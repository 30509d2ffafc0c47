// SPDX-License-Identifier: BSD-3-Clause
// scripts/kiosk: the one line that starts a wall.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/kiosk', import.meta.url));

/** What the script would start: the browser is a script that prints its arguments. */
function started(...addresses) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'packet-heatmap-kiosk-'));
  const browser = path.join(home, 'browser');
  fs.writeFileSync(browser, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const env = { ...process.env, CHROMIUM: browser, HOME: home, XDG_STATE_HOME: home };
  const lines = execFileSync(SCRIPT, addresses, { env, encoding: 'utf8' }).trim().split('\n');
  fs.rmSync(home, { recursive: true });
  return lines;
}

test('the script starts a kiosk on this machine, or on the address given', () => {
  const here = started();
  assert.ok(here.includes('--kiosk'));
  assert.equal(here.at(-1), 'http://127.0.0.1:8080/?kiosk=1');
  assert.equal(
    started('http://sensor:8080/?cycle=60').at(-1),
    'http://sensor:8080/?cycle=60&kiosk=1',
  );
  assert.equal(
    started('http://sensor/?kiosk=1&at=48,9,6').at(-1),
    'http://sensor/?kiosk=1&at=48,9,6',
  );
});
