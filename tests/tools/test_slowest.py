#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""slowest.py on what each runner prints."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LOGS = {
    "smoke.log": "..# 12.3 s Http.test_garbage\n# 12.3 s Http.test_garbage\n# 0.1 s Http.test_a\n",
    "page.log": "✔ 180° in the middle (2500.5ms)\n✖ a soak (7000ms)\n✖ a soak (7000ms)\n",
    "unit.log": " 3/36 packet-heatmap:unit / unit buffer      OK               1.25s\n",
    "nic.log": "ok - boots (100 s)\nnot ok - counts (130 s)\nok - queues (40 s)\n",
}


class Slowest(unittest.TestCase):
    def test_each_runner(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in LOGS.items():
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            done = subprocess.run([sys.executable, os.path.join(HERE, "slowest.py"), "6", folder],
                                  check=True, capture_output=True, text=True)
        self.assertEqual(done.stdout.splitlines(), [
            "slow  100.0 s  nic: boots",
            "slow   30.0 s  nic: counts",
            "slow   12.3 s  smoke: Http.test_garbage",
            "slow    7.0 s  page: a soak",
            "slow    2.5 s  page: 180° in the middle",
            "slow    1.2 s  unit: unit buffer",
        ])


if __name__ == "__main__":
    unittest.main()
