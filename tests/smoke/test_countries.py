#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""/api/v1/countries.geojson: the heat's sums as polygons, as RFC 7946, GDAL and jq want them."""

import json
import os
import subprocess
import urllib.error
import urllib.request

from smoke import ROOT, Smoke, main, wait_until

from frames import ether, ipv4, pcap, tcp, udp  # smoke makes tests/tools known

COUNTERS = [f"{layer}_{direction}_{what}" for layer in ("tcp", "udp") for direction in ("src", "dst")
            for what in ("packets", "octets")]
WITHOUT_SHAPE = {"BV", "GI", "TV", "UM"}
BEYOND_180 = {"FJ", "RU", "US", "KI", "NZ"}


def land():
    with open(os.path.join(ROOT, "lib/land/countries.tsv"), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file]


def polygons(geometry):
    kind = geometry["type"]
    return geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]


def area(ring):
    """Positive: counterclockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:])) / 2


def around(box, ring):
    west, south, east, north = box
    across = west > east
    return all(south <= y <= north and ((x >= west or x <= east) if across else west <= x <= east)
               for x, y in ring)


class Countries(Smoke):

    def text(self, program, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{program.port}{path}", timeout=20) as answer:
            self.assertEqual(answer.headers["Content-Type"], "application/geo+json")
            return answer.read()

    def counted(self, program, packets):
        def done():
            heat = program.get("/api/v1/heat?window=start")
            return heat if sum(row[2] + row[3] for row in heat["points"]) == packets else None
        return wait_until(done, "the capture's packets")

    def same_sums(self, features, rows):
        """`rows`: the countries of the heat; C8 has totals and those as source."""
        self.assertEqual([f["properties"]["country"] for f in features], [row[0] for row in rows])
        for feature, (_, counts) in zip(features, ((row[0], row[1:]) for row in rows)):
            got = feature["properties"]
            for i, (layer, what) in enumerate((layer, what) for what in ("packets", "octets")
                                              for layer in ("tcp", "udp")):
                source = got[f"{layer}_src_{what}"]
                self.assertEqual(source + got[f"{layer}_dst_{what}"], counts[i])
                self.assertEqual(source, counts[4 + i])

    def ogr(self, sql):
        """What GDAL's SQL with SpatiaLite's functions answers: a row of `name = value` each."""
        done = subprocess.run(["ogrinfo", "-ro", "-q", self.file("countries.geojson"), "-dialect",
                               "sqlite", "-sql", sql], capture_output=True, check=True, text=True)
        self.assertEqual(done.stderr, "")
        return [line.split(" = ")[1] for line in done.stdout.splitlines() if " = " in line]

    def test_every_country(self):
        """A packet for each code there is: none vanishes, and every shape is sound."""
        codes = [row[0] for row in land()]
        self.assertEqual(len(codes), 250)
        places = [{"country": code, "city": "Town", "latitude": 10, "longitude": 20 + i % 40,
                   "networks": [f"6.{i}.0.0/16"]} for i, code in enumerate(codes)]
        places.append({"city": "Sea", "latitude": 0, "longitude": -20, "networks": ["7.0.0.0/16"]})
        places.append({"country": "QQ", "city": "Nowhere", "latitude": 1, "longitude": 2,
                       "networks": ["7.1.0.0/16"]})
        database = self.world.database("every.mmdb", places, family="4")
        frames = [ether(ipv4(f"6.{i}.0.1", "7.0.0.1", tcp(1, 2, b"x" * i)))
                  for i in range(len(codes))]
        frames += [ether(ipv4("7.1.0.1", f"6.{i}.0.2", udp(1, 2, b"y" * i)))
                   for i in range(len(codes))]
        capture = self.world.write("every.pcap", pcap(frames))
        with self.running("--pcap", capture, "--period", "0.2", databases=[database]) as program:
            heat = self.counted(program, 1000)
            body = self.text(program, "/api/v1/countries.geojson?window=start")
        with open(self.file("countries.geojson"), "wb") as file:
            file.write(body)
        whole = json.loads(body)
        features = whole["features"]
        self.same_sums(features, heat["top"]["countries"])
        by_code = {f["properties"]["country"]: f for f in features}
        self.assertEqual(set(by_code), {*codes, "", "QQ"})
        self.assertEqual({code for code, f in by_code.items()
                          if (f["geometry"] or {}).get("type") == "Point"}, {*WITHOUT_SHAPE, "QQ"})
        self.assertIsNone(by_code[""]["geometry"])
        self.assertNotIn("id", by_code[""])
        self.assertEqual(by_code["QQ"]["geometry"]["coordinates"], [2, 1])
        # the world: Antarctica goes round it
        self.assertEqual(whole["bbox"][:3], [-180, -90, 180])
        names = dict(row[:2] for row in land())
        for code in codes:
            feature = by_code[code]
            self.assertEqual(feature["id"], code)
            self.assertEqual(feature["properties"]["name"], names[code])
            if code in WITHOUT_SHAPE:
                continue
            self.assertEqual(feature["bbox"][0] > feature["bbox"][2], code in BEYOND_180, code)
            for polygon in polygons(feature["geometry"]):
                for i, ring in enumerate(polygon):
                    self.assertEqual(ring[0], ring[-1])
                    self.assertGreaterEqual(len(ring), 4)
                    self.assertEqual(area(ring) > 0, i == 0, f"{code}: not the right-hand rule")
                    self.assertTrue(around(feature["bbox"], ring), code)
                    # cut: no line goes round the world's back, but along the pole
                    self.assertTrue(all(abs(a[0] - b[0]) <= 180 or a[1] == b[1] == -90
                                        for a, b in zip(ring, ring[1:])), code)
        shapes = len(codes) - len(WITHOUT_SHAPE)
        self.assertEqual(self.ogr(
            "SELECT count(*) FROM countries WHERE ST_GeometryType(geometry) LIKE '%POLYGON%' "
            "AND ST_IsValid(geometry) = 1"), [str(shapes)])
        self.assertEqual(self.ogr("SELECT count(*) FROM countries"), [str(len(codes) + 2)])
        # the lands lie side by side: a few slivers of the simplified borders are all they share
        total, = self.ogr("SELECT sum(ST_Area(geometry)) AS a FROM countries")
        united, = self.ogr("SELECT ST_Area(ST_Union(geometry)) AS a FROM countries")
        self.assertAlmostEqual(float(total), float(united), delta=1)

    def test_cities_lie_in_their_countries(self):
        """The codes of the databases are put to the right shapes; jq adds up what the heat does."""
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          self.file("history")) as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the capture's end")
            packets = 2 * (status["ledger"]["tcp"] + status["ledger"]["udp"])
            heat = self.counted(program, packets)
            body = self.text(program, "/api/v1/countries.geojson?window=start")
            with open(self.file("heat.geojson"), "wb") as file:
                file.write(self.text(program, "/api/v1/heat.geojson?window=start"))
            wait_until(lambda: program.status()["history"]["stored"] >= status["period"],
                       "all its periods in the store")
            past = json.loads(self.text(program, "/api/v1/countries.geojson?from=-1h"))
            rows = program.get("/api/v1/heat?from=-1h")["top"]["countries"]
            for query in ("?window=2h", "?from=x", "?from=-1h&window=1h"):
                with self.assertRaises(urllib.error.HTTPError) as raised:
                    self.text(program, "/api/v1/countries.geojson" + query)
                self.assertEqual(raised.exception.code, 400)
                raised.exception.close()
        with open(self.file("countries.geojson"), "wb") as file:
            file.write(body)
        self.same_sums(json.loads(body)["features"], heat["top"]["countries"])
        self.same_sums(past["features"], rows)
        self.assertGreater(len(rows), 40)
        for counter in COUNTERS:
            add = f"[.features[].properties.{counter}]|add"
            sums = [json.loads(subprocess.run(["jq", add, self.file(name)], capture_output=True,
                                              check=True).stdout)
                    for name in ("countries.geojson", "heat.geojson")]
            self.assertEqual(sums[0], sums[1])
            self.assertGreater(sums[0], 0)
        # a harbour's position may lie in the water: a tenth of a degree is 11 km
        apart = ("SELECT {} FROM countries c JOIN '" + self.file("heat.geojson") + "'.heat h "
                 "ON h.country = c.country WHERE ST_Distance(h.geometry, c.geometry) {}")
        self.assertEqual(self.ogr(apart.format("h.city AS city", "> 0.1")), [])
        nowhere = sum(name.endswith(", ") for name in heat["places"])
        self.assertEqual(nowhere, 1)
        self.assertEqual(self.ogr(apart.format("count(*) AS n", "<= 0.1")),
                         [str(len(heat["points"]) - nowhere)])
        # what has no shape of its own in the atlas is not left in the country that it belongs to
        self.assertLess(json.loads(subprocess.run(
            ["jq", '.features[]|select(.id=="FR").bbox[2]', self.file("countries.geojson")],
            capture_output=True, check=True).stdout), 10)

    def test_a_box_over_180_degrees(self):
        places = [{"country": "FJ", "city": "Suva", "latitude": -18.1, "longitude": 178.4,
                   "networks": ["6.1.0.0/16"]},
                  {"country": "TV", "city": "Funafuti", "latitude": -8.52, "longitude": 179.19,
                   "networks": ["6.2.0.0/16"]}]
        database = self.world.database("fiji.mmdb", places, family="4")
        capture = self.world.write("fiji.pcap", pcap(
            [ether(ipv4("6.1.0.1", "6.2.0.1", tcp(1, 2))), ether(ipv4("6.1.0.1", "6.1.0.2",
                                                                      udp(1, 2)))]))
        with self.running("--pcap", capture, "--period", "0.2", databases=[database]) as program:
            self.counted(program, 4)
            whole = json.loads(self.text(program, "/api/v1/countries.geojson"))
        self.assertEqual([f["id"] for f in whole["features"]], ["FJ", "TV"])
        self.assertEqual(whole["features"][1]["geometry"],
                         {"type": "Point", "coordinates": [179.19, -8.52]})
        fiji = whole["features"][0]["bbox"]
        self.assertEqual(whole["bbox"], [*fiji[:3], -8.52])
        self.assertGreater(whole["bbox"][0], whole["bbox"][2])

    def test_nothing_yet(self):
        with self.running("--pcap", self.world.bad("empty.pcap"), "--period", "0.2") as program:
            wait_until(lambda: self.answered(program), "the first period")
            self.assertEqual(json.loads(self.text(program, "/api/v1/countries.geojson")),
                             {"type": "FeatureCollection", "features": []})

    @staticmethod
    def answered(program):
        try:
            return program.get("/api/v1/heat")
        except urllib.error.HTTPError as error:
            error.close()
            return None


if __name__ == "__main__":
    main()
