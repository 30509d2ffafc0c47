// SPDX-License-Identifier: BSD-3-Clause
// Numbers, times and names as the wall writes them. Pure.
// One fixed locale: a wall in Stuttgart and one in Denver read the same. SI prefixes (k M G, never
// "B" for 10^9), three significant digits, UTC unless it says otherwise.

const NONE = '–';
const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const GROUP = '\u202f'; // narrow no-break space: 1 284 003

const known = (value) => typeof value === 'number' && Number.isFinite(value);

/** Three significant digits. */
function digits(value) {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** [digits, prefix]: 999999 is ["1.00", "M"], not ["1000", "k"]. */
function scaled(value, prefixes) {
  let rest = value;
  let i = 0;
  while (rest >= 999.5 && i < prefixes.length - 1) {
    rest /= 1000;
    i++;
  }
  return [i === 0 ? String(Math.round(rest)) : digits(rest), prefixes[i]];
}

/** A count: 931, 1.28M. */
export function count(value) {
  return known(value) ? scaled(value, ['', 'k', 'M', 'G', 'T', 'P']).join('') : NONE;
}

/** A rate: as a count, but a trickle keeps a decimal: 0.7, 1.5, 42. */
export function rate(value) {
  if (!known(value)) return NONE;
  if (value > 0 && value < 9.95) return value < 0.05 ? '<0.1' : value.toFixed(1);
  return count(value);
}

/** A count in full, grouped. */
export function exact(value) {
  return known(value) ? whole.format(value).replaceAll(',', GROUP) : NONE;
}

/** [digits, unit]. */
export function bits(perSecond) {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];
  return known(perSecond) ? scaled(perSecond, units) : [NONE, 'bit/s'];
}

export function octets(value) {
  return known(value) ? scaled(value, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']).join(' ') : NONE;
}

/** A power of ten for the legend: 1, 10k, 1 MB. */
export function decade(value, unit) {
  const names = ['', 'k', 'M', 'G', 'T', 'P'];
  const step = Math.min(names.length - 1, Math.floor(Math.log10(value) / 3 + 1e-9));
  const number = Math.round(value / 1000 ** step);
  return unit ? `${number} ${names[step]}${unit}` : `${number}${names[step]}`;
}

/** A share in percent that never rounds something to nothing or a part to the whole. */
export function share(percent) {
  if (!known(percent)) return NONE;
  if (percent <= 0) return '0 %';
  if (percent >= 100) return '100 %';
  if (percent < 0.001) return '<0.001 %';
  if (percent < 0.1) return `${percent.toFixed(3)} %`;
  if (percent > 99.9) return '>99.9 %';
  return percent < 10 || percent > 90 ? `${percent.toFixed(1)} %` : `${percent.toFixed(0)} %`;
}

const two = (value) => String(value).padStart(2, '0');

export function utcTime(date) {
  return [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
}

export function utcDate(date) {
  return [date.getUTCFullYear(), two(date.getUTCMonth() + 1), two(date.getUTCDate())].join('-');
}

export function utc(date) {
  return `${utcDate(date)} ${utcTime(date)} UTC`;
}

/** The viewer's own time, with the zone's short name where the browser knows one. */
export function localTime(date) {
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  const zone = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
    .formatToParts(date)
    .find((part) => part.type === 'timeZoneName');
  return `local ${time}${zone ? ` ${zone.value}` : ''}`;
}

/** Seconds as [digits, unit]: ["8", "s"], ["4:05", "min"], ["26:10", "h"], ["5", "days"]. */
export function ageParts(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 100) return [String(s), 's'];
  if (s < 6000) return [`${Math.floor(s / 60)}:${two(s % 60)}`, 'min'];
  if (s < 360000) return [`${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}`, 'h'];
  return [String(Math.floor(s / 86400)), 'days'];
}

export function age(seconds) {
  return ageParts(seconds).join('\u00a0');
}

/** A length of time in words: 10 s, 5 min, 1 h, 2 h 10 min, 3 days. */
export function span(seconds) {
  if (!known(seconds)) return NONE;
  const s = Math.round(seconds);
  if (s < 120) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return s % 60 ? `${minutes} min ${s % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} days`;
}

export function coordinates(lat, lon) {
  const north = `${Math.abs(lat).toFixed(2)}° ${lat < 0 ? 'S' : 'N'}`;
  return `${north} ${Math.abs(lon).toFixed(2)}° ${lon < 0 ? 'W' : 'E'}`;
}

const regions = new Intl.DisplayNames(['en'], { type: 'region' });

/** "DE" -> "Germany". What is not a code comes back as it is: the name is a database's text. */
export function country(code) {
  if (!code) return 'Unknown';
  if (!/^[A-Z]{2}$/.test(code)) return code;
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

/** "Frankfurt am Main, DE" -> its two halves; the city is empty where the database has none. */
export function splitPlace(name) {
  const at = name.lastIndexOf(', ');
  return at < 0 ? { city: name, code: '' } : { city: name.slice(0, at), code: name.slice(at + 2) };
}

// Databases add districts: "Dallas (Dallas Downtown Historic District)". A label has no room for it.
const LONGEST_LABEL = 28;

/** What to write at a spot. */
export function placeName(name) {
  const { city, code } = splitPlace(name);
  const short = city.replace(/ \(.*\)$/, '');
  if (!short.trim()) return country(code);
  const characters = [...short]; // not halves of them
  if (characters.length <= LONGEST_LABEL) return short;
  return `${characters.slice(0, LONGEST_LABEL - 1).join('')}…`;
}

/** A host as the server tells it; where its addresses are cut, the network that is left. */
export function host(address, anonymised) {
  if (!anonymised) return address;
  const [told, all] = address.includes(':') ? [anonymised.ipv6, 128] : [anonymised.ipv4, 32];
  return told < all ? `${address}/${told}` : address;
}

/** An autonomous system, as people write it. */
export const network = (asn) => `AS${asn}`;

/** Whose a host's network is; '' where nobody says. */
export const networkOf = (asn, name) => (asn ? `${network(asn)} ${name}`.trim() : '');
