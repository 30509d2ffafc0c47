// SPDX-License-Identifier: BSD-3-Clause
// What of a row is shown: which layers, which direction, packets or octets. Pure.
//
// A row's eight counters, as /api/v1/heat sends them:
//   0 tcp_packets      1 udp_packets      2 tcp_octets      3 udp_octets
//   4 tcp_src_packets  5 udp_src_packets  6 tcp_src_octets  7 udp_src_octets
// What a place received is the rest: destination = total - source.

export const DIRECTIONS = ['both', 'src', 'dst'];
export const UNITS = ['packets', 'octets'];
// whose addresses: the server leaves those of its own side out
export const SIDES = ['all', 'remote'];

/** [tcp, udp] of the eight counters that begin at `at`. The layers are not looked at. */
export function amounts(counters, at, { direction, unit }) {
  const first = at + (unit === 'octets' ? 2 : 0);
  const tcp = counters[first];
  const udp = counters[first + 1];
  if (direction === 'both') return [tcp, udp];
  const tcpSource = counters[first + 4];
  const udpSource = counters[first + 5];
  return direction === 'src' ? [tcpSource, udpSource] : [tcp - tcpSource, udp - udpSource];
}

/** The part of [tcp, udp] whose layer is switched on. */
export function shown([tcp, udp], selection) {
  return (selection.tcp ? tcp : 0) + (selection.udp ? udp : 0);
}
