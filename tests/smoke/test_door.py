#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who is let in by Host and Origin, and what the answers tell a browser."""

import http.client
import json
import socket

from smoke import Smoke, main


class Door(Smoke):
    """One program for all tests of the class: it only answers."""

    program = None

    def setUp(self):
        super().setUp()
        if Door.program is None:
            context = self.running("--pcap", self.world.capture("plain"), "--period", "0.5",
                                   "--http-host", "wall.example.net",
                                   "--cors-origin", "https://board.example.net")
            Door.program = context.__enter__()  # pylint: disable=unnecessary-dunder-call
            self.addClassCleanup(context.__exit__, None, None, None)

    def ask(self, path="/api/v1/status", method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=20)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value
                                                      for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def raw(self, text):
        with socket.create_connection(("127.0.0.1", self.program.port), timeout=20) as sock:
            sock.sendall(text)
            answer = b""
            while part := sock.recv(65536):
                answer += part
            return int(answer.split(b" ", 2)[1])

    def test_foreign_names(self):
        """What a page of evil.example sends once its name points here (DNS rebinding)."""
        for host in ("evil.example", f"evil.example:{self.program.port}", "127.0.0.1.evil.example",
                     "localhost.evil.example", "192.0.2.1", "wall.example.net.evil.example"):
            for path in ("/", "/api/v1/heat", "/metrics", "/app.js", "/nowhere", "/api/v1/place/0"):
                for method in ("GET", "HEAD", "POST", "OPTIONS"):
                    with self.subTest(host=host, path=path, method=method):
                        status, headers, body = self.ask(path, method, Host=host)
                        self.assertEqual(status, 421)
                        self.assertEqual(headers["Content-Type"], "application/problem+json")
                        if method != "HEAD":
                            self.assertEqual(json.loads(body)["status"], 421)
                            self.assertIn("--http-host", json.loads(body)["detail"])

    def test_own_names(self):
        for host in ("localhost", f"localhost:{self.program.port}", "127.0.0.1", "[::1]:80",
                     "wall.example.net", "WALL.example.net.:443", "a.localhost",
                     socket.gethostname(), "localhost:1"):
            self.assertEqual(self.ask(Host=host)[0], 200, host)

    def test_one_host(self):
        get = b"GET /api/v1/status HTTP/1.%d\r\n%s\r\n"
        self.assertEqual(self.raw(get % (0, b"")), 200)
        self.assertEqual(self.raw(get % (1, b"")), 400)
        self.assertEqual(self.raw(get % (1, b"Host: localhost\r\nHost: localhost\r\n")), 400)
        self.assertEqual(self.raw(get % (1, b"Host: localhost\r\nhost: evil.example\r\n")), 400)
        for bad in (b"", b"a b", b"user@localhost", b"localhost, evil.example", b"[::1", b"a:b"):
            self.assertEqual(self.raw(get % (1, b"Host: " + bad + b"\r\n")), 400, bad)

    def test_origins(self):
        own = f"http://127.0.0.1:{self.program.port}"
        board = "https://board.example.net"
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"):
            # open to all: answered, and kept from the page by the browser
            self.assertEqual(self.ask(Origin=origin)[0], 200)
            self.assertEqual(self.ask(Origin=origin, Cookie="a=b")[0], 403)
            self.assertEqual(self.ask(Origin=origin, Authorization="Bearer x")[0], 403)
            self.assertEqual(self.ask(method="POST", Origin=origin)[0], 403)
            self.assertEqual(self.ask(method="DELETE", Origin=origin)[0], 403)
        for origin in (own, board):
            self.assertEqual(self.ask(Origin=origin, Cookie="a=b")[0], 200)
            self.assertEqual(self.ask(method="POST", Origin=origin)[0], 405)
        self.assertEqual(self.ask(method="POST")[0], 405)
        self.assertEqual(self.ask(method="POST", Sec_Fetch_Site="cross-site")[0], 403)
        self.assertEqual(self.ask(method="POST", Sec_Fetch_Site="same-site")[0], 403)
        self.assertEqual(self.ask(method="POST", Sec_Fetch_Site="same-origin")[0], 405)
        # a link on another site
        self.assertEqual(self.ask("/", Sec_Fetch_Site="cross-site", Cookie="a=b")[0], 200)

    def test_headers(self):
        for path, page in (("/", True), ("/ip_heatmap.html", True), ("/app.js", False),
                           ("/api/v1/heat", False), ("/nowhere", False)):
            _, headers, _ = self.ask(path)
            for feature in ("camera", "geolocation", "microphone", "usb", "payment"):
                self.assertIn(f"{feature}=()", headers["Permissions-Policy"], path)
            self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin")
            self.assertEqual(headers["Cross-Origin-Opener-Policy"],
                             "same-origin" if page else None)
            self.assertEqual(headers["Cross-Origin-Embedder-Policy"],
                             "require-corp" if page else None)

    def test_any_name(self):
        with self.running("--pcap", self.world.capture("plain"), "--http-host", "*") as program:
            connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=20)
            connection.request("GET", "/", headers={"Host": "anything.example"})
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()

    def test_bad_names(self):
        for name in ("wall:8080", "http://wall", "a b", "*.example.net", "::1"):
            self.refused("--pcap", self.world.capture("plain"), "--http-host", name, code=2,
                         says="--http-host")


if __name__ == "__main__":
    main()
