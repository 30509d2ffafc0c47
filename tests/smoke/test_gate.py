#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Before the web server's workers: who says nothing, who says it slowly, and an address that comes
later. In a network namespace, where the peers' addresses are not loopback."""

import json
import os
import subprocess
import unittest

from smoke import Smoke, main, wait_until  # first: it tells where the tools lie

from network import Namespace

SERVER, IDLE, VIEWER = "10.9.9.1", "10.9.9.2", "10.9.9.3"

# Opens so many connections from one address, each with some first octets, has another address ask
# meanwhile, and tells how many of the first are still open when all answers are there.
CROWD = """
import http.client, json, socket, sys
server, port, idle, viewer, count, first = sys.argv[1:]
crowd = []
for _ in range(int(count)):
    crowd.append(socket.create_connection((server, int(port)), 60, (idle, 0)))
    crowd[-1].sendall(first.encode().decode("unicode_escape").encode())
statuses = []
for _ in range(20):
    connection = http.client.HTTPConnection(server, int(port), timeout=60,
                                            source_address=(viewer, 0))
    connection.request("GET", "/api/v1/heat")
    answer = connection.getresponse()
    answer.read()
    statuses.append(answer.status)
    connection.close()
open_now = 0
for one in crowd:
    one.setblocking(False)
    try:
        one.recv(1)
    except BlockingIOError:
        open_now += 1
    except OSError:
        pass
print(json.dumps([statuses, open_now]))
"""
# What a connection that says so much gets, once the server has had enough.
PATIENT = """
import socket, sys
server, port, first = sys.argv[1:]
one = socket.create_connection((server, int(port)), 60)
one.sendall(first.encode().decode("unicode_escape").encode())
one.settimeout(120)
said = b""
while part := one.recv(4096):
    said += part
sys.stdout.buffer.write(said)
"""
ASK = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=60)
connection.request("GET", "/api/v1/status")
print(connection.getresponse().status)
"""


@unittest.skipIf(os.geteuid() != 0, "needs root for a network namespace")
class Gate(Smoke):
    def setUp(self):
        super().setUp()
        self.namespace = Namespace(f"phm-gate-{os.getpid()}", links=False)
        self.addCleanup(self.namespace.close)
        self.namespace.run("ip", "link", "set", "lo", "up")
        for address in (SERVER, IDLE, VIEWER):
            self.namespace.run("ip", "address", "add", address, "dev", "lo")

    def serving(self, listen=f"{SERVER}:0"):
        return self.running("--pcap", self.world.capture("plain"), "--period", "0.5", "--status",
                            "status.json", "--listen", listen, listen=False,
                            prefix=self.namespace.prefix)

    def inside(self, source, *arguments):
        return subprocess.run([*self.namespace.prefix, "/usr/bin/python3", "-c", source,
                               *map(str, arguments)], check=True, capture_output=True,
                              timeout=300).stdout

    def port(self, program):
        wait_until(program.says_port, "the address of the map")
        wait_until(lambda: os.path.exists(self.file("status.json")), "the first period")
        return program.port

    def crowd(self, idle, viewer, count, first=""):
        with self.serving() as program:
            return json.loads(self.inside(CROWD, SERVER, self.port(program), idle, viewer, count,
                                          first))

    def test_the_silent_shut_nobody_out(self):
        """All answers are there before any of the silent is sent away: none waited for that."""
        statuses, left = self.crowd(IDLE, VIEWER, 200)
        self.assertEqual((set(statuses), left), ({200}, 200))

    def test_nor_do_those_who_begin(self):
        statuses, left = self.crowd(IDLE, VIEWER, 200, r"GET / HTTP/1.1\r\nHost: 10.9.9.1\r\n")
        self.assertEqual((set(statuses), left), ({200}, 200))

    def test_nor_from_loopback(self):
        statuses, left = self.crowd(IDLE, SERVER, 200)
        self.assertEqual((set(statuses), left), ({200}, 200))

    def test_too_many_of_one_address(self):
        """The oldest of that address go; who asks is answered."""
        statuses, left = self.crowd(IDLE, VIEWER, 700)
        self.assertEqual(set(statuses), {200})
        self.assertEqual(left, 256)

    def test_patience_ends(self):
        with self.serving() as program:
            port = self.port(program)
            self.assertEqual(self.inside(PATIENT, SERVER, port, ""), b"")
            said = self.inside(PATIENT, SERVER, port, r"GET / HTTP/1.1\r\nHost:").decode()
        self.assertTrue(said.startswith("HTTP/1.1 408 "), said)
        self.assertEqual(json.loads(said.partition("\r\n\r\n")[2])["status"], 408)

    def test_address_that_comes_later(self):
        """As a VPN's, after the start; the log says that it is not there yet."""
        with self.serving("10.9.9.7:0") as program:
            port = self.port(program)
            self.assertIn("10.9.9.7", program.output())
            self.assertIn("is not an address of this host yet", program.output())
            self.namespace.run("ip", "address", "add", "10.9.9.7", "dev", "lo")
            self.assertEqual(self.inside(ASK, "10.9.9.7", port), b"200\n")


if __name__ == "__main__":
    main()
