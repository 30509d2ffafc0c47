#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Counts tests from what their runners say at their end.

    tally.py CODE LOG         a suite's log and its exit code -> "PASSED FAILED SKIPPED"
    tally.py --meson FILE     meson's testlog.json -> a line for the log: "tally: P F S"

Known are: Python's unittest, node's test runner, "ok - WHAT" and "not ok - WHAT" lines, a plain
"N passed, N failed[, N skipped]" line, and our own "tally:" line. A suite that failed without a
failed test has one failed test; so has a suite that says it is fine and ran nothing. Exit code 77
is a skipped suite.
"""

import json
import re
import sys

SKIP = 77


def numbers(pattern, text):
    return [int(found) for found in re.findall(pattern, text, re.MULTILINE)]


def tally(code, text):
    passed = failed = skipped = 0
    for ran, result, details in re.findall(
            r"^Ran (\d+) tests? in .*\n+(OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$", text,
            re.MULTILINE):
        counts = {key: int(value) for key, value in re.findall(r"([a-z ]+)=(\d+)", details)}
        bad = sum(counts.get(key, 0) for key in ("failures", "errors", " errors"))
        bad += counts.get("unexpected successes", 0)
        left_out = counts.get("skipped", 0) + counts.get(" skipped", 0)
        # an error in setUpClass is no test that ran
        bad = max(bad, 1) if result != "OK" else 0
        failed += bad
        skipped += left_out
        passed += max(int(ran) - bad - left_out, 0)
    passed += sum(numbers(r"^(?:# |ℹ )pass (\d+)$", text))
    failed += sum(numbers(r"^(?:# |ℹ )(?:fail|cancelled) (\d+)$", text))
    skipped += sum(numbers(r"^(?:# |ℹ )(?:skipped|todo) (\d+)$", text))
    plain = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", text, re.MULTILINE)
    # who closes with that line has counted its "ok" lines itself
    for line in [] if plain else re.findall(r"^(?:not )?ok - .*$", text, re.MULTILINE):
        if line.startswith("not"):
            failed += 1
        elif "# SKIP" in line:
            skipped += 1
        else:
            passed += 1
    for p, f, s in plain:
        passed, failed, skipped = passed + int(p), failed + int(f), skipped + int(s or 0)
    for p, f, s in re.findall(r"^tally: (\d+) (\d+) (\d+)$", text, re.MULTILINE):
        passed, failed, skipped = passed + int(p), failed + int(f), skipped + int(s)
    if code == SKIP and failed == 0:
        skipped = max(skipped, 1)
    elif code != 0:
        failed = max(failed, 1)
    elif passed + failed + skipped == 0:
        failed = 1
    return passed, failed, skipped


def tally_meson(lines):
    """One JSON object a line, one line a test program; cmocka's closing lines are in its output."""
    passed = failed = skipped = 0
    for line in lines:
        test = json.loads(line)
        text = test.get("stdout", "") + "\n" + test.get("stderr", "")
        p = sum(numbers(r"^\[  PASSED  \] (\d+) test\(s\)", text))
        f = sum(numbers(r"^\[  FAILED  \] (\d+) test\(s\)", text))
        s = sum(numbers(r"^\[  SKIPPED \] (\d+) test\(s\)", text))
        result = test["result"]
        if result == "SKIP":
            s = max(s, 1)
        elif result in ("OK", "EXPECTEDFAIL"):
            p = max(p, 0 if s else 1)
        else:
            f = max(f, 1)
        passed, failed, skipped = passed + p, failed + f, skipped + s
    return passed, failed, skipped


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    if sys.argv[1] == "--meson":
        with open(sys.argv[2], encoding="utf-8") as file:
            print("tally: %d %d %d" % tally_meson(file))
    else:
        with open(sys.argv[2], encoding="utf-8", errors="replace") as file:
            print("%d %d %d" % tally(int(sys.argv[1]), file.read()))


if __name__ == "__main__":
    main()
