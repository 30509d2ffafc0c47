#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
A made-up month, as a capture replayed in packet time: day and night, an hour in which next to
nothing comes, an attack, a country that never was. The store has it as a live month, to the packet,
and what is unusual in it is told of, nothing else.
"""

import math
import random
import struct

import smoke
from smoke import wait_until
from frames import ether, ipv4, udp

START = 1761523200  # Monday, 2025-10-27
DAYS = 24
SLOT = 300
HOUR = 3600
DAY = 86400
OURS = "10.0.0.1"  # private: only the other side is on the map

# packets in five minutes at noon
VOLUME = {"5.1.0.1": 40, "5.2.0.1": 24, "5.3.0.1": 16, "5.4.0.1": 12}
LONDON, REYKJAVIK = "5.3.0.1", "5.9.0.1"
# (from, to, address or None for all, times, packets more)
OUTAGE = (START + 22 * DAY + 10 * HOUR, START + 22 * DAY + 11 * HOUR, None, 0.05, 0)
ATTACK = (START + 23 * DAY + 9 * HOUR, START + 23 * DAY + 9 * HOUR + 4 * SLOT, LONDON, 20, 0)
ARRIVAL = (START + 23 * DAY + 15 * HOUR, START + 23 * DAY + 16 * HOUR, REYKJAVIK, 1, 60)


def wave(time):
    return 0.6 - 0.4 * math.cos(2 * math.pi * (time % DAY) / DAY)


def traffic():
    """{slot: {address: packets}}"""
    dice = random.Random(13)
    out = {}
    for time in range(START, START + DAYS * DAY, SLOT):
        slot = {address: volume * wave(time) * dice.uniform(0.9, 1.1)
                for address, volume in VOLUME.items()}
        slot[REYKJAVIK] = 0
        for begin, end, place, times, more in (OUTAGE, ATTACK, ARRIVAL):
            if begin <= time < end:
                for address in slot if place is None else [place]:
                    slot[address] = slot[address] * times + more
        out[time] = {address: max(1 if address == "5.1.0.1" else 0, round(packets))
                     for address, packets in slot.items()}
    return out


def capture(slots):
    frames = {address: ether(ipv4(address, OURS, udp(53, 4000, b"x")))
              for address in [*VOLUME, REYKJAVIK]}
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    record = struct.Struct("<IIII")
    for time, slot in slots.items():
        all_frames = [frames[address] for address, count in slot.items() for _ in range(count)]
        for i, frame in enumerate(all_frames):
            at = i * (SLOT - 1) / len(all_frames)
            out += [record.pack(time + int(at), int(at % 1 * 1e6), len(frame), len(frame)), frame]
    return b"".join(out)


def iso(time):
    return smoke.time.strftime("%Y-%m-%dT%H:%M:%S.000Z", smoke.time.gmtime(time))


class Month(smoke.Smoke):

    def test_a_month(self):
        slots = traffic()
        path = self.world.write("month.pcap", capture(slots))
        folder = self.file("history")
        done = self.run_program("--pcap", path, "--once", "--period", str(SLOT), "--history",
                                folder, "--unusual", "0.02", "--status", "status.json",
                                timeout=10 * smoke.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        sent = sum(sum(slot.values()) for slot in slots.values())
        self.assertEqual(self.json("status.json")["ledger"]["udp"], sent)
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          folder) as program:
            wait_until(lambda: program.status()["history"], "the store")
            self.sums(program, slots, sent)
            self.events(program, done.stderr)
            self.change(program, slots)
            self.bad_words(program)

    def sums(self, program, slots, sent):
        whole = f"from={iso(START)}&to={iso(START + DAYS * DAY)}"
        heat = program.get(f"/api/v1/heat?{whole}")
        self.assertEqual(heat["totals"]["udp_packets"], sent)
        self.assertTrue(heat["totals"]["balanced"])
        for step in (HOUR, DAY):
            series = program.get(f"/api/v1/series?{whole}&step={step}")
            column = series["fields"].index("udp_packets")
            expected = [sum(sum(slots[time].values()) for time in range(begin, begin + step, SLOT))
                        for begin in range(START, START + DAYS * DAY, step)]
            self.assertEqual([row[column] for row in series["steps"]], expected)

    def events(self, program, said):
        answer = program.get(f"/api/v1/events?from={iso(START)}&to={iso(START + DAYS * DAY)}")
        found = [(e["subject"], e["direction"], e.get("name", ""), e["from"], e["to"])
                 for e in answer["events"]]
        self.assertEqual(found, [
            ("place", "more", "Reykjavík", iso(ARRIVAL[0]), iso(ARRIVAL[1])),
            ("place", "more", "London", iso(ATTACK[0]), iso(ATTACK[1])),
            ("all", "less", "", iso(OUTAGE[0]), iso(OUTAGE[1]))])
        self.assertTrue(all(e["over"] for e in answer["events"]))
        self.assertEqual(answer["events"][0]["usual_packets_s"], 0)
        self.assertIn("unusual: Reykjavík, IS: ", said)
        later = program.get(f"/api/v1/events?from={iso(ATTACK[1])}&to={iso(ARRIVAL[1])}")
        self.assertEqual(len(later["events"]), 1)
        self.assertEqual(program.get("/api/v1/events?active=1")["events"], [])

    def change(self, program, slots):
        begin = ARRIVAL[0] - ARRIVAL[0] % HOUR
        answer = program.get(f"/api/v1/change?from={iso(begin)}&to={iso(begin + HOUR)}"
                             "&against=week")
        fields = answer["fields"]
        rows = {row[fields.index("name")]: dict(zip(fields, row)) for row in answer["places"]}

        def expected(address, back):
            return sum(slots[time - back][address] for time in range(begin, begin + HOUR, SLOT))
        for name, address in (("Frankfurt am Main", "5.1.0.1"), ("London", LONDON),
                              ("Reykjavík", REYKJAVIK)):
            row = rows[name]
            self.assertEqual(row["udp_packets"], expected(address, 0))
            self.assertEqual(row["before_udp_packets"], expected(address, 7 * DAY))
            kept = program.get(f"/api/v1/places/{row['id']}?from={iso(begin)}&to={iso(begin + HOUR)}")
            self.assertEqual((kept["name"], kept["counts"][1]), (name, expected(address, 0)))
        self.assertEqual(rows["Reykjavík"]["kind"], "new")
        self.assertEqual(answer["places"][0][fields.index("name")], "Reykjavík")
        self.assertEqual(answer["countries"][0][0], "IS")
        before, = answer["before"]
        self.assertEqual(before["from"][:19], iso(begin - 7 * DAY)[:19])
        self.assertEqual(before["covered_s"], HOUR)
        usual = program.get(f"/api/v1/change?from={iso(begin)}&to={iso(begin + HOUR)}"
                            "&against=usual")
        self.assertEqual(len(usual["before"]), 3)
        row = next(row for row in usual["places"] if row[fields.index("name")] == "London")
        middle = sorted(expected(LONDON, week * 7 * DAY) for week in (1, 2, 3))[1]
        self.assertEqual(row[fields.index("before_udp_packets")], middle)

    def bad_words(self, program):
        for query, says in (("change?against=year", "day, week, usual"),
                            ("change?against=", "day, week, usual"),
                            ("change?from=-1h&to=-2h", "before"), ("change?side=x", "side"),
                            ("events?active=yes", "active"), ("events?from=x", "from")):
            try:
                smoke.urllib.request.urlopen(
                    f"http://127.0.0.1:{program.port}/api/v1/{query}", timeout=30)
                self.fail(query)
            except smoke.urllib.error.HTTPError as error:
                with error:
                    self.assertEqual(error.code, 400)
                    self.assertIn(says, error.read().decode())

    def test_words(self):
        for value in ("0", "-1", "none", "1e3", "2000000000", ""):
            self.refused("--pcap", self.world.capture("plain"), "--unusual", value, code=2,
                         says="--unusual")

    def test_off(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          self.file("history"), "--unusual", "off") as program:
            wait_until(lambda: (program.status()["history"] or {}).get("stored"), "a period")
            answer = program.get("/api/v1/events")
            self.assertEqual((answer["watch"], answer["events"]), (None, []))


if __name__ == "__main__":
    smoke.main()
