#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""scripts/sbom: what the built program is linked with, and what the page is made of."""

import json
import os
import re
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "scripts/sbom")
PAGE = os.path.join(ROOT, "lib/page/dist/licences.txt")
PROGRAM = os.environ.get("PACKET_HEATMAP") or os.path.join(
    os.environ.get("BUILD") or os.path.join(ROOT, "build-test"), "app/packet-heatmap")


class Sbom(unittest.TestCase):

    def made(self, *arguments, code=0):
        done = subprocess.run([SCRIPT, *arguments], check=False, capture_output=True, text=True,
                              env={**os.environ, "SOURCE_DATE_EPOCH": "1780000000"}, timeout=120)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_what_is_in_it(self):
        text = self.made("packet-heatmap", "1.2.3", PROGRAM, "--page", PAGE)
        self.assertEqual(text, self.made("packet-heatmap", "1.2.3", PROGRAM, "--page", PAGE),
                         "the same octets each time")
        document = json.loads(text)
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")
        self.assertEqual(document["creationInfo"]["created"], "2026-05-28T20:26:40Z")
        packages = {package["name"]: package for package in document["packages"]}
        self.assertEqual(len(packages), len(document["packages"]), "each once")
        # some that it could not be without, and of the page
        for name in ("packet-heatmap", "libc6", "libmaxminddb0", "libcivetweb1", "world-atlas",
                     "d3-zoom"):
            self.assertIn(name, packages)
        self.assertTrue(any(name.startswith("librte-eal") for name in packages), packages.keys())
        self.assertEqual(packages["d3-zoom"]["licenseDeclared"], "ISC")
        installed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n", "libmaxminddb0"],
                                   check=True, capture_output=True, text=True).stdout.strip()
        self.assertEqual(packages["libmaxminddb0"]["versionInfo"], installed)
        ids = {package["SPDXID"] for package in document["packages"]}
        for package in document["packages"]:
            self.assertRegex(package["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
            self.assertTrue(package["versionInfo"])
            self.assertRegex(package["externalRefs"][0]["referenceLocator"],
                             r"^pkg:(deb|npm)/[^@\s]+@\S+$")
        named = {relation["relatedSpdxElement"] for relation in document["relationships"]}
        self.assertEqual(named, ids)

    def test_it_names_every_library(self):
        """Held against ldd: what the program itself needs, and nothing that it does not."""
        document = json.loads(self.made("packet-heatmap", "1", PROGRAM))
        names = set(re.findall(r"\(NEEDED\).*\[(.+)\]", subprocess.run(
            ["readelf", "-d", PROGRAM], check=True, capture_output=True, text=True).stdout))
        linked = [relation for relation in document["relationships"]
                  if relation["relationshipType"] == "DYNAMIC_LINK"]
        self.assertTrue(0 < len(linked) <= len(names))
        self.assertNotIn("npm", json.dumps(document))

    def test_mistakes(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("nothing\n")
            file.flush()
            self.assertIn("names no package",
                          self.made("x", "1", PROGRAM, "--page", file.name, code=1))
        self.made("x", code=2)


if __name__ == "__main__":
    unittest.main()
