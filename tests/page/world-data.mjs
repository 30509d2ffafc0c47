// SPDX-License-Identifier: BSD-3-Clause
// Made-up traffic, the same for the same numbers: places on the map's own land, with heat that spans
// six decades as real traffic does.

// name | country | latitude | longitude | how large
const CITIES = `
Frankfurt am Main|DE|50.11|8.68|100
London|GB|51.51|-0.13|95
Amsterdam|NL|52.37|4.90|88
Paris|FR|48.86|2.35|72
Ashburn|US|39.04|-77.49|98
New York|US|40.71|-74.01|80
San Jose|US|37.34|-121.89|78
Los Angeles|US|34.05|-118.24|62
Dallas|US|32.78|-96.80|55
Chicago|US|41.88|-87.63|52
Seattle|US|47.61|-122.33|45
Miami|US|25.76|-80.19|41
Toronto|CA|43.65|-79.38|34
Mexico City|MX|19.43|-99.13|20
Bogotá|CO|4.71|-74.07|11
Lima|PE|-12.05|-77.04|8
Santiago|CL|-33.45|-70.67|12
Buenos Aires|AR|-34.60|-58.38|15
São Paulo|BR|-23.55|-46.63|48
Madrid|ES|40.42|-3.70|26
Dublin|IE|53.35|-6.26|42
Zürich|CH|47.38|8.54|18
Milan|IT|45.46|9.19|24
Vienna|AT|48.21|16.37|14
Warsaw|PL|52.23|21.01|20
Stockholm|SE|59.33|18.07|21
Helsinki|FI|60.17|24.94|12
Kyiv|UA|50.45|30.52|14
Moscow|RU|55.76|37.62|30
Novosibirsk|RU|55.03|82.92|6
Istanbul|TR|41.01|28.98|20
Dubai|AE|25.20|55.27|20
Cairo|EG|30.04|31.24|13
Lagos|NG|6.52|3.38|12
Nairobi|KE|-1.29|36.82|8
Johannesburg|ZA|-26.20|28.05|20
Cape Town|ZA|-33.92|18.42|9
Mumbai|IN|19.08|72.88|44
Delhi|IN|28.61|77.21|30
Bengaluru|IN|12.97|77.59|24
Bangkok|TH|13.76|100.50|16
Hanoi|VN|21.03|105.85|12
Singapore|SG|1.35|103.82|60
Jakarta|ID|-6.21|106.85|28
Hong Kong|HK|22.32|114.17|46
Shanghai|CN|31.23|121.47|38
Beijing|CN|39.90|116.41|36
Taipei|TW|25.03|121.57|18
Seoul|KR|37.57|126.98|44
Tokyo|JP|35.68|139.69|66
Osaka|JP|34.69|135.50|26
Sydney|AU|-33.87|151.21|28
Melbourne|AU|-37.81|144.96|18
Perth|AU|-31.95|115.86|6
Auckland|NZ|-36.85|174.76|7
Suva|FJ|-18.14|178.44|1
Honolulu|US|21.31|-157.86|2
Anchorage|US|61.22|-149.90|1
Reykjavík|IS|64.15|-21.94|4
Longyearbyen|SJ|78.22|15.64|0.5
Ushuaia|AR|-54.80|-68.30|0.4
Nuuk|GL|64.18|-51.69|0.5`
  .trim()
  .split('\n')
  .map((line) => {
    const [name, code, lat, lon, size] = line.split('|');
    return { name, code, lat: Number(lat), lon: Number(lon), size: Number(size) };
  });

// Some countries lean to one layer, so that both ends of the colour scale are on show.
const UDP_LEAN = { SG: 0.9, VN: 0.95, BR: 0.8, IN: 0.7, RU: 0.85, DE: 0.06, JP: 0.05, ZA: 0.85 };

/** Mulberry32: small, and the same on every machine. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Eight counters, in the order of the API, of so many packets with this share of UDP. */
function counters(packets, udpShare, random) {
  const udp = Math.round(packets * udpShare);
  const tcp = Math.max(0, Math.round(packets) - udp) || (udp ? 0 : 1);
  const octets = [
    Math.round(tcp * (500 + 700 * random())),
    Math.round(udp * (150 + 900 * random())),
  ];
  const source = 0.2 + 0.6 * random();
  const part = (value) => Math.round(value * source);
  return [tcp, udp, ...octets, part(tcp), part(udp), part(octets[0]), part(octets[1])];
}

/** `count` places: the cities themselves, then their surroundings. Sorted as the API sorts. */
export function makePlaces(count, seed = 1) {
  const random = randomFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const places = [];
  const add = (city, lat, lon, packets, name) => {
    const lean = UDP_LEAN[city.code] ?? 0.25;
    const udpShare = Math.min(0.99, Math.max(0.01, lean + 0.15 * normal()));
    const row = counters(packets, udpShare, random);
    places.push({ lat, lon, code: city.code, name, counters: row, radius: 0 });
  };
  for (const city of CITIES.slice(0, count)) {
    const packets = 12 * city.size ** 2.1 * Math.exp(0.5 * normal());
    add(city, city.lat, city.lon, packets, city.name);
  }
  const weights = CITIES.map(({ size }) => size ** 0.75);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  while (places.length < count) {
    let at = random() * total;
    const city = CITIES[weights.findIndex((weight) => (at -= weight) <= 0)] ?? CITIES[0];
    const spread = 1.1 * Math.exp(0.9 * normal() - 0.1);
    const lat = city.lat + 0.8 * spread * normal();
    const lon =
      city.lon + (spread * normal()) / Math.max(0.3, Math.cos((city.lat * Math.PI) / 180));
    if (lat < -60 || lat > 75 || lon < -168 || lon > 180) continue;
    const packets = (2 + 3 * city.size ** 0.9) * Math.exp(1.7 * normal());
    add(city, Number(lat.toFixed(3)), Number(lon.toFixed(3)), packets, `${city.name} area`);
  }
  places.forEach((place, i) => (place.id = i));
  const packetsOf = ({ counters: [tcp, udp] }) => tcp + udp;
  return places.sort((a, b) => packetsOf(b) - packetsOf(a) || a.id - b.id);
}
