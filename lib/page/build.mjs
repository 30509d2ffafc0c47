// SPDX-License-Identifier: BSD-3-Clause
// node build.mjs [FOLDER]: src -> dist, the same bytes each time, and SHA256SUMS beside it. Meson embeds
// the committed dist and never runs this; ./check fails when the two differ.
//
//   index.html app.js app.css world.json fonts/   what the server serves
//   login.html login.js login.css   the same to who is not in yet
//   ip_heatmap.tmpl.html   the same in one file, with one hole for the data: @@IPHEAT_DATA@@
//                          (JSON with < as \u003c, or base64 of gzip of JSON: half the size)
//   licences.txt           of what is inside
// and, beside dist in FOLDER, else in lib/land: countries.tsv

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildCountries } from './tools/countries.mjs';
import { buildWorld } from './tools/world.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const OUT = path.resolve(process.argv[2] ?? HERE);
const DIST = path.join(OUT, 'dist');
const LAND = process.argv[2] ? OUT : path.join(HERE, '../land');
const TARGET = ['chrome100', 'firefox100', 'safari15.4'];
const FONTS = ['latin', 'latin-ext'];
const FONT_PACKAGE = '@fontsource-variable/atkinson-hyperlegible-next';
const HOLE = '@@IPHEAT_DATA@@';

const require = createRequire(import.meta.url);
const source = (name) => fs.readFileSync(path.join(HERE, 'src', name), 'utf8');
const inPackage = (name, file) => path.join(HERE, 'node_modules', name, file);

async function bundle(entry) {
  const result = await build({
    entryPoints: [path.join(HERE, 'src', entry)],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'iife',
    target: TARGET,
    charset: 'utf8',
    legalComments: 'none',
    external: ['fonts/*'],
  });
  return {
    text: result.outputFiles[0].text.trimEnd(),
    inputs: Object.keys(result.metafile.inputs),
  };
}

/** The packages whose code or data the output carries, with their licences. */
function licences(inputs) {
  const packages = new Set(['world-atlas', 'i18n-iso-countries', FONT_PACKAGE]);
  for (const input of inputs) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
  return [...packages]
    .sort()
    .map((name) => {
      const { version, license } = require(inPackage(name, 'package.json'));
      const text = fs.readFileSync(inPackage(name, 'LICENSE'), 'utf8').trim();
      const rule = '-'.repeat(78);
      return `${rule}\n${name} ${version}, ${license}\n${rule}\n\n${text.replaceAll('\r', '')}\n`;
    })
    .join('\n');
}

function hash(text) {
  return `'sha256-${crypto.createHash('sha256').update(text).digest('base64')}'`;
}

function replaceOnce(text, what, by) {
  if (text.split(what).length !== 2) throw new Error(`not exactly once in the page: ${what}`);
  return text.replace(what, () => by);
}

/** Text for <script type="application/json">: nothing in it can end the element. */
function inert(json) {
  return json.replaceAll('<', '\\u003c');
}

function oneFile(html, { js, css, world, fonts }) {
  let style = css;
  for (const [name, data] of Object.entries(fonts)) {
    style = style.replaceAll(
      `fonts/ahn-${name}.woff2`,
      `data:font/woff2;base64,${data.toString('base64')}`,
    );
  }
  if (/<\/(script|style)/i.test(js + style)) throw new Error('the bundle would end its element');
  const policy = [
    "default-src 'none'",
    `script-src ${hash(js)}`,
    `style-src ${hash(style)}`,
    'font-src data:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  // a file loads nothing that a base would be for
  let page = html.replace(/ *<script>[^]*?<\/script>\n/, '');
  page = replaceOnce(
    page,
    '<title>',
    `<meta http-equiv="Content-Security-Policy" content="${policy}" />\n    <title>`,
  );
  page = replaceOnce(page, '<link rel="stylesheet" href="app.css" />', `<style>${style}</style>`);
  page = replaceOnce(
    page,
    '<script src="app.js" defer></script>',
    [
      `<script type="application/json" id="world-data">${inert(world)}</script>`,
      `<script type="application/json" id="heat-data">${HOLE}</script>`,
      `<script>${js}</script>`,
    ].join('\n    '),
  );
  if (page.split(HOLE).length !== 2) throw new Error(`not exactly one ${HOLE}`);
  return page;
}

function write(name, data) {
  const file = path.join(DIST, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, data);
}

const script = await bundle('main.js');
const style = await bundle('app.css');
const login = await bundle('login.js');
const loginStyle = await bundle('login.css');
const html = source('index.html');
const world = JSON.stringify(buildWorld());
const fonts = Object.fromEntries(
  FONTS.map((name) => [
    name,
    fs.readFileSync(
      inPackage(FONT_PACKAGE, `files/atkinson-hyperlegible-next-${name}-wght-normal.woff2`),
    ),
  ]),
);

fs.rmSync(DIST, { recursive: true, force: true });
write('index.html', html);
write('app.js', script.text);
write('app.css', style.text);
write('login.html', source('login.html'));
write('login.js', login.text);
write('login.css', loginStyle.text);
write('world.json', world);
for (const [name, data] of Object.entries(fonts)) write(`fonts/ahn-${name}.woff2`, data);
write('licences.txt', licences(script.inputs));
write('ip_heatmap.tmpl.html', oneFile(html, { js: script.text, css: style.text, world, fonts }));
fs.writeFileSync(path.join(LAND, 'countries.tsv'), buildCountries());

const files = fs
  .readdirSync(DIST, { recursive: true })
  .map((name) => name.split(path.sep).join('/'))
  .filter((name) => fs.statSync(path.join(DIST, name)).isFile())
  .sort();
const sums = files.map((name) => {
  const data = fs.readFileSync(path.join(DIST, name));
  return `${crypto.createHash('sha256').update(data).digest('hex')}  dist/${name}\n`;
});
fs.writeFileSync(path.join(OUT, 'SHA256SUMS'), sums.join(''));
