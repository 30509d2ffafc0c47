// SPDX-License-Identifier: BSD-3-Clause
import test from 'node:test';
import assert from 'node:assert/strict';
import * as format from '../../lib/page/src/formats.js';

const table = (name, write, rows) =>
  test(name, () => {
    for (const [value, text] of rows) assert.equal(write(value), text, `${name} of ${value}`);
  });

table('counts have three digits and SI prefixes', format.count, [
  [0, '0'],
  [7, '7'],
  [999, '999'],
  [1000, '1.00k'],
  [9994, '9.99k'],
  [9996, '10.0k'],
  [99949, '99.9k'],
  [99960, '100k'],
  [999499, '999k'],
  [999500, '1.00M'],
  [1284003, '1.28M'],
  [4.2e9, '4.20G'],
  [4.2e12, '4.20T'],
  [NaN, '–'],
  [null, '–'],
]);

table('rates keep a decimal while they are small', format.rate, [
  [0, '0'],
  [0.01, '<0.1'],
  [0.7, '0.7'],
  [9.9, '9.9'],
  [42.4, '42'],
  [1500, '1.50k'],
]);

table('exact numbers are grouped by thin spaces', format.exact, [
  [0, '0'],
  [1284003, '1\u202f284\u202f003'],
]);

table('bits', (value) => format.bits(value).join(' '), [
  [0, '0 bit/s'],
  [999, '999 bit/s'],
  [4.21e9, '4.21 Gbit/s'],
  [100e9, '100 Gbit/s'],
]);

table('octets are decimal: a MB is a million, not 1,048,576', format.octets, [
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [1024, '1.02 kB'],
  [999500, '1.00 MB'],
  [1e6, '1.00 MB'],
  [1048576, '1.05 MB'],
  [52e6, '52.0 MB'],
  [1073741824, '1.07 GB'],
  [1e9, '1.00 GB'],
  [1e12, '1.00 TB'],
  [NaN, '–'],
]);

table('shares never turn something into nothing, or a part into the whole', format.share, [
  [0, '0 %'],
  [0.0001, '<0.001 %'],
  [0.02, '0.020 %'],
  [3.14159, '3.1 %'],
  [55.5, '56 %'],
  [99.95, '>99.9 %'],
  [100, '100 %'],
]);

table('ages', format.age, [
  [-3, '0\u00a0s'],
  [8.9, '8\u00a0s'],
  [245, '4:05\u00a0min'],
  [94200, '26:10\u00a0h'],
  [6 * 86400, '6\u00a0days'],
]);

table('spans', format.span, [
  [10, '10 s'],
  [170, '2 min 50 s'],
  [300, '5 min'],
  [3600, '1 h'],
  [7800, '2 h 10 min'],
  [86400, '24 h'],
  [3 * 86400, '3 days'],
]);

table('coordinates', ([lat, lon]) => format.coordinates(lat, lon), [
  [[48.8566, 2.3522], '48.86° N 2.35° E'],
  [[-33.87, -70.5], '33.87° S 70.50° W'],
]);

table('countries', format.country, [
  ['DE', 'Germany'],
  ['', 'Unknown'],
  ['<b>', '<b>'],
]);

table('names of places', format.placeName, [
  ['Frankfurt am Main, DE', 'Frankfurt am Main'],
  ['Washington, D.C., US', 'Washington, D.C.'],
  [', DE', 'Germany'],
  ['   , DE', 'Germany'],
  ['Dallas (Dallas Downtown Historic District), US', 'Dallas'],
  [`${'L'.repeat(400)}, DE`, `${'L'.repeat(27)}…`],
  [`${'L'.repeat(26)}😀 and on, DE`, `${'L'.repeat(26)}😀…`],
  [`${'😀'.repeat(20)}, DE`, '😀'.repeat(20)],
]);

table('decades of the legend', (value) => format.decade(value, ''), [
  [1, '1'],
  [100, '100'],
  [1000, '1k'],
  [100000, '100k'],
  [1e6, '1M'],
  [1e9, '1G'],
]);

table('decades of octets', (value) => format.decade(value, 'B'), [
  [1000, '1 kB'],
  [1e6, '1 MB'],
  [1e8, '100 MB'],
  [1e9, '1 GB'],
]);

test('a host, or the network that is left of it', () => {
  const cut = { ipv4: 24, ipv6: 48 };
  assert.equal(format.host('192.0.2.1', undefined), '192.0.2.1');
  assert.equal(format.host('192.0.2.0', cut), '192.0.2.0/24');
  assert.equal(format.host('2001:db8::', cut), '2001:db8::/48');
  assert.equal(format.host('::ffff:192.0.2.0', { ipv4: 24, ipv6: 128 }), '::ffff:192.0.2.0');
  assert.equal(format.host('192.0.2.1', { ipv4: 32, ipv6: 48 }), '192.0.2.1');
});

test('times are UTC and say so', () => {
  const date = new Date('2026-03-01T04:05:06Z');
  assert.equal(format.utc(date), '2026-03-01 04:05:06 UTC');
});
