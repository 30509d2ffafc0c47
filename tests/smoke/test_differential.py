#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every kind of frame that the parser knows, against tshark: scripts/compare-captures over the
captures of tests/captures, as they are and with tunnels looked behind."""

import os
import re
import subprocess
import sys

from smoke import BINARY, ROOT, Smoke, main


class Differential(Smoke):
    def compare(self, *arguments):
        # the filter of system calls and LeakSanitizer exclude each other: leaks are for test_once
        done = subprocess.run(
            [os.path.join(ROOT, "scripts/compare-captures"), "--program", BINARY,
             "--geo-db", self.world.ipv4, *arguments],
            env={**os.environ, **self.environment}, cwd=self.cwd, capture_output=True, text=True,
            timeout=540, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-2000:])
        return done.stdout

    def captures(self, script, *arguments):
        folder = self.file(os.path.basename(script))
        subprocess.run([sys.executable, os.path.join(ROOT, script), folder, *arguments], check=True)
        return folder

    def test_every_kind_of_frame(self):
        folder = self.captures("tests/captures/make.py")
        out = self.compare(folder)
        equal, different = re.search(r"^(\d+) equal, (\d+) different", out, re.M).groups()
        self.assertGreater(int(equal), 5, out)
        self.assertEqual(int(different), 0, out)

    def test_behind_tunnels(self):
        folder = self.captures("tests/captures/make.py")
        tunnels = [os.path.join(folder, name) for name in sorted(os.listdir(folder))
                   if name.startswith("tunnel-")]
        self.assertGreater(len(tunnels), 5)
        out = self.compare("--decap", "all", *tunnels)
        equal, different = re.search(r"^(\d+) equal, (\d+) different", out, re.M).groups()
        self.assertGreater(int(equal), 5, out)
        self.assertEqual(int(different), 0, out)


if __name__ == "__main__":
    main()
