// SPDX-License-Identifier: BSD-3-Clause
// Three clocks, each of which may lie: the age must not.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Freshness } from '../../lib/page/src/freshness.js';

const INTERVAL = 10;

/** A world in which time passes, with the clocks that look at it. */
function world({ wallError = 0 } = {}) {
  const start = 1_800_000_000;
  let now = 0;
  const errors = { wall: wallError, server: 0, monotonic: 0 };
  const freshness = new Freshness();
  const clocks = () => ({
    monotonic: 50 + now + errors.monotonic,
    wall: start + now + errors.wall,
  });
  const server = () => Math.floor(start + now + errors.server); // Date has whole seconds
  let generated = start;
  return {
    freshness,
    errors,
    pass: (seconds) => (now += seconds),
    newPeriod: () => (generated = start + now + errors.server),
    answer: () => freshness.answered({ generated, interval: INTERVAL, server: server() }, clocks()),
    same: () => freshness.unchanged(server(), clocks()),
    age: () => freshness.age(clocks()),
    state: () => freshness.state(clocks()),
    serverTime: () => freshness.serverTime(clocks()) - start,
    clocks,
  };
}

const near = (value, wanted, tolerance = 1.1) =>
  assert.ok(Math.abs(value - wanted) <= tolerance, `${value} is not near ${wanted}`);

test('waiting, then live, stale after 2.5 intervals, offline after 6', () => {
  const w = world();
  assert.equal(w.state(), 'waiting');
  w.answer();
  assert.equal(w.state(), 'live');
  w.pass(24);
  assert.equal(w.state(), 'live');
  w.pass(3);
  assert.equal(w.state(), 'stale');
  w.pass(34);
  assert.equal(w.state(), 'offline');
  w.newPeriod();
  w.answer();
  assert.equal(w.state(), 'live');
});

test('no answer at all is no data', () => {
  const w = world();
  w.freshness.failed('refused');
  assert.equal(w.state(), 'no-data');
});

test('the first answer may already be old', () => {
  const w = world();
  w.pass(300);
  w.answer();
  near(w.age(), 300);
  assert.equal(w.state(), 'offline');
});

test('a wrong clock of the wall PC neither raises nor hides an alarm', () => {
  for (const wallError of [-3 * 3600, 3 * 3600]) {
    const w = world({ wallError });
    w.answer();
    near(w.age(), 0);
    w.pass(30);
    w.same();
    near(w.age(), 30);
    assert.equal(w.state(), 'stale');
    near(w.serverTime(), 30);
  }
});

test("a jump of the server's clock between two polls of one period changes nothing", () => {
  for (const jump of [-3600, 3600]) {
    const w = world();
    w.answer();
    w.pass(5);
    w.errors.server = jump;
    w.same();
    near(w.age(), 5);
    assert.equal(w.state(), 'live');
  }
});

test("a jump of the server's clock between a period's end and the answer raises no alarm", () => {
  const w = world();
  w.answer();
  w.pass(10);
  w.newPeriod();
  w.errors.server = 3600;
  w.pass(0.5);
  w.answer();
  assert.equal(w.state(), 'live');
  w.pass(10);
  w.newPeriod();
  w.answer();
  near(w.age(), 0);
});

test('a jump of the PC clock changes nothing', () => {
  for (const jump of [-7200, 7200]) {
    const w = world();
    w.answer();
    w.pass(8);
    w.errors.wall = jump;
    w.same();
    near(w.age(), 8);
  }
});

test('a PC that slept finds out how old its picture is', () => {
  const w = world();
  w.answer();
  w.errors.monotonic = -3600; // stood still for the hour that now passes
  w.pass(3600);
  w.same();
  near(w.age(), 3600);
  assert.equal(w.state(), 'offline');
});

test('a server that stands still for a while and comes back is fresh again', () => {
  const w = world();
  w.answer();
  for (let i = 0; i < 10; i++) {
    w.pass(10);
    w.same();
  }
  near(w.age(), 100);
  assert.equal(w.state(), 'offline');
  w.newPeriod();
  w.answer();
  assert.equal(w.state(), 'live');
});

test('the next look comes soon after the next period is due, later after failures', () => {
  const w = world();
  w.answer();
  near(w.freshness.untilNext(w.clocks()), 10.3, 1);
  w.pass(8);
  near(w.freshness.untilNext(w.clocks()), 2.3, 1);
  w.pass(8);
  near(w.freshness.untilNext(w.clocks()), 2, 0.01); // overdue: every fifth of an interval
  for (let i = 0; i < 9; i++) w.freshness.failed('refused');
  assert.equal(w.freshness.untilNext(w.clocks()), 30);
});

test('rounding of Date does not pull the age about', () => {
  const w = world();
  w.answer();
  for (let i = 0; i < 30; i++) {
    w.pass(0.61);
    w.same();
  }
  near(w.age(), 18.3, 1.01);
});
