// SPDX-License-Identifier: BSD-3-Clause
// What the wall admits: is the picture fresh, is something wrong, and if the map is empty, why.
// The three functions on top are pure: they give words, Status puts them on the page.

import { byId, setText } from './dom.js';
import * as format from './formats.js';
import { fleetText } from './fleet.js';
import { rangeText } from './spans.js';

/** The pill: {word, look}. Colour is never alone: each look has its own shape. */
export function pillOf(freshness, snapshot) {
  if (freshness === 'snapshot') return { word: 'SNAPSHOT', look: 'snapshot' };
  if (freshness === 'past') return { word: 'PAST', look: 'past' };
  if (freshness === 'waiting') return { word: 'WAITING', look: 'waiting' };
  if (freshness === 'no-data') return { word: 'NO DATA', look: 'offline' };
  if (freshness === 'live' && snapshot?.state === 'over') return { word: 'OVER', look: 'snapshot' };
  return { word: freshness.toUpperCase(), look: freshness };
}

/** What stands over a map of the past: whose time it is, and what is wrong with it. */
export function pastBanner(range, snapshot, error) {
  const parts = [rangeText(range)];
  if (error) parts.push(`cannot be shown now (${error})`);
  const { past, sensor } = snapshot?.past ? snapshot : {};
  if (!error && sensor?.lost_total > 0) {
    parts.push(`${format.count(sensor.lost_total)} packets were lost before they were counted`);
  }
  if (!error && past?.damaged_rows > 0) parts.push('a part is damaged on disk and missing here');
  return { text: parts.join(' · '), look: 'past' };
}

const HTTP_ERROR = /^HTTP \d+$/;

const snapshotName = ({ sensor }) => [sensor.name, ...sensor.sources].join(', ');

/** Of which sensors the map is, where it is not of all. */
function onlyText(snapshot) {
  const { sensor, group, sensors } = snapshot.only;
  return `Only ${sensor === null ? `${group}: ${sensors} sensors` : snapshotName(snapshot)}`;
}

/** The banner: {text, look, age}, or null. The worst first. `age` goes on by the second. */
export function bannerOf({ freshness, age, failures, error, snapshot, generated, away = false }) {
  if (freshness === 'no-data') {
    return failures > 1
      ? { text: `No data from the server yet (${error})`, look: 'offline' }
      : null;
  }
  if (freshness === 'offline' || freshness === 'stale') {
    let what = 'The server answers, but brings no new period';
    if (failures && HTTP_ERROR.test(error)) what = `The server answers with an error (${error})`;
    else if (failures) what = 'Server not reachable';
    else if (away) what = 'Kafka does not answer';
    return {
      text: `${what}: last data ${format.utc(generated)}`,
      age: `, ${format.age(age)} ago`,
      look: freshness,
    };
  }
  if (!snapshot) return null;
  const faults = [];
  const only = snapshot.only && onlyText(snapshot);
  if (snapshot.totals.balanced === false) faults.push('The ledger does not balance');
  if (snapshot.sensor.drop_pps > 0) {
    faults.push(
      `${format.rate(snapshot.sensor.drop_pps)} packets/s are lost before they are counted`,
    );
  }
  if (snapshot.sensor.link === 'down' && snapshot.empty !== 'link_down') faults.push('Link down');
  const sensors = fleetText(snapshot.fleet);
  if (sensors) faults.push(sensors);
  if (faults.length) {
    // also beside a fault: a map of one sensor must not look like the map of all
    return { text: [only, ...faults].filter(Boolean).join(' · '), look: 'warn' };
  }
  if (only) return { text: only, look: 'note' };
  if (snapshot.state === 'over' && !snapshot.empty) {
    return { text: 'The capture is over: this is all of it', look: 'note' };
  }
  return null;
}

/** Why the map is empty: [title, explanation], or null. */
export function emptyOf(snapshot, selection, drawn) {
  if (!selection.tcp && !selection.udp) {
    return ['Both layers are off', 'Switch on TCP or UDP: keys T and U.'];
  }
  if (!snapshot) return null;
  const { sensor, totals } = snapshot;
  const from = sensor.sources.join(', ') || sensor.name;
  const seen = Object.values(totals.addresses).reduce((sum, count) => sum + count, 0);
  if (snapshot.state === 'past' && snapshot.empty) {
    return snapshot.empty === 'no_data'
      ? ['Nothing was counted', 'The program did not run then, or that time is no longer kept.']
      : ['No place had traffic', 'Nothing that has a place on the map came or went then.'];
  }
  const over = snapshot.state === 'over' ? 'The capture is over. ' : '';
  switch (snapshot.empty) {
    case '':
      break;
    case 'no_packets':
      return over
        ? ['The capture is over', `${from} brought no packet.`]
        : ['No packets yet', `Listening on ${from}. The map fills when traffic arrives.`];
    case 'link_down':
      return ['Link down', `${from} has no carrier: look at the cable and the switch port.`];
    case 'all_private':
      return [
        'Only private addresses',
        `${over}${format.exact(seen)} addresses counted, none of them has a place on the map.`,
      ];
    case 'no_layer':
      return ['Neither TCP nor UDP', `${over}Packets arrive, but all are of other protocols.`];
    case 'not_in_database':
      return [
        'Not in the database',
        `${over}${sensor.geo_db} knows none of the ${format.exact(totals.addresses.not_in_database)} public addresses counted.`,
      ];
    case 'no_database':
      return ['No database', `${over}Without a geolocation database nothing has a place.`];
    default:
      return ['Nothing to draw', `${over}The server says: ${snapshot.empty}`];
  }
  if (drawn) return null;
  const layers = selection.tcp && selection.udp ? 'TCP or UDP' : selection.tcp ? 'TCP' : 'UDP';
  const way = { both: '', src: ' sent', dst: ' received' }[selection.direction];
  return [`No ${layers}${way}`, `${over}No place has any in the time shown.`];
}

export class Status {
  pill(pill) {
    const node = byId('status');
    setText(node, pill.word);
    if (node.className !== `pill ${pill.look}`) node.className = `pill ${pill.look}`;
    byId('stage').classList.toggle('old', pill.look === 'offline');
  }

  /** Gives whether it has come or gone: then labels have another room. */
  banner(banner) {
    const node = byId('banner');
    const changed = node.hidden === Boolean(banner);
    node.hidden = !banner;
    if (!banner) return changed;
    node.className = banner.look;
    setText(byId('banner-text'), banner.text);
    setText(byId('banner-age'), banner.age ?? '');
    return changed;
  }

  empty(reason) {
    const node = byId('empty');
    node.hidden = !reason;
    if (!reason) return;
    setText(byId('empty-title'), reason[0]);
    setText(byId('empty-text'), reason[1]);
  }

  clock(date) {
    setText(byId('clock'), format.utcTime(date));
    setText(byId('date'), `${format.utcDate(date)} UTC`);
    setText(byId('local-clock'), format.localTime(date));
  }
}
