// SPDX-License-Identifier: BSD-3-Clause
// The real binary on a capture and a database that the repository's own scripts make.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOOLS = path.join(ROOT, 'tests/tools');
const PYTHON = '/usr/bin/python3';
const PATIENCE_MS = 60000;

export const BINARY = path.resolve(
  process.env.PACKET_HEATMAP ?? path.join(ROOT, 'build-test/app/packet-heatmap'),
);
/** For { skip }: why the real server cannot be tested here, or false. */
export const missing = fs.existsSync(BINARY) ? false : `no binary at ${BINARY}`;

/** A folder for databases, captures and what the server writes. */
export function makeFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'packet-heatmap-page-'));
  const file = (name) => path.join(folder, name);
  return {
    file,
    /** `world`: a JSON file of tests/tools. */
    database(world, schema = 'geolite2') {
      const out = file(`${world}.${schema}.mmdb`);
      const input = path.join(TOOLS, `${world}.json`);
      execFileSync(PYTHON, [path.join(TOOLS, 'make_mmdb.py'), '--schema', schema, input, out]);
      return out;
    },
    /** One of the captures of tests/tools/make_captures.py. */
    capture(name) {
      execFileSync(PYTHON, [path.join(TOOLS, 'make_captures.py'), folder, name], {
        stdio: 'ignore',
      });
      return file(`${name}.pcap`);
    },
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

const running = new Set();

/** What a test that failed has left: its process would keep this one from ending. */
export const stopAll = () => Promise.all([...running].map((stop) => stop()));

/** Starts the binary and waits for its first period. `port`: 0 for one that is free; `headers`: of the
 * questions whether it is there. */
export async function startServer({ database, capture, port = 0, options = [], headers = {} }) {
  const small = ['--hosts-per-lane', '4096', '--hosts-total', '65536'];
  const source = ['--pcap', capture, '--pcap-loop', '--pcap-rate', '5000'];
  const process_ = spawn(
    BINARY,
    [
      ...source,
      ...small,
      ...['--geo-db', database, '--listen', `127.0.0.1:${port}`, '--period', '1'],
      ...options,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [process_.stdout, process_.stderr]) {
    stream.on('data', (text) => (said += text));
  }
  const deadline = Date.now() + PATIENCE_MS;
  let url;
  for (;;) {
    url ??= said.match(/the map is at (http:\S+)/)?.[1];
    const answer = url && (await fetch(`${url}api/v1/heat`, { headers }).catch(() => null));
    if (answer?.ok && (await answer.json()).period > 0) break;
    if (process_.exitCode !== null || Date.now() > deadline) {
      process_.kill('SIGKILL');
      throw new Error(`the server did not come up:\n${said}`);
    }
    await new Promise((later) => setTimeout(later, 50));
  }
  /** SIGTERM, as a service manager sends it; gives the exit code. */
  const stop = async () => {
    running.delete(stop);
    if (process_.exitCode !== null) return process_.exitCode;
    process_.kill('SIGTERM');
    const late = setTimeout(() => process_.kill('SIGKILL'), PATIENCE_MS);
    const [code] = await once(process_, 'exit');
    clearTimeout(late);
    return code;
  };
  running.add(stop);
  return { url, port: Number(new URL(url).port), stop, said: () => said };
}
