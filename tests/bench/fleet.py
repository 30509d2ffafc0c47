# SPDX-License-Identifier: BSD-3-Clause
"""The part `fleet` of scripts/bench: simulated sensors, Apache Kafka, and a collector on one CPU.

live     N sensors say what P places had, each period of 10 s, all at once when it ends: the
         collector's share of a CPU, the time from a period's end to the wall, octets on the wire
catch-up the same sensors' periods of the past, as after an outage: sensor-periods a second

Broker and sensors share the other CPU, so what they need is not in the collector's figures.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
TOPIC = "packet-heatmap.places"
PARTITIONS = 6
PERIOD_MS = 10000
LIVE_PERIODS = 8
PAST_PERIODS = 12
# sensors, places of each
FLEETS = [(300, 5000), (1000, 5000)]
PATIENCE = 600


def size(text):
    """Of --fleet."""
    sensors, places = map(int, text.split(":"))
    return sensors, places


def wait_for(condition, what, seconds=60, pause=0.05):
    end = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds} s for {what}")
        time.sleep(0.05)
    return answer


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def last_period(collector):
    """The end of the last period that the wall shows; 0 before the first."""
    try:
        return parse_ms(get(collector.url + "api/v1/status")["generated"])
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return 0


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Collector:
    def __init__(self, bench, cluster, folder):
        self.folder = folder
        self.out = os.path.join(folder, "collector.log")
        with open(self.out, "wb") as out:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", "0",
                 os.path.join(bench["BUILD"], "app/collect/packet-heatmap-collector"), "--brokers",
                 cluster.address, "--history", os.path.join(folder, "history"), "--listen",
                 "127.0.0.1:0", "--quiet", "--history-size", "8GB"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.url = wait_for(self.address, "the collector")

    def address(self):
        with open(self.out, encoding="utf-8") as file:
            text = file.read()
        return text.split("the map is at ", 1)[1].split("\n", 1)[0] if "map is at" in text else None

    def fleet(self):
        return get(self.url + "api/v1/sensors")["fleet"]

    def close(self):
        self.process.terminate()
        self.process.wait(60)


def load(bench, cluster, sensors, places, periods, first_ms):
    # pylint: disable-next=consider-using-with
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", "1",
         os.path.join(bench["BUILD"], "tests/bench/fleet_load"), cluster.address, TOPIC,
         str(sensors), str(places), str(periods), str(PERIOD_MS), str(first_ms)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def topic_octets(cluster):
    total = 0
    for node in cluster.nodes:
        for folder, _, names in os.walk(node.folder):
            if os.path.basename(folder).startswith(TOPIC):
                total += sum(os.path.getsize(os.path.join(folder, name)) for name in names
                             if name.endswith(".log"))
    return total


def parse_ms(text):
    whole, fraction = text.rstrip("Z").split(".") if "." in text else (text.rstrip("Z"), "0")
    parsed = time.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    return int(time.mktime(parsed) - time.timezone) * 1000 + int(fraction[:3].ljust(3, "0"))


def live(bench, cluster, collector, sensors, places):
    """Delays from a period's end to the wall, the collector's CPU, octets a sensor and period."""
    first = (int(time.time() * 1000) // PERIOD_MS + 2) * PERIOD_MS
    process = load(bench, cluster, sensors, places, LIVE_PERIODS, first)
    delays, seen, begun = {}, None, None
    last = first + (LIVE_PERIODS - 1) * PERIOD_MS
    end = time.monotonic() + LIVE_PERIODS * PERIOD_MS / 1000 + PATIENCE
    while last not in delays:
        if time.monotonic() > end:
            raise bench["Failed"]("the last period did not come")
        generated = last_period(collector)
        if generated != seen and generated >= first:
            # what was given out together is seen at its last
            for period in range(first, generated + 1, PERIOD_MS):
                delays.setdefault(period, time.time() - period / 1000)
            if begun is None:
                begun = (generated, cpu_seconds(collector.process.pid))
        seen = generated
        time.sleep(0.1)
    cpu = cpu_seconds(collector.process.pid) - begun[1]
    messages, octets, sent_ms = map(int, process.communicate()[0].split())
    fleet = collector.fleet()
    # late are some of the first period: nobody knows yet who else will speak
    if fleet["refused"] or fleet["live"] != sensors or fleet["late_periods"] > sensors:
        bench["say"](f"  of {messages}: {json.dumps(fleet)}")
    ordered = sorted(delays.values())
    return {
        "sensors": sensors, "places": places,
        "cpu_share": cpu / ((last - begun[0]) / 1000),
        "sent_most_s": sent_ms / 1000, "delay_p50_s": ordered[len(ordered) // 2], "delay_most_s": ordered[-1],
        "octets_per_sensor_period": topic_octets(cluster) / (sensors * LIVE_PERIODS),
        "octets_uncompressed": octets / (sensors * LIVE_PERIODS),
        "resident_mb": resident_mb(collector.process.pid),
    }


def catch_up(bench, cluster, folder, sensors, places):
    first = (int(time.time() * 1000) // PERIOD_MS - PAST_PERIODS - 6) * PERIOD_MS
    process = load(bench, cluster, sensors, places, PAST_PERIODS, first)
    if process.wait(PATIENCE) != 0:
        raise bench["Failed"]("the load failed")
    begun = time.monotonic()
    collector = Collector(bench, cluster, folder)
    try:
        wanted = sensors * PAST_PERIODS
        wait_for(lambda: (collector.fleet() or {"taken": 0})["taken"] >= wanted,
                 "all of them", PATIENCE, 0.25)
        seconds = time.monotonic() - begun
        cpu = cpu_seconds(collector.process.pid)
    finally:
        collector.close()
    return {"sensors": sensors, "places": places, "sensor_periods_per_s": wanted / seconds,
            "cpu_ms_per_sensor_period": 1000 * cpu / wanted}


def part_fleet(bench, options):
    os.environ.setdefault("KAFKA_JARS", os.path.join(bench["BUILD"], "kafka"))
    sys.path.insert(0, os.path.join(ROOT, "tests/fleet"))
    import kafka  # pylint: disable=import-outside-toplevel,import-error
    from confluent_kafka.admin import AdminClient, NewTopic  # pylint: disable=import-outside-toplevel,import-error

    results = {"live": [], "catch_up": []}
    settings = {"message_max_bytes": 2000000}
    for sensors, places in options.fleet or FLEETS:
        for part in ("live", "catch_up"):
            with tempfile.TemporaryDirectory(prefix="packet-heatmap-bench.") as folder, \
                    kafka.Kafka(**settings) as cluster:
                admin = AdminClient({"bootstrap.servers": cluster.address})
                admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(60)
                if part == "live":
                    collector = Collector(bench, cluster, folder)
                    try:
                        found = live(bench, cluster, collector, sensors, places)
                    finally:
                        collector.close()
                    bench["say"](
                        f"  {sensors} sensors x {places} places: {100 * found['cpu_share']:.0f} % "
                        f"of a CPU; {found['delay_p50_s']:.2f} s from a period's end to the wall, "
                        f"{found['delay_most_s']:.2f} s at most, {found['sent_most_s']:.2f} s "
                        "of them until the broker has all of it; "
                        f"{found['octets_per_sensor_period'] / 1000:.0f} kB a sensor and period "
                        f"({found['octets_uncompressed'] / 1000:.0f} kB before zstd); "
                        f"{found['resident_mb']:.0f} MB resident")
                else:
                    found = catch_up(bench, cluster, folder, sensors, places)
                    bench["say"](
                        f"  catching up: {found['sensor_periods_per_s']:.0f} sensor-periods/s, "
                        f"{found['cpu_ms_per_sensor_period']:.2f} ms of CPU each")
                results[part].append(found)
    return results
