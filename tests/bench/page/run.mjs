// SPDX-License-Identifier: BSD-3-Clause
// What the page costs a wall PC without a GPU, and what others would cost on the same data.
//
//   node run.mjs [--json FILE] [--places 100000] [--size 3840x2160] [--runs 3] [--updates 2000]
//                [--idle 30] [--only NAME,...]
//
// Chromium has neither a GPU nor --enable-unsafe-swiftshader, as on such a PC; MapLibre, which then has no
// WebGL, is run a second time with it ("maplibre-swiftshader"), so that there is a number to compare.
//
//   first_heat_s   from the start of the navigation to the first heat on the screen
//   update_ms      from the JSON text in hand to the heat drawn: parse, apply, draw
//   update_shown_ms  the same, two animation frames later
//   cpu_s          CPU time of all browser processes in --idle seconds, an update every 10 s
//   pss_mb         memory of all browser processes; renderer_mb: of the renderer
// of ours, over --updates updates: heap and renderer memory after a tenth of them and at the end.
//
// Needs: npm ci --ignore-scripts here and in lib/page.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { serve } from './server.mjs';

const page = createRequire(new URL('../../../lib/page/package.json', import.meta.url));
const { chromium } = page('playwright-core');
const DIST = fileURLToPath(new URL('../../../lib/page/dist/', import.meta.url));
const TICKS = 100; // USER_HZ
const PERIOD_MS = 10000;

const COLUMNS = ['first_heat_s', 'update_ms', 'update_shown_ms', 'cpu_s', 'pss_mb', 'renderer_mb'];

// What the page is built to: at most so much at 4K with 100,000 places. These machines are shared and
// differ, so each goal stands beside what Leaflet took on the machine where it was set, and the ratio
// of the two is a goal of its own: that one holds on any machine.
const GOALS = {
  first_heat_s: { most: 1, leaflet: 1.1 },
  update_ms: { most: 150, leaflet: 339 },
  cpu_s: { most: 1.2, leaflet: 1.86 }, // in 30 s
};
const GOAL_GZIP_BYTES = 330000;
const GOAL_GROWTH = 0.1; // of heap and of renderer memory

const SUBJECTS = {
  ours: { path: '' },
  leaflet: { path: 'peers/leaflet.html' },
  maplibre: { path: 'peers/maplibre.html' },
  'maplibre-swiftshader': {
    path: 'peers/maplibre.html',
    flags: ['--enable-unsafe-swiftshader'],
  },
};

function options() {
  const given = process.argv.slice(2);
  const value = (name, fallback) => {
    const at = given.indexOf(`--${name}`);
    return at < 0 ? fallback : given[at + 1];
  };
  const [width, height] = value('size', '3840x2160').split('x').map(Number);
  return {
    json: value('json', null),
    places: Number(value('places', 100000)),
    runs: Number(value('runs', 3)),
    updates: Number(value('updates', 2000)),
    idle: Number(value('idle', 30)),
    only: value('only', Object.keys(SUBJECTS).join()).split(','),
    width,
    height,
  };
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.floor(sorted.length / 2)] : null;
};
const round = (value, digits = 2) => (value === null ? null : Number(value.toFixed(digits)));

// ---- processes ----

/** All descendants of a process, itself too: [{pid, renderer}]. */
function familyOf(root) {
  const parents = new Map();
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // it has ended meanwhile
    }
  }
  const family = new Set([root]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (family.has(parent) && !family.has(pid)) grown = family.add(pid) && true;
    }
  }
  return [...family];
}

/** CPU seconds of all of them, those included that have ended. */
function cpuSeconds(root) {
  let ticks = 0;
  for (const pid of familyOf(root)) {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      for (const i of [11, 12, 13, 14]) ticks += Number(fields[i]); // utime stime cutime cstime
    } catch {
      // it has ended meanwhile
    }
  }
  return ticks / TICKS;
}

/** Proportional set size in MB: of all, and of the renderers. */
function memory(root) {
  let all = 0;
  let renderer = 0;
  for (const pid of familyOf(root)) {
    try {
      const rollup = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      const megabytes = Number(/^Pss:\s+(\d+)/m.exec(rollup)[1]) / 1000;
      all += megabytes;
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (command.includes('--type=renderer')) renderer += megabytes;
    } catch {
      // it has ended meanwhile
    }
  }
  return { all, renderer };
}

// ---- one browser ----

