#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""leftovers.py: what is ours and over goes, all else stays."""

import os
import subprocess
import tempfile
import unittest

import leftovers


class Leftovers(unittest.TestCase):
    def setUp(self):
        self.root = self.enterContext(tempfile.TemporaryDirectory())
        with subprocess.Popen(["true"]) as process:
            self.gone = process.pid  # was reaped: nobody has this number now

    def make(self, path, age=0):
        path = os.path.join(self.root, path)
        os.makedirs(path)
        then = os.stat(path).st_mtime - age
        os.utime(path, (then, then))
        return path

    def test_what_goes(self):
        me = os.getpid()
        self.make(f"run/netns/phm-{self.gone}")
        self.make(f"run/netns/phm-if-{self.gone}-a")
        goes = [self.make(f"run/dpdk/check-{self.gone}"),
                self.make(f"run/dpdk/smoke{self.gone}"),
                self.make("tmp/packet-heatmap-smoke-abcd1234", age=2 * 86400)]
        for name in (f"run/netns/phm-{me}", "run/netns/blue", f"run/netns/phm{self.gone}x",
                     f"run/dpdk/check-{me}", "run/dpdk/rte", f"run/dpdk/other-{self.gone}",
                     "tmp/packet-heatmap-smoke-young", "tmp/somebody"):
            self.make(name)
        found = list(leftovers.find(self.root))
        self.assertEqual([name for what, name in found if what == "namespace"],
                         [f"phm-{self.gone}", f"phm-if-{self.gone}-a"])
        self.assertEqual([name for what, name in found if what == "folder"], goes)

    def test_nothing_there(self):
        self.assertEqual(list(leftovers.find(self.root)), [])


if __name__ == "__main__":
    unittest.main()
