#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A lane's table that is far too small: hosts lose their rows, the map loses nothing."""

from smoke import Smoke, main, wait_until


class Overflow(Smoke):
    def picture(self, capture, hosts, packets):
        """What the map shows once the whole capture is counted."""
        with self.running("--pcap", self.world.capture(capture), "--period", "0.3",
                          "--hosts-per-lane", str(hosts)) as program:
            wait_until(lambda: program.status()["received"] == packets, "all packets")
            heat, status = program.get("/api/v1/heat"), program.status()
        self.assertTrue(heat["totals"]["balanced"])
        # the same place may have another number: it was met in another order
        number = heat["fields"].index("id")
        points = sorted(row[:number] + row[number + 1:] for row in heat["points"])
        countries = sorted(heat["top"]["countries"])
        return points, countries, heat["totals"]["addresses"], status

    def test_heat_is_the_same(self):
        for capture in ("plain", "big"):
            with self.subTest(capture):
                status = self.once(self.world.capture(capture))
                packets = status["received"]
                points, countries, whole, _ = self.picture(capture, 100000, packets)
                small_points, small_countries, small, status = self.picture(capture, 8, packets)
                self.assertGreater(len(points), 2)
                self.assertEqual(small_points, points)
                self.assertEqual(small_countries, countries)
                self.assertEqual(whole["table_full"], 0)
                self.assertGreater(small["table_full"], 0)
                self.assertEqual(sum(small.values()), sum(whole.values()))
                self.assertLessEqual(max(lane["hosts"] for lane in status["lanes"]), 8)


if __name__ == "__main__":
    main()