async function withBrowser(flags, { width, height }, run) {
  const server = await chromium.launchServer({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    ignoreDefaultArgs: ['--enable-unsafe-swiftshader'],
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...flags,
    ],
  });
  const browser = await chromium.connect(server.wsEndpoint());
  try {
    const context = await browser.newContext({ viewport: { width, height } });
    const tab = await context.newPage();
    await tab.addInitScript(watchUpdates);
    return await run(tab, server.process().pid);
  } finally {
    await browser.close();
    await server.close();
  }
}

/**
 * Runs in the page. Ours takes its JSON by Response.json() and notes each drawn period in
 * #stage[data-period]; the peers note their own updates.
 */
function watchUpdates() {
  window.updates = [];
  let from = 0;
  Response.prototype.json = async function json() {
    const text = await this.text();
    from = performance.now();
    return JSON.parse(text);
  };
  document.addEventListener('DOMContentLoaded', () => {
    const stage = document.getElementById('stage');
    if (!stage) return;
    new MutationObserver(() => {
      const update = { period: Number(stage.dataset.period), from, to: performance.now() };
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          window.updates.push({ ...update, shown: performance.now() });
          if (window.updates.length > 50) window.updates.shift();
        }),
      );
    }).observe(stage, { attributeFilter: ['data-period'] });
  });
}

const drawn = (tab, period) =>
  tab.waitForFunction(
    (wanted) => window.updates?.find((update) => update.period === wanted) ?? false,
    period,
    { timeout: 120000, polling: 20 },
  );

/** The first update drawn; null when the page cannot draw one, and faults then say why. */
async function firstDrawn(tab, period, faults) {
  let over = false;
  const broken = async () => {
    while (!over && !faults.length) await new Promise((later) => setTimeout(later, 200));
    if (!over) await new Promise((later) => setTimeout(later, 2000)); // it may get over it
    return null;
  };
  const seen = drawn(tab, period).then(
    (handle) => handle.jsonValue(),
    (error) => {
      faults.push(error.message.split('\n')[0]);
      return null;
    },
  );
  const first = await Promise.race([seen, broken()]);
  over = true; // or the bench would wait for a fault for ever
  return first;
}

async function measureOnce(subject, bench, settings) {
  return withBrowser(subject.flags ?? [], settings, async (tab, pid) => {
    const faults = [];
    tab.on('pageerror', (error) => faults.push(error.message));
    tab.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    const period = bench.next();
    await tab.goto(bench.url + subject.path);
    const started = await firstDrawn(tab, period, faults);
    if (!started) return { error: faults[0].slice(0, 200) };
    const first = (started.shown ?? started.to) / 1000;

    // An update at once, as often as it takes for a median.
    const updates = [];
    const shown = [];
    for (let i = 0; i < 4; i++) {
      const next = bench.next();
      await tab.evaluate(() =>
        window.again ? window.again() : document.dispatchEvent(new Event('visibilitychange')),
      );
      const update = await (await drawn(tab, next)).jsonValue();
      updates.push(update.to - update.from);
      shown.push((update.shown ?? update.to) - update.from);
    }

    // At rest, with an update every ten seconds.
    const before = cpuSeconds(pid);
    const end = Date.now() + settings.idle * 1000;
    while (Date.now() < end) {
      bench.next();
      await new Promise((later) => setTimeout(later, Math.min(PERIOD_MS, end - Date.now())));
    }
    const cpu = cpuSeconds(pid) - before;
    const { all, renderer } = memory(pid);
    return {
      first_heat_s: first,
      update_ms: median(updates),
      update_shown_ms: median(shown),
      cpu_s: cpu,
      pss_mb: all,
      renderer_mb: renderer,
    };
  });
}

/** The subjects in turn, so that a machine's slow minute is everybody's: medians by subject. */
async function measure(bench, settings) {
  const runs = Object.fromEntries(settings.only.map((name) => [name, []]));
  for (let i = 0; i < settings.runs; i++) {
    for (const name of settings.only) {
      if (runs[name].at(-1)?.error) continue; // it will not draw a second time either
      runs[name].push(
        await measureOnce(SUBJECTS[name], bench, settings).catch((error) => ({
          error: error.message.split('\n')[0],
        })),
      );
      process.stderr.write(`  run ${i + 1}: ${name} ${JSON.stringify(runs[name].at(-1))}\n`);
    }
  }
  return Object.fromEntries(
    Object.entries(runs).map(([name, all]) => {
      const { error } = all.at(-1);
      if (error) return [name, { error }];
      const medians = COLUMNS.map((key) => [key, round(median(all.map((run) => run[key])))]);
      return [name, { ...Object.fromEntries(medians), runs: all }];
    }),
  );
}

