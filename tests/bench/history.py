# SPDX-License-Identifier: BSD-3-Clause
"""The part `history` of scripts/bench: what a history takes on disk, and how long it needs.

rows     octets of a place and period in each tier, all places active; beside it the same counts as
         rows of a table in SQLite, and the time that each needs to store a period
keep     from them the size with the tiers that are kept by default
live     octets that go to the disk in a day, with an fsync for each period
ask      the sums of a day and of a year
"""

import contextlib
import json
import os
import sqlite3
import subprocess
import tempfile

TIERS = ("period", "1m", "5m", "1h", "1d")
SLOTS_KEPT = (24 * 360, 7 * 1440, 31 * 288, 5 * 365 * 24, 5 * 365)  # the defaults; days: 5 years
# places: periods of 10 s
SIZES = {500: 8640, 5000: 8640, 100000: 720}


def load(bench, folder, places, periods, seconds, how):
    done = subprocess.run(
        [os.path.join(bench["BUILD"], "tests/bench/history_load"), folder, str(places),
         str(periods), str(seconds), how], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def octets_of_rows(folder, places):
    """Of each tier that has rows: octets of a place in it, and of the hosts in a row."""
    octets, hosts = {}, {}
    with contextlib.closing(sqlite3.connect(os.path.join(folder, "history.sqlite"))) as db:
        for tier, name in enumerate(TIERS):
            rows, size, of_hosts = db.execute(
                "SELECT count(*), sum(length(places) + length(ledger)), sum(length(hosts)) "
                f"FROM tier{tier}").fetchone()
            if rows:
                octets[name] = size / rows / places
                hosts[name] = of_hosts / rows
    return octets, hosts


def part_history(bench, _options):
    results = []
    say = bench["say"]
    for places, periods in SIZES.items():
        row = {"places": places}
        with tempfile.TemporaryDirectory(prefix="packet-heatmap-bench.") as folder:
            got = load(bench, folder, places, periods, 10, "fast")
            row["octets"], row["hosts"] = octets_of_rows(folder, places)
            row["resident_mb"] = got["resident_kb"] / 1000
            row["range_24h_ms"], row["series_24h_ms"] = got["range_24h_ms"], got["series_24h_ms"]
        some = max(20, min(500, 2000000 // places))
        with tempfile.TemporaryDirectory(prefix="packet-heatmap-bench.") as folder:
            got = load(bench, folder, places, some, 10, "live")
            row["live_ms"] = 1000 * got["seconds"] / some
            row["written_per_day_mb"] = got["written"] / some * 8640 / 1e6
        with tempfile.TemporaryDirectory(prefix="packet-heatmap-bench.") as folder:
            got = load(bench, folder, places, some, 10, "rows")
            size = os.path.getsize(os.path.join(folder, "rows.sqlite"))
            row["table"] = {"octets": size / some / places, "live_ms": 1000 * got["seconds"] / some,
                            "written_per_day_mb": got["written"] / some * 8640 / 1e6}
        # of tiers that a day has no rows of, as of the coarsest that it has
        last = list(row["octets"].values())[-1]
        kept = [row["octets"].get(name, last) * slots * places / 1e6
                for name, slots in zip(TIERS, SLOTS_KEPT)]
        row["kept_mb"] = dict(zip(TIERS, kept))
        last = list(row["hosts"].values())[-1]
        hosts = [row["hosts"].get(name, last) * slots / 1e6
                 for name, slots in zip(TIERS, SLOTS_KEPT)]
        row["hosts_kept_mb"] = dict(zip(TIERS, hosts))
        say(f"  {places} places: " + ", ".join(
            f"{name} {octets:.1f}" for name, octets in row["octets"].items()) +
            f" octets a place; a table {row['table']['octets']:.1f}; kept by default "
            f"{sum(kept):.0f} MB ({', '.join(f'{part:.0f}' for part in kept)})")
        say(f"    a period on disk in {row['live_ms']:.1f} ms (table {row['table']['live_ms']:.1f}), "
            f"{row['written_per_day_mb']:.0f} MB written a day (table "
            f"{row['table']['written_per_day_mb']:.0f}); 24 h in {row['range_24h_ms']:.0f} ms, its "
            f"line in {row['series_24h_ms']:.0f} ms; {row['resident_mb']:.0f} MB resident")
        say("    hosts, octets a row: " + ", ".join(
            f"{name} {octets:.0f}" for name, octets in row["hosts"].items()) +
            f"; kept by default {sum(hosts):.0f} MB ({', '.join(f'{part:.0f}' for part in hosts)})")
        results.append(row)
    with tempfile.TemporaryDirectory(prefix="packet-heatmap-bench.") as folder:
        got = load(bench, folder, 5000, 366 * 24, 3600, "fast")
        say(f"  a year of 5000 places: summed in {got['range_all_ms']:.0f} ms")
        results.append({"year_ms": got["range_all_ms"]})
    return results
