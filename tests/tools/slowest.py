#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
The slowest tests of a run, from what the suites' runners say of each.

    slowest.py COUNT FOLDER     FOLDER: with a log SUITE.log for each suite

unittest (smoke.py), node's spec reporter, meson, and the steps of nic, which tell the time since the
start.
"""

import os
import re
import sys

SMOKE = re.compile(r"^[.EFsxu]*# (\d+\.\d) s (\S+)$", re.MULTILINE)
NODE = re.compile(r"^[✔✖] (.*) \((\d+(?:\.\d+)?)ms\)$", re.MULTILINE)
MESON = re.compile(r"^ *\d+/\d+ \S+ / (.+?) +(?:OK|FAIL|TIMEOUT) +(\d+\.\d+)s", re.MULTILINE)
STEP = re.compile(r"^(?:not )?ok - (.*) \((\d+) s\)$", re.MULTILINE)


def times(text):
    """(seconds, name) of each test of a log."""
    out = {(float(seconds), name) for seconds, name in SMOKE.findall(text)}
    # a failed test stands there twice
    out |= {(float(ms) / 1000, name) for name, ms in NODE.findall(text)}
    out |= {(float(seconds), name) for name, seconds in MESON.findall(text)}
    before = 0
    for name, at in STEP.findall(text):
        if int(at) >= before:
            out.add((float(int(at) - before), name))
        before = int(at)
    return out


def main():
    count, folder = int(sys.argv[1]), sys.argv[2]
    found = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".log"):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                found += [(seconds, f"{name[:-4]}: {test}") for seconds, test in times(file.read())]
    for seconds, test in sorted(found, reverse=True)[:count]:
        print(f"slow {seconds:6.1f} s  {test}")


if __name__ == "__main__":
    main()