/** Heap and memory of our page over many updates, all of them fetched and drawn. */
async function soak(bench, settings) {
  return withBrowser([], settings, async (tab, pid) => {
    await tab.goto(bench.url);
    const session = await tab.context().newCDPSession(tab);
    const look = async () => {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      return { heap_mb: usedSize / 1e6, renderer_mb: memory(pid).renderer };
    };
    let early = null;
    for (let i = 1; i <= settings.updates; i++) {
      const period = bench.next({ gzip: false });
      await tab.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await drawn(tab, period);
      if (i === Math.ceil(settings.updates / 10)) early = await look();
    }
    const end = await look();
    return {
      updates: settings.updates,
      heap_mb: [round(early.heap_mb), round(end.heap_mb)],
      heap_growth: round(end.heap_mb / early.heap_mb - 1, 3),
      renderer_mb: [round(early.renderer_mb), round(end.renderer_mb)],
      renderer_growth: round(end.renderer_mb / early.renderer_mb - 1, 3),
    };
  });
}

/** What a browser loads of us, as the server sends it. */
function bytes() {
  const files = ['index.html', 'app.js', 'app.css', 'world.json'];
  const fonts = ['fonts/ahn-latin.woff2', 'fonts/ahn-latin-ext.woff2'];
  const sum = (names, size) =>
    names.reduce((total, name) => total + size(fs.readFileSync(DIST + name)), 0);
  return (
    sum(files, (data) => gzipSync(data, { level: 9 }).length) + sum(fonts, (data) => data.length)
  );
}

const settings = options();
const bench = await serve(settings.places);
const size = `${settings.width}x${settings.height}`;
const result = {
  places: settings.places,
  size,
  page_gzip_bytes: bytes(),
  subjects: {},
  ratios: {},
};
console.log(`${settings.places} places at ${size}, median of ${settings.runs} runs`);
const row = (name, cells) =>
  console.log(name.padEnd(28) + cells.map((cell) => String(cell).padStart(16)).join(''));
const verdict = (met) => (met ? 'met' : 'MISSED');
row('', COLUMNS);
result.subjects = await measure(bench, settings);
for (const [name, measured] of Object.entries(result.subjects)) {
  if (measured.error) console.log(`${name.padEnd(28)}  no map: ${measured.error}`);
  else
    row(
      name,
      COLUMNS.map((key) => measured[key]),
    );
}
const { ours } = result.subjects;
for (const [name, peer] of Object.entries(result.subjects)) {
  if (!ours || ours.error || name === 'ours' || peer.error) continue;
  const ratios = COLUMNS.map((key) => [key, round(peer[key] / ours[key])]);
  result.ratios[name] = Object.fromEntries(ratios);
  row(
    `${name} / ours`,
    ratios.map(([, ratio]) => ratio),
  );
}
if (ours && !ours.error) {
  const { leaflet } = result.subjects;
  for (const [key, { most, leaflet: then }] of Object.entries(GOALS)) {
    const now = key === 'cpu_s' ? (ours[key] * 30) / settings.idle : ours[key];
    let text = `${key}: ${round(now)} of at most ${most}: ${verdict(now <= most)}`;
    if (leaflet && !leaflet.error) {
      const ratio = leaflet[key] / ours[key];
      const least = then / most;
      text += `; Leaflet takes ${round(ratio)} times as much, of at least ${round(least)}: ${verdict(ratio >= least)}`;
    }
    console.log(text);
  }
}
console.log(
  `page, map and fonts: ${result.page_gzip_bytes} of at most ${GOAL_GZIP_BYTES} bytes gzip: ` +
    verdict(result.page_gzip_bytes <= GOAL_GZIP_BYTES),
);
if (settings.updates && settings.only.includes('ours')) {
  result.soak = await soak(bench, settings);
  for (const what of ['heap', 'renderer']) {
    const [early, end] = result.soak[`${what}_mb`];
    const growth = result.soak[`${what}_growth`];
    console.log(
      `${settings.updates} updates: ${what} ${early} -> ${end} MB, ${round(100 * growth, 1)} % of at ` +
        `most ${100 * GOAL_GROWTH} %: ${verdict(growth <= GOAL_GROWTH)}`,
    );
  }
}
await bench.stop();
if (settings.json)
  fs.writeFileSync(settings.json, `${JSON.stringify({ page: result }, null, 2)}\n`);
