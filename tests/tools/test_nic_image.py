#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The image of nic: what an earlier run has left mounted in its folder goes, and nothing else."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from nic import image


class Mounts(unittest.TestCase):
    def test_what_is_unmounted(self):
        folder = os.path.realpath(self.enterContext(tempfile.TemporaryDirectory()))
        log = os.path.join(folder, "log")
        mounts = os.path.join(folder, "mounts")
        points = ["/", "/proc", f"{folder}-other/proc", f"{folder}/root/proc",
                  f"{folder}/root/proc/sys"]
        with open(mounts, "w", encoding="utf-8") as out:
            out.writelines(f"what {point} proc rw 0 0\n" for point in points)
        image.unmount_below(folder, mounts,
                            ("/bin/sh", "-c", f'echo "$1" >> {log}', "umount"))
        with open(log, encoding="utf-8") as lines:
            self.assertEqual(lines.read().split(), [points[4], points[3]])


if __name__ == "__main__":
    unittest.main()
