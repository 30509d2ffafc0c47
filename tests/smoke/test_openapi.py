#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The API against its own description: every route, every status, every answer."""

import contextlib
import http.client
import json
import os
import re

import jsonschema

import smoke
from smoke import ROOT, Smoke, main, wait_until


class OpenApi(Smoke):
    """One program for all tests of the class: it only answers."""

    program = None

    def setUp(self):
        super().setUp()
        if OpenApi.program is None:
            context = self.running(
                "--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate", "500",
                "--period", "0.5", "--history", self.world.path("history"),
                "--cors-origin", "https://wall.example.net", "--cors-origin", "http://[::1]:3000")
            OpenApi.program = context.__enter__()  # pylint: disable=unnecessary-dunder-call
            self.addClassCleanup(context.__exit__, None, None, None)
            wait_until(lambda: (self.program.status()["history"] or {}).get("stored", 0) > 3,
                       "something in the store")
        self.document = json.loads(self.ask("/api/v1/openapi.json")[2])

    def ask(self, path, method="GET", headers=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.program.port, timeout=30)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def validate(self, value, schema):
        resolver = jsonschema.RefResolver("", self.document)
        jsonschema.Draft202012Validator(schema, resolver=resolver).validate(value)

    def holds(self, route, path, method="GET", headers=None, port=None):
        """Asks, and holds the answer against what the route's entry says of its status."""
        status, answered, body = self.ask(path, method, headers, port)
        operation = self.document["paths"][route]["get"]
        self.assertIn(str(status), operation["responses"], f"{path}: {status}")
        entry = operation["responses"][str(status)]
        if "$ref" in entry:
            entry = self.document["components"]["responses"][entry["$ref"].rsplit("/", 1)[1]]
        if "content" not in entry or method == "HEAD" or status == 206:
            return status, answered, body
        kind = answered["Content-Type"]
        found = [schema for media, schema in entry["content"].items()
                 if kind == media or kind.startswith(media + ";")]
        self.assertEqual(len(found), 1, f"{path}: {kind}")
        if "json" in kind and found[0]["schema"] != {"type": "string"}:
            self.validate(json.loads(body), found[0]["schema"])
        return status, answered, body

    def test_the_document_is_sound(self):
        self.assertEqual(self.document["openapi"], "3.1.0")
        for schema in self.document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)

    def test_routes_and_document_name_the_same(self):
        with open(os.path.join(ROOT, "lib/http/routes.c"), encoding="utf-8") as file:
            routes = set(re.findall(r'\{"(/[^"]+)", on_', file.read()))
        with open(os.path.join(ROOT, "lib/text/formats.c"), encoding="utf-8") as file:
            routes |= set(re.findall(r'\.path = "([^"]+)"', file.read()))
        documented = {path for path in self.document["paths"] if "{" not in path and path != "/"}
        self.assertEqual(routes, documented)

    def test_every_answer(self):
        windows = ["", *(f"?window={w}" for w in ("now", "1m", "5m", "1h", "24h", "start"))]
        past = ["?from=-1h", "?from=2020-01-01&to=2020-01-02", "?from=-10m&to=now"]
        series = ["?from=-1h", "?from=-1h&step=1m&country=DE", "?from=-1d&place=1",
                  "?from=-1h&country="]
        asked = {
            "/api/v1/heat": windows + past, "/api/v1/heat.geojson": windows + past,
            "/api/v1/heat.csv": windows + past, "/api/v1/countries.geojson": windows + past,
            "/api/v1/series": series, "/api/v1/series.csv": series,
            "/api/v1/session": ["", "?end=1"], "/api/v1/sessions": [""],
            "/api/v1/change": ["", "?against=week", "?from=-1d&to=-1h&against=usual&side=remote"],
            "/api/v1/events": ["", "?from=-1d&to=now&active=1"],
            "/api/v1/places/{key}": ["/api/v1/places/1", "/api/v1/places/1?from=-1h"],
            "/api/v1/place/{id}": ["/api/v1/place/0", "/api/v1/place/0?window=5m"],
            "/api/v1/locate": ["?ip=10.1.2.3", "?ip=5.1.0.1", "?ip=2001:db8::1", "?ip=2002:501:1::"],
            "/api/v1/status": [""], "/api/v1/sensors": [""], "/api/v1/openapi.json": [""],
            "/metrics": [""],
            "/ip_heatmap.html": [*windows, *past, "?from=-1h&timeline_from=-1d&step=1h"], "/": [""]}
        self.assertEqual(set(asked), set(self.document["paths"]), "a route that is not tested")
        for route, queries in asked.items():
            for query in queries:
                path = query if query.startswith("/") else route + query
                with self.subTest(path):
                    status, headers, body = self.holds(route, path)
                    self.assertEqual(status, 200)
                    self.assertEqual(self.ask(path, "HEAD")[::2], (200, b""))
                    self.assertEqual(self.holds(route, path, "POST")[0], 405)
                    self.assertTrue(headers["ETag"] or route in ("/api/v1/locate", "/api/v1/sensors", "/api/v1/session",
                                                                "/api/v1/sessions"))
                    self.assertIn("Accept-Encoding", headers["Vary"])
                    del body
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        self.assertEqual(self.holds("/metrics", "/metrics", headers=accept)[0], 200)

    def test_every_error_is_a_problem(self):
        for route, path, status in (
                ("/api/v1/heat", "/api/v1/heat?window=2h", 400),
                ("/api/v1/heat", "/api/v1/heat?from=x", 400),
                ("/api/v1/heat.csv", "/api/v1/heat.csv?from=-1h&window=1h", 400),
                ("/api/v1/heat.geojson", "/api/v1/heat.geojson?to=now", 400),
                ("/api/v1/countries.geojson", "/api/v1/countries.geojson?window=", 400),
                ("/api/v1/series", "/api/v1/series", 400),
                ("/api/v1/series", "/api/v1/series?from=-1h&step=x", 400),
                ("/api/v1/series.csv", "/api/v1/series.csv?from=-1h&place=0", 400),
                ("/api/v1/change", "/api/v1/change?against=year", 400),
                ("/api/v1/events", "/api/v1/events?active=yes", 400),
                ("/ip_heatmap.html", "/ip_heatmap.html?from=-1h&timeline_from=now", 400),
                ("/api/v1/locate", "/api/v1/locate", 400),
                ("/api/v1/locate", "/api/v1/locate?ip=fe80::1%25eth0", 400),
                ("/api/v1/places/{key}", "/api/v1/places/99999", 404),
                ("/api/v1/places/{key}", "/api/v1/places/0", 404),
                ("/api/v1/places/{key}", "/api/v1/places/1?from=x", 400),
                ("/api/v1/place/{id}", "/api/v1/place/99999", 404),
                ("/api/v1/place/{id}", "/api/v1/place/0?window=x", 400),
                ("/api/v1/place/{id}", "/api/v1/place/%22%3C", 404)):
            with self.subTest(path):
                got, headers, body = self.holds(route, path)
                self.assertEqual(got, status)
                self.assertEqual(headers["Content-Type"], "application/problem+json")
                problem = json.loads(body)
                self.assertEqual(problem["status"], status)
                self.assertEqual(problem["instance"], path.split("?")[0])
        status, headers, body = self.ask("/nowhere/\x80".encode("latin-1").decode("latin-1")
                                         .replace("\x80", "%80"))
        self.assertEqual((status, headers["Content-Type"]), (404, "application/problem+json"))
        self.validate(json.loads(body), {"$ref": "#/components/schemas/problem"})

    def test_before_the_first_period(self):
        program = smoke.Program(self, ["--pcap", self.world.capture("plain"), "--period", "3600"],
                                None, (), True, {}, ())
        try:
            def answers():
                with contextlib.suppress(OSError):
                    return self.ask("/", port=program.port)
                return None
            wait_until(program.says_port, "the address of the map")
            wait_until(answers, "the page")
            for path in ("/api/v1/heat", "/api/v1/heat.csv", "/metrics", "/api/v1/place/0"):
                status, headers, body = self.ask(path, port=program.port)
                self.assertEqual(status, 503, path)
                self.assertEqual(headers["Retry-After"], "1")
                self.validate(json.loads(body), {"$ref": "#/components/schemas/problem"})
        finally:
            program.kill()

    def test_ranges(self):
        for path in ("/api/v1/openapi.json", "/", "/world.json"):
            whole = self.ask(path)[2]
            tag = self.ask(path)[1]["ETag"]
            for asked, part in (("bytes=0-0", whole[:1]), ("bytes=10-19", whole[10:20]),
                                ("bytes=5-", whole[5:]), ("bytes=-7", whole[-7:]),
                                (f"bytes=0-{len(whole) * 2}", whole),
                                (f"bytes=-{len(whole) * 2}", whole)):
                status, headers, body = self.ask(path, headers={"Range": asked})
                self.assertEqual((status, body), (206, part), asked)
                at = whole.index(part) if len(part) > 7 else None
                if at is not None:
                    self.assertTrue(headers["Content-Range"].endswith(f"/{len(whole)}"))
            for ignored in ("bytes=0-1,3-4", "lines=1-2", "bytes=x-", "bytes=4-2", "bytes"):
                self.assertEqual(self.ask(path, headers={"Range": ignored})[::2], (200, whole))
            for behind in (f"bytes={len(whole)}-", "bytes=-0",
                           "bytes=99999999999999999999999-"):
                status, headers, _ = self.ask(path, headers={"Range": behind})
                self.assertEqual((status, headers["Content-Range"]), (416, f"bytes */{len(whole)}"))
            same = {"Range": "bytes=0-3", "If-Range": tag}
            self.assertEqual(self.ask(path, headers=same)[0], 206)
            other = {"Range": "bytes=0-3", "If-Range": '"other"'}
            self.assertEqual(self.ask(path, headers=other)[0], 200)
            packed = self.ask(path, headers={"Accept-Encoding": "gzip"})
            part = self.ask(path, headers={"Accept-Encoding": "gzip", "Range": "bytes=2-9"})
            self.assertEqual(part[2], packed[2][2:10])

    def test_cors(self):
        for origin in ("https://wall.example.net", "http://[::1]:3000", "HTTPS://WALL.example.net"):
            for path in ("/api/v1/heat", "/api/v1/heat?window=x", "/nowhere"):
                _, headers, _ = self.ask(path, headers={"Origin": origin})
                self.assertEqual(headers["Access-Control-Allow-Origin"], origin)
                self.assertIn("Origin", headers["Vary"])
                self.assertEqual(headers["Cross-Origin-Resource-Policy"], "cross-origin")
            preflight = {"Origin": origin, "Access-Control-Request-Method": "GET",
                         "Access-Control-Request-Headers": "if-none-match"}
            status, headers, _ = self.ask("/api/v1/heat", "OPTIONS", preflight)
            self.assertEqual(status, 204)
            self.assertIn("GET", headers["Access-Control-Allow-Methods"])
            self.assertIn("If-None-Match", headers["Access-Control-Allow-Headers"])
        for origin in ("https://wall.example.net.evil.example", "http://wall.example.net", "null",
                       "https://wall.example.net:444", ""):
            status, headers, _ = self.ask("/api/v1/heat", headers={"Origin": origin})
            self.assertEqual(status, 200)
            self.assertNotIn("Access-Control-Allow-Origin", headers)
            self.assertIn("Origin", headers["Vary"])
            preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            self.assertEqual(self.ask("/api/v1/heat", "OPTIONS", preflight)[0], 405)
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2") as program:
            _, headers, _ = self.ask("/api/v1/status", headers={"Origin": "https://a.example"},
                                     port=program.port)
            self.assertNotIn("Access-Control-Allow-Origin", headers)

    def test_bad_origins(self):
        for origin in ("wall.example.net", "https://", "https://a.example/", "https://a b", "**",
                       "https://a.example,https://b.example"):
            self.refused("--pcap", self.world.capture("plain"), "--cors-origin", origin, code=2,
                         says="--cors-origin")


if __name__ == "__main__":
    main()
