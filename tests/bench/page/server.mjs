// SPDX-License-Identifier: BSD-3-Clause
// Serves our page and the peers' pages, and the same data to all of them.
//
// What is measured is the browser: everything is encoded before it is asked for. Four periods of
// made-up traffic come round and round; the server's clock is a virtual one that only a new period
// moves, so that each period looks fresh to the page.

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { feature } from 'topojson-client';
import { POLICY, makePlaceAnswer, makeSnapshot } from '../../page/mock.mjs';
import { makePlaces } from '../../page/world-data.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DIST = fileURLToPath(new URL('../../../lib/page/dist', import.meta.url));
const START = Date.parse('2026-11-23T00:00:00Z');
const VARIANTS = 4;
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};
const require = createRequire(import.meta.url);

function countries() {
  const world = JSON.parse(fs.readFileSync(require.resolve('world-atlas/countries-50m.json')));
  return JSON.stringify(feature(world, world.objects.countries));
}

/** JSON of one variant, cut where the time of the data stands. */
function cutAtTime(places) {
  const text = JSON.stringify(makeSnapshot(places, { time: START, period: 987654321 }));
  const time = `"generated":"${new Date(START).toISOString()}"`;
  const [before, after] = text.split(time);
  const [middle, end] = after.split('"period":987654321');
  return { before, middle, end };
}

export async function serve(count) {
  const places = makePlaces(count);
  const variants = [];
  for (let seed = 1; seed <= VARIANTS; seed++) variants.push(cutAtTime(makePlaces(count, seed)));
  const shared = { '/countries.json': zlib.gzipSync(countries()) };
  let period = 0;
  let current;
  /** The next period, encoded; gzip can be left out where thousands follow each other. */
  const next = ({ gzip = true } = {}) => {
    period++;
    const { before, middle, end } = variants[period % VARIANTS];
    const generated = new Date(START + period * 10000).toISOString();
    const body = Buffer.from(
      `${before}"generated":"${generated}"${middle}"period":${period}${end}`,
    );
    current = gzip ? { body: zlib.gzipSync(body, { level: 6 }), gzip } : { body, gzip };
    return period;
  };
  next();
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://bench');
    const send = (body, type, headers = {}) => {
      response.writeHead(200, {
        'Content-Type': type,
        'Content-Length': body.length,
        'Cache-Control': 'no-cache',
        Date: new Date(START + period * 10000 + 500).toUTCString(),
        ...headers,
      });
      response.end(body);
    };
    if (pathname === '/api/v1/heat') {
      const etag = `"${period}"`;
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304, { Date: new Date(START + period * 10000 + 500).toUTCString() });
        return response.end();
      }
      const packed = current.gzip ? { 'Content-Encoding': 'gzip' } : {};
      return send(current.body, TYPES['.json'], { ETag: etag, ...packed });
    }
    if (pathname.startsWith('/api/v1/place/')) {
      return send(Buffer.from(JSON.stringify(makePlaceAnswer(places[0]))), TYPES['.json']);
    }
    if (shared[pathname]) {
      return send(shared[pathname], TYPES['.json'], { 'Content-Encoding': 'gzip' });
    }
    const peer = pathname.startsWith('/peers/') || pathname.startsWith('/node_modules/');
    const root = peer ? HERE : DIST;
    const file = path.join(root, path.normalize(pathname === '/' ? '/index.html' : pathname));
    if (!file.startsWith(root) || !fs.existsSync(file)) {
      response.writeHead(404);
      return response.end();
    }
    const policy = peer ? {} : { 'Content-Security-Policy': POLICY };
    return send(fs.readFileSync(file), TYPES[path.extname(file)] ?? 'text/plain', policy);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    next,
    stop: () =>
      new Promise((done) => {
        server.close(done);
        server.closeAllConnections();
      }),
  };
}
