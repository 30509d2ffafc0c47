#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tables that are far too small: hosts lose their rows, the map loses nothing."""

from smoke import Smoke, main, wait_until  # first: it tells where the tools lie

from frames import ether, ipv4, pcap, tcp, udp


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

    TALKER, LIMIT = "5.76.255.254", 64

    def flood(self):
        """2,000 packets between spoofed hosts, each seen once; then a host that talks to 500 more.
        Its address is higher than theirs: whoever keeps the first hosts does not keep it."""
        def spoofed(i):
            return f"5.{i % 75 + 1}.{i // 250}.{i % 250 + 1}"

        frames = [ether(ipv4(spoofed(2 * i), spoofed(2 * i + 1), udp(1, 2, b"x")))
                  for i in range(2000)]
        frames += [ether(ipv4(self.TALKER, spoofed(4000 + i), tcp(1, 2, b"x")))
                   for i in range(500)]
        return self.world.write("flood.pcap", pcap(frames)), len(frames)

    def listed(self, status):
        """The rows, once it is sure that they and what is unlisted are all that was counted."""
        packets = {address: sum(int(row[name]) for name in row if name.endswith("_packets"))
                   for address, row in self.rows().items()}
        self.assertLessEqual(len(packets), self.LIMIT)
        self.assertEqual(status["hosts"]["listed"], len(packets))
        self.assertEqual(sum(packets.values()) + status["hosts"]["unlisted_addresses"],
                         2 * status["received"])
        return packets

    def test_talker_after_flood_in_one_period(self):
        capture, packets = self.flood()
        status = self.once(capture, extra=("--hosts-total", str(self.LIMIT)))
        self.assertEqual(status["received"], packets)
        listed = self.listed(status)
        self.assertEqual(max(listed, key=listed.get), self.TALKER)
        self.assertEqual(listed[self.TALKER], 500)
        # the windows' memory is told: what lib/heat holds once, and less than 5 kB for each place
        self.assertGreater(status["windows_memory_kb"], 64)
        self.assertLess(status["windows_memory_kb"], 256 + 5 * len(self.world.places))

    def test_talker_after_flood_in_many_periods(self):
        """However the packets fall into periods."""
        capture, packets = self.flood()
        with self.running("--pcap", capture, "--pcap-rate", "5000", "--period", "0.1", "--hosts",
                          "hosts.csv", "--hosts-total", str(self.LIMIT)) as program:
            wait_until(lambda: program.status()["state"] == "over", "the capture's end")
            status, heat = program.status(), program.get("/api/v1/heat?window=start")
        self.assertEqual(status["received"], packets)
        listed = self.listed(status)
        self.assertEqual(max(listed, key=listed.get), self.TALKER)
        self.assertEqual(heat["top"]["talkers"][0][0], self.TALKER)
        # places and their sums do not depend on who is listed
        tcp_packets = heat["fields"].index("tcp_packets")
        self.assertEqual(sum(row[tcp_packets] + row[tcp_packets + 1] for row in heat["points"]),
                         heat["totals"]["addresses"]["located"])
        self.assertEqual(heat["totals"]["addresses"]["located"], 2 * packets)


if __name__ == "__main__":
    main()
