# SPDX-License-Identifier: BSD-3-Clause
"""
What tests on kernel interfaces share: a network namespace of one's own, and the program in it.

    class Mine(Capturing):
        def setUp(self):
            super().setUp()
            self.namespace = Namespace(f"phm-mine-{os.getpid()}")
            self.addCleanup(self.namespace.close)

        def test_all(self):
            with self.capturing() as program:
                self.send(self.world.capture("plain"))
                wait_until(lambda: self.seen(program) == 213, "213 packets")
"""

import contextlib
import os
import subprocess
import unittest

from smoke import Smoke, wait_until


class Namespace:
    """A namespace with a veth pair sender <-> sensor that carries nothing but what tests send."""

    def __init__(self, name, links=True):
        self.name = name
        self.prefix = ("ip", "netns", "exec", name)
        try:
            self.run_outside("ip", "netns", "add", name)
        except (OSError, subprocess.CalledProcessError) as error:
            raise unittest.SkipTest(f"no network namespaces here: {error}") from None
        try:
            # no neighbour discovery, no multicast reports: the kernel is to be silent
            self.run("sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1",
                     "net.ipv6.conf.default.disable_ipv6=1")
            if not links:
                return
            self.run("ip", "link", "add", "sender", "mtu", "9000", "type", "veth", "peer", "name",
                     "sensor", "mtu", "9000")
            for interface in ("sender", "sensor", "lo"):
                self.run("ip", "link", "set", interface, "up")
        except BaseException:
            self.close()
            raise

    @staticmethod
    def run_outside(*command):
        subprocess.run(command, check=True, capture_output=True)

    def run(self, *command):
        return subprocess.run([*self.prefix, *command], check=True, capture_output=True, text=True)

    def close(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run_outside("ip", "netns", "delete", self.name)


@unittest.skipIf(os.geteuid() != 0, "needs root for a network namespace")
class Capturing(Smoke):
    """Tests whose program counts in self.namespace."""

    namespace = None

    @contextlib.contextmanager
    def capturing(self, *arguments, interfaces=("sensor",), prefix=None):
        """The program at work, its first period over: from then on nothing may be missed."""
        named = [word for name in interfaces for word in ("--interface", name)]
        with self.running(*named, "--period", "0.5", "--hosts", "hosts.csv", "--status",
                          "status.json", *arguments, prefix=prefix or self.namespace.prefix,
                          listen=False) as program:
            wait_until(lambda: self.seen(program) is not None, "the first period")
            yield program

    def seen(self, program):
        """Frames received up to the last period; None before the first."""
        if program.process.poll() is not None:
            raise AssertionError(f"it ended with {program.process.returncode}:\n"
                                 f"{program.output()}")
        with contextlib.suppress(FileNotFoundError):
            return self.json("status.json")["received"]

    def send(self, capture, pps=2000, loops=1, interface="sender"):
        self.namespace.run("tcpreplay", "-q", f"--pps={pps}", f"--loop={loops}", "-i", interface,
                           capture)
