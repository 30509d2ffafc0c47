#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the web server answers, and what it does not."""

import csv
import gzip
import http.client
import json
import socket
import subprocess
import time
import urllib.request

from smoke import Smoke, main, wait_until

SECURITY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class Http(Smoke):
    """One program for all tests of the class: it only answers."""

    program = None

    def setUp(self):
        super().setUp()
        if Http.program is None:
            context = self.running("--pcap", self.world.capture("plain"), "--period", "0.5")
            Http.program = context.__enter__()  # pylint: disable=unnecessary-dunder-call
            self.addClassCleanup(context.__exit__, None, None, None)
            wait_until(lambda: self.program.get("/api/v1/heat")["points"], "the capture's points")

    def tearDown(self):
        self.assertIsNone(self.program.process.poll(), self.program.output())

    def ask(self, path, method="GET", headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def raw(self, octets, shut=True):
        """Whatever octets, and whatever comes back."""
        with socket.create_connection(("127.0.0.1", self.program.port), timeout=20) as sock:
            answer = b""
            try:
                # it may hang up before it has read all of that
                sock.sendall(octets)
                if shut:
                    sock.shutdown(socket.SHUT_WR)
                while part := sock.recv(65536):
                    answer += part
            except OSError:
                pass
            return answer

    def test_routes(self):
        for path, kind in (("/", "text/html"), ("/ip_heatmap.html", "text/html"),
                           ("/api/v1/heat", "application/json"),
                           ("/api/v1/status", "application/json")):
            with self.subTest(path):
                status, headers, body = self.ask(path)
                self.assertEqual(status, 200)
                self.assertTrue(headers["Content-Type"].startswith(kind), headers)
                self.assertEqual(int(headers["Content-Length"]), len(body))
                for name, value in SECURITY.items():
                    self.assertEqual(headers.get(name), value, name)
                if kind == "text/html" and path == "/":
                    policy = headers["Content-Security-Policy"]
                    self.assertIn("default-src 'none'", policy)
                    self.assertIn("frame-ancestors 'none'", policy)
                    self.assertNotIn("unsafe-eval", policy)
                    self.assertNotIn("'unsafe-inline'", policy.partition("script-src")[2]
                                     .partition(";")[0])

    def test_the_data_is_the_capture(self):
        heat = json.loads(self.ask("/api/v1/heat")[2])
        status = json.loads(self.ask("/api/v1/status")[2])
        self.balanced(status)
        self.assertEqual(status["received"], 213)
        # two addresses a packet, all of them on the map
        self.assertEqual(sum(row[2] for row in heat["points"]), 2 * status["ledger"]["tcp"])
        self.assertEqual(sum(row[3] for row in heat["points"]), 2 * status["ledger"]["udp"])
        self.assertEqual(sum(row[6] for row in heat["points"]), status["ledger"]["tcp"])
        self.assertEqual(heat["totals"]["hosts"], 121)
        self.assertEqual(heat["generated"][-1], "Z")

    def test_geojson(self):
        """As GeoJSON the places are those of the heat; jq and GDAL read it."""
        def same_period():
            heat = json.loads(self.ask("/api/v1/heat?window=now")[2])
            status, headers, body = self.ask("/api/v1/heat.geojson?window=now")
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "application/geo+json")
            again = json.loads(self.ask("/api/v1/heat?window=now")[2])
            return (heat, body) if heat["points"] == again["points"] else None
        heat, body = wait_until(same_period, "one period for both")
        features = json.loads(body)["features"]
        self.assertEqual([[f["geometry"]["coordinates"][1], f["geometry"]["coordinates"][0],
                           f["id"]] for f in features],
                         [[row[0], row[1], row[10]] for row in heat["points"]])
        for number, layer in ((2, "tcp"), (3, "udp")):
            done = subprocess.run(
                ["jq", f"[.features[].properties|.{layer}_src_packets+.{layer}_dst_packets]"],
                input=body, capture_output=True, check=True)
            self.assertEqual(json.loads(done.stdout), [row[number] for row in heat["points"]])
        with open(self.file("heat.geojson"), "wb") as file:
            file.write(body)
        done = subprocess.run(["ogrinfo", "-so", "-al", self.file("heat.geojson")],
                              capture_output=True, check=True, text=True)
        self.assertIn("Geometry: Point", done.stdout)
        self.assertIn(f"Feature Count: {len(features)}\n", done.stdout)
        self.assertEqual(self.ask("/api/v1/heat.geojson?window=2h")[0], 400)
        self.assertEqual(self.ask("/api/v1/heat.geojson", "HEAD")[::2], (200, b""))

    def metrics(self, accept=None):
        """The samples of /metrics by name and labels, its type and its text."""
        headers = {"Accept": accept} if accept else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.program.port}/metrics",
                                         headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            kind, text = answer.headers["Content-Type"], answer.read().decode()
        samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                self.assertNotIn(name, samples)
                samples[name] = float(value)
        return samples, kind, text

    def test_metrics(self):
        """Both formats say what status says, and no address is in them."""
        def same_period():
            status = json.loads(self.ask("/api/v1/status")[2])
            new, kind, text = self.metrics("application/openmetrics-text; version=1.0.0")
            self.assertTrue(kind.startswith("application/openmetrics-text; version=1.0.0"), kind)
            old, kind, plain = self.metrics()
            self.assertTrue(kind.startswith("text/plain; version=0.0.4"), kind)
            again = json.loads(self.ask("/api/v1/status")[2])
            same = status["period"] == again["period"]
            return (status, new, old, text, plain) if same else None
        status, new, old, text, plain = wait_until(same_period, "one period for all")
        # the requests of this test are counted too, so they differ between the two
        still = [{name: value for name, value in samples.items() if "_http_request_" not in name}
                 for samples in (new, old)]
        self.assertEqual(*still)
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertNotIn("EOF", plain)
        # in OpenMetrics a counter's family has no _total, in the older format it has
        self.assertIn("# TYPE packet_heatmap_packets counter\n", text)
        self.assertIn("# UNIT packet_heatmap_bytes bytes\n", text)
        self.assertIn("# TYPE packet_heatmap_packets_total counter\n", plain)
        self.assertNotIn("# UNIT", plain)
        self.assertEqual(new["packet_heatmap_frames_received_total"], status["received"])
        frames = [value for name, value in new.items()
                  if name.startswith("packet_heatmap_frames_total{")]
        self.assertEqual(sum(frames), status["received"])
        located = [value for name, value in new.items()
                   if name.startswith("packet_heatmap_packets_total{")]
        self.assertGreater(len(located), 4)
        self.assertEqual(sum(located), status["ledger"]["addresses"]["located"])
        for name, value in status["ledger"]["addresses"].items():
            self.assertEqual(new[f'packet_heatmap_addresses_total{{result="{name}"}}'], value)
        self.assertEqual(new["packet_heatmap_ledger_balanced"], 1)
        self.assertNotRegex(text, r"\b\d+\.\d+\.\d+\.\d+\b")
        self.assertEqual(self.ask("/metrics", "HEAD")[::2], (200, b""))

    def test_csv(self):
        """As CSV the places are those of the heat, in its order."""
        def same_period():
            heat = json.loads(self.ask("/api/v1/heat?window=now")[2])
            status, headers, body = self.ask("/api/v1/heat.csv?window=now")
            self.assertEqual(status, 200)
            self.assertTrue(headers["Content-Type"].startswith("text/csv"), headers)
            self.assertEqual(body.count(b"\r\n"), body.count(b"\n"))
            again = json.loads(self.ask("/api/v1/heat?window=now")[2])
            return (heat, body) if heat["points"] == again["points"] else None
        heat, body = wait_until(same_period, "one period for both")
        rows = list(csv.DictReader(body.decode().splitlines()))
        self.assertEqual(
            [[float(row["latitude"]), float(row["longitude"]),
              *(int(row[f"{layer}_src_{unit}"]) + int(row[f"{layer}_dst_{unit}"])
                for unit in ("packets", "octets") for layer in ("tcp", "udp")), int(row["id"])]
             for row in rows],
            [[*row[:6], row[10]] for row in heat["points"]])
        self.assertEqual([f'{row["city"]}, {row["country"]}' for row in rows], heat["places"])
        self.assertTrue(all(row["precision"] == ("city" if row["city"] else "country")
                            for row in rows))
        self.assertEqual(self.ask("/api/v1/heat.csv?window=2h")[0], 400)

        def marked():
            plain, with_mark = (self.ask("/api/v1/heat.csv?window=now" + query)
                                for query in ("", "&bom=1"))
            if plain[2] != with_mark[2].removeprefix(b"\xef\xbb\xbf"):
                return None
            self.assertNotEqual(plain[1]["ETag"], with_mark[1]["ETag"])
            return with_mark[2]
        self.assertTrue(wait_until(marked, "one period for both").startswith(b"\xef\xbb\xbfid,"))
        self.assertEqual(self.ask("/api/v1/heat.csv", "HEAD")[::2], (200, b""))

    def test_etag(self):
        for path in ("/", "/api/v1/heat", "/ip_heatmap.html"):
            with self.subTest(path):
                def unchanged(path=path):
                    tag = self.ask(path)[1]["ETag"]
                    self.assertRegex(tag, r'^(W/)?"[^"]+"$')
                    status, headers, body = self.ask(path, headers={"If-None-Match": tag})
                    # a period may have ended between the two: then once more
                    if status == 200:
                        self.assertNotEqual(headers["ETag"], tag)
                        return False
                    self.assertEqual((status, body), (304, b""))
                    self.assertEqual(headers["ETag"], tag)
                    self.assertIn("Date", headers)
                    return True
                wait_until(unchanged, "304 Not Modified")
                for other in ('"other"', "nonsense", '"', "", "W/", "," * 3000):
                    self.assertEqual(self.ask(path, headers={"If-None-Match": other})[0], 200)

                def listed(path=path):
                    tag = self.ask(path)[1]["ETag"]
                    return self.ask(path, headers={
                        "If-None-Match": f'"a", {tag}, W/"c"'})[0] == 304
                wait_until(listed, "304 for a tag in a list")
                self.assertEqual(self.ask(path, headers={"If-None-Match": "*"})[0], 304)

    def test_gzip(self):
        for path in ("/", "/api/v1/heat", "/ip_heatmap.html"):
            for accept, zipped in (("gzip", True), ("gzip, deflate, br", True), ("GZIP", True),
                                   ("deflate, gzip;q=0.5", True), ("*", None), ("", False),
                                   ("br", False), ("gzip;q=0", False), ("gzip;q=0.000", False),
                                   ("identity", False), ("xgzip", False), ("gzipx", False),
                                   ("gzip;q=", None), ("gzip;q=x", None), (";;;,,,", None),
                                   ("gzip;q=1.5", None), ("a" * 4000, False), ("gzip;" * 500, None),
                                   ("gzip;q=0, *", False)):
                with self.subTest(path=path, accept=accept[:40]):
                    status, headers, body = self.ask(path, headers={"Accept-Encoding": accept})
                    self.assertEqual(status, 200)
                    self.assertIn("Accept-Encoding", headers.get("Vary", ""))
                    packed = headers.get("Content-Encoding") == "gzip"
                    if zipped is not None:
                        self.assertIs(packed, zipped)
                    text = gzip.decompress(body) if packed else body
                    if path == "/api/v1/heat":
                        json.loads(text)
                    else:
                        self.assertIn(b"</html>", text.lower())

    def test_variants_have_their_own_tags(self):
        """A cache must not take the gzipped text for the plain one."""
        def differ():
            plain = self.ask("/")[1]["ETag"]
            packed = self.ask("/", headers={"Accept-Encoding": "gzip"})[1]["ETag"]
            return plain != packed or plain.startswith("W/")
        self.assertTrue(differ())

    def test_head(self):
        for path in ("/", "/ip_heatmap.html", "/api/v1/heat", "/api/v1/status"):
            with self.subTest(path):
                status, headers, body = self.ask(path, "HEAD")
                self.assertEqual((status, body), (200, b""))
                self.assertGreater(int(headers["Content-Length"]), 100)
        self.assertEqual(self.ask("/nowhere", "HEAD")[0], 404)

    def test_unknown_paths(self):
        for path in ("/nowhere", "/api", "/api/v1", "/api/v1/", "/api/v1/heat/",
                     "/api/v1/heat.json", "/api/v2/heat", "//", "/./", "/API/V1/HEAT",
                     "/ip_heatmap.html/", "/api/v1/statusx", "/favicon.ico.bak", "/cgi-bin/x",
                     "/api/v1/place/", "/api/v1/place/999999", "/api/v1/place/-1",
                     "/api/v1/place/x", "/api/v1/place/1/", "/api/v1/place/0x1",
                     "/api/v1/place/99999999999999999999", "/api/v1/place/%31x",
                     "/ip_heatmap.html%00", "/api/v1/heat%00.html", "/%61pi/v1/heat",
                     "/x/../api/v1/heat"):
            with self.subTest(path):
                status, _, body = self.ask(path)
                self.assertEqual(status, 404)
                self.assertNotIn(b"civetweb", body.lower())

    def test_traversal(self):
        for path in ("/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                     "/.%00./etc/passwd", "/....//....//etc/passwd", "/..\\..\\etc\\passwd",
                     "//etc/passwd", "/etc/passwd", "/%c0%ae%c0%ae/etc/passwd", "/hosts.csv",
                     "/api/v1/../../../etc/passwd", "/.out", "/%"):
            with self.subTest(path):
                answer = self.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                                  .encode("latin-1"))
                self.assertNotIn(b"root:", answer)
                self.assertNotIn(b" 200 ", answer.split(b"\r\n", 1)[0])

    def test_methods(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND",
                       "MKCOL", "REPORT", "get", "FOO"):
            for path in ("/", "/api/v1/heat", "/nowhere"):
                with self.subTest(method=method, path=path):
                    answer = self.raw(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
                                      "Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
                    first = answer.split(b"\r\n", 1)[0]
                    self.assertNotIn(b" 200 ", first)
                    self.assertNotIn(b" 500 ", first)
        status, headers, _ = self.ask("/api/v1/heat", "POST", body=b"x=1")
        self.assertEqual(status, 405)
        self.assertEqual({word.strip() for word in headers["Allow"].split(",")}, {"GET", "HEAD"})

    def test_windows(self):
        for window in ("now", "1m", "5m", "1h", "24h", "start"):
            status, _, body = self.ask(f"/api/v1/heat?window={window}")
            self.assertEqual(status, 200, window)
            self.assertEqual(json.loads(body)["window"], window)
        for query in ("window=2h", "window=", "window=NOW", "window=start%00", "window=now%26",
                      "window=%zz", "window=" + "x" * 3000):
            with self.subTest(query[:40]):
                self.assertEqual(self.ask(f"/api/v1/heat?{query}")[0], 400)
        self.assertEqual(self.ask("/api/v1/heat?other=1")[0], 200)

    def test_garbage(self):
        for octets in (b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n\r\n",
                       b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2000 + b"\r\n",
                       b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                       b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                       b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                       b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                       bytes(range(256)) * 40):
            self.raw(octets)
        self.assertEqual(self.ask("/api/v1/status")[0], 200)

    def test_silent_connections_do_not_block(self):
        """More idle connections than there are threads: others are still answered in time."""
        idle = [socket.create_connection(("127.0.0.1", self.program.port)) for _ in range(40)]
        try:
            for sock in idle[::2]:
                sock.sendall(b"GET /api/v1/he")
            start = time.monotonic()
            self.assertEqual(self.ask("/api/v1/status")[0], 200)
            self.assertLess(time.monotonic() - start, 20)
        finally:
            for sock in idle:
                sock.close()

    def test_keep_alive_serves_many(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=20)
        for _ in range(50):
            connection.request("GET", "/api/v1/heat")
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            answer.read()
        connection.close()


if __name__ == "__main__":
    main()
