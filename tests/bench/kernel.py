# SPDX-License-Identifier: BSD-3-Clause
"""
The part `kernel` of scripts/bench: what counting on a kernel interface costs.

One veth pair in a network namespace of its own, the same packets at the same rate for each program
in turn: tcpreplay sends, the program counts. Told for each: packets counted and lost, and the
processor time that its process took from before the first packet to two seconds after the last. So

    packets for each second of CPU = counted / CPU time

holds pauses and idle polls too, which at a rate that is far from the limit are most of it.

What the kernel does for a packet before the program's socket is the sender's time on a veth pair,
and the same for all but AF_XDP, which takes packets before the kernel's stack sees them.
"""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

SCAPY_LOOP = """
import signal, sys
from scapy.all import IP, IPv6, TCP, UDP, sniff
hosts, packets = {}, 0
def stop(*unused):
    print(packets, flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, stop)
def count(packet):
    global packets
    packets += 1
    ip = packet.getlayer(IP) or packet.getlayer(IPv6)
    if ip is not None and (TCP in packet or UDP in packet):
        for address in (ip.src, ip.dst):
            hosts[address] = hosts.get(address, 0) + 1
print("ready", file=sys.stderr, flush=True)
sniff(iface="in", prn=count, store=0)
"""

PMACCT = """
daemonize: false
pcap_interface: in
plugins: print
aggregate: src_host, dst_host, proto
print_output: csv
print_output_file: {cwd}/pmacct.csv
print_refresh_time: 3600
print_cache_entries: 4000037
plugin_buffer_size: 1024000
plugin_pipe_size: 102400000
"""


def process_cpu(pid):
    """Seconds of user and system time of a process and its children that still run."""
    total = 0
    pids = [pid]
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        pids += [int(child) for child in file.read().split()]
    for one in pids:
        for task in os.listdir(f"/proc/{one}/task"):
            with open(f"/proc/{one}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total / 1e9


class Kernel:
    def __init__(self, bench, cwd, enter):
        self.bench, self.cwd, self.enter = bench, cwd, enter

    def programs(self):
        """(name, command, how its count is read)"""
        ours = [self.bench["PROGRAM"], "--interface", "in", "--no-huge", "--period", "1",
                "--listen", "off", "--quiet", "--status"]
        for database in self.bench["geo_databases"]():
            ours += ["--geo-db", database]
        at = ours.index("--status") + 1
        with open(os.path.join(self.cwd, "pmacctd.conf"), "w", encoding="utf-8") as file:
            file.write(PMACCT.format(cwd=self.cwd))
        with open(os.path.join(self.cwd, "loop.py"), "w", encoding="utf-8") as file:
            file.write(SCAPY_LOOP)
        for driver in ("af_packet", "af_xdp"):
            status = os.path.join(self.cwd, f"{driver}.json")
            yield (f"packet-heatmap {driver}",
                   [*ours[:at], status, *ours[at:], "--driver", driver],
                   lambda text, path=status: self.of_status(path))
        yield "tcpdump -w /dev/null", ["tcpdump", "-Z", "root", "-ni", "in", "-w", "/dev/null"], (
            lambda text: int(re.search(r"(\d+) packets captured", text).group(1)))
        yield "pmacctd", ["pmacctd", "-f", "pmacctd.conf"], (
            lambda text: self.difference(r"received_packets=(\d+) dropped_packets=(\d+)", text))
        yield "scapy loop", ["/usr/bin/python3", "loop.py"], (
            lambda text: int(re.search(r"^(\d+)$", text, re.M).group(1)))

    @staticmethod
    def difference(pattern, text):
        received, dropped = re.search(pattern, text).groups()
        return int(received) - int(dropped)

    @staticmethod
    def of_status(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)["received"]

    def send(self, path, speed, seconds):
        sent = subprocess.run([*self.enter, "tcpreplay", "-q", "-K", f"--pps={speed}",
                               f"--loop={seconds}", "-i", "out", path], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        return int(re.search(r"Actual: (\d+) packets", sent).group(1))

    def measure(self, command, path, speed, seconds):
        """Packets sent, what the program said, its CPU time meanwhile. None sent: it ended."""
        with tempfile.TemporaryFile("w+", dir=self.cwd) as out:
            with subprocess.Popen([*self.enter, *command], cwd=self.cwd, stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=out) as process:
                sent, cpu = None, 0
                try:
                    time.sleep(4)  # all of them listen by then, and are quiet
                    if process.poll() is None:
                        began = process_cpu(process.pid)
                        sent = self.send(path, speed, seconds)
                        time.sleep(2)
                        cpu = process_cpu(process.pid) - began
                finally:
                    process.send_signal(signal.SIGINT)
                    try:
                        process.wait(60)
                    except subprocess.TimeoutExpired:
                        process.kill()
            out.seek(0)
            return sent, out.read(), cpu


def part_kernel(bench, options):
    """`bench`: what scripts/bench shares: say, run, install, capture, geo_databases, PROGRAM."""
    say, run = bench["say"], bench["run"]
    if os.geteuid() != 0:
        say("  skipped: needs root")
        return []
    bench["install"]("tcpreplay", "iproute2", "tcpdump", "pmacct", "python3-scapy",
                     "librte-net-af-xdp23")
    name, speed = f"bench{os.getpid()}", 200000
    seconds = max(1, round(options.seconds))
    path = bench["capture"]("zipf-1k", speed)
    enter = ["ip", "netns", "exec", name]
    rows = []
    run("ip", "netns", "add", name)
    with tempfile.TemporaryDirectory() as cwd:
        try:
            run(*enter, "ip", "link", "add", "in", "type", "veth", "peer", "name", "out")
            for link in ("in", "out"):
                run(*enter, "sysctl", "-qw", f"net.ipv6.conf.{link}.disable_ipv6=1")
                run(*enter, "ip", "link", "set", link, "up")
            kernel = Kernel(bench, cwd, enter)
            for program, command, read in kernel.programs():
                rows.append(kernel_row(kernel, program, command, read, (path, speed, seconds)))
                say("  {name:<26} {counted:>9} of {sent} counted, {lost} lost, {cpu_s:.2f} s of "
                    "CPU: {per_cpu_s:,.0f} packets for each".format(**rows[-1]))
        finally:
            run("ip", "netns", "delete", name)
    return rows


def kernel_row(kernel, program, command, read, traffic):
    sent, text, cpu = kernel.measure(command, *traffic)
    if sent is None:
        return {"name": program, "sent": 0, "counted": 0, "lost": 0, "cpu_s": 0, "per_cpu_s": 0,
                "why": text[-300:]}
    try:
        counted = read(text)
    except (AttributeError, OSError) as error:
        raise RuntimeError(f"{program} does not say what it counted ({error}):\n{text}") from None
    return {"name": program, "sent": sent, "counted": counted, "lost": sent - counted,
            "cpu_s": round(cpu, 3), "per_cpu_s": round(counted / cpu) if cpu else 0}
