// SPDX-License-Identifier: BSD-3-Clause
import test from 'node:test';
import assert from 'node:assert/strict';
import { readAddress, writeAddress } from '../../lib/page/src/url-state.js';

const selection = { tcp: true, udp: true, direction: 'both', unit: 'packets' };

test('an empty address is everything since the start', () => {
  assert.deepEqual(readAddress(''), {
    selection,
    window: null,
    side: null,
    sensor: '',
    group: '',
    at: null,
    past: null,
    span: null,
    countries: false,
    night: false,
    against: '',
    replay: 0,
    kiosk: false,
    cycle: 0,
    reset: 120,
  });
});

test('each parameter is read', () => {
  assert.deepEqual(
    readAddress(
      '?tcp=0&dir=dst&by=octets&window=5m&side=remote&sensor=a&group=west&at=-33.9,151.2,6&view=countries&night=1&kiosk=1&cycle=7&reset=0',
    ),
    {
      selection: { tcp: false, udp: true, direction: 'dst', unit: 'octets' },
      window: '5m',
      side: 'remote',
      sensor: 'a',
      group: 'west',
      at: { lat: -33.9, lon: 151.2, zoom: 6 },
      past: null,
      span: null,
      countries: true,
      night: true,
      against: '',
      replay: 0,
      kiosk: true,
      cycle: 7,
      reset: 0,
    },
  );
});

test('nonsense is the default', () => {
  const read = readAddress(
    '?tcp=yes&dir=up&by=frames&window=../x&side=left&at=1,2&view=cities&night=yes&cycle=-1&reset=soon',
  );
  assert.deepEqual(read, readAddress(''));
  for (const window of ['nonsense', '2m', 'NOW', '5m ', '']) {
    assert.equal(readAddress(`?window=${window}`).window, null, window); // the server would say 400
  }
  for (const at of [
    ',,5',
    '1,,5',
    '91,0,2',
    '0,181,2',
    '0,0,0.5',
    '0,0,65',
    'a,b,c',
    '1,2,3,4',
    '',
  ]) {
    assert.equal(readAddress(`?at=${at}`).at, null, at);
  }
});

test('written and read again it is the same, and foreign parameters stay', () => {
  const state = {
    selection: { tcp: true, udp: false, direction: 'src', unit: 'octets' },
    window: '1h',
    side: 'all',
    at: { lat: 48.857, lon: 2.352, zoom: 8 },
    countries: true,
    night: true,
  };
  const search = writeAddress('?kiosk=1&theme=x', state);
  const read = readAddress(search);
  assert.deepEqual(read.selection, state.selection);
  assert.equal(read.window, '1h');
  assert.equal(read.side, 'all');
  assert.deepEqual(read.at, state.at);
  assert.equal(read.countries, true);
  assert.equal(read.night, true);
  assert.equal(read.kiosk, true);
  assert.match(search, /theme=x/);
});

test('a kiosk whose address has a layer off takes no turns, unless it says so', () => {
  const cycleOf = (search) => readAddress(search).cycle;
  assert.equal(cycleOf('?kiosk=1'), 30);
  assert.equal(cycleOf('?kiosk=1&tcp=0'), 0);
  assert.equal(cycleOf('?kiosk=1&udp=0&cycle=20'), 20);
});

test('defaults are not written', () => {
  assert.equal(writeAddress('?tcp=0&dir=src', { selection, window: null, at: null }), '');
});
