#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A failed test that is not counted would be worse than none."""

import json
import unittest

from tally import tally, tally_meson

DASHES = "-" * 70 + "\n"


class Tally(unittest.TestCase):
    def test_unittest(self):
        ok = DASHES + "Ran 9 tests in 1.0s\n\nOK\n"
        self.assertEqual(tally(0, ok + ok), (18, 0, 0))
        self.assertEqual(tally(0, "Ran 9 tests in 1.0s\n\nOK (skipped=2)\n"), (7, 0, 2))
        self.assertEqual(
            tally(1, "Ran 9 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"), (5, 3, 1))
        self.assertEqual(tally(1, "Ran 0 tests in 1.0s\n\nFAILED (errors=1)\n"), (0, 1, 0))
        self.assertEqual(tally(5, "Ran 0 tests in 0.0s\n\nNO TESTS RAN\n"), (0, 1, 0))
        self.assertEqual(tally(0, "Ran 1 test in 0.0s\n\nOK\n"), (1, 0, 0))

    def test_node(self):
        spec = "ℹ tests 7\nℹ pass 5\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\n"
        self.assertEqual(tally(1, spec), (5, 1, 1))
        self.assertEqual(tally(1, spec.replace("ℹ", "#")), (5, 1, 1))

    def test_lines(self):
        self.assertEqual(tally(1, "ok - a\nnot ok - b\nok - c # SKIP no root\n"), (1, 1, 1))
        self.assertEqual(tally(0, "3 passed, 0 failed\n4 passed, 0 failed, 1 skipped\n"), (7, 0, 1))

    def test_lines_are_not_counted_twice(self):
        self.assertEqual(tally(1, "ok - a\nnot ok - b\n1 passed, 1 failed\n"), (1, 1, 0))

    def test_exit_code_is_believed(self):
        self.assertEqual(tally(1, "Ran 9 tests in 1.0s\n\nOK\n"), (9, 1, 0))
        self.assertEqual(tally(139, ""), (0, 1, 0))
        self.assertEqual(tally(0, ""), (0, 1, 0))
        self.assertEqual(tally(0, "all is well\n"), (0, 1, 0))
        self.assertEqual(tally(77, ""), (0, 0, 1))

    def test_meson(self):
        def line(result, out=""):
            return json.dumps({"name": "x", "result": result, "stdout": "", "stderr": out})
        self.assertEqual(tally_meson([line("OK", "[  PASSED  ] 12 test(s).\n")]), (12, 0, 0))
        self.assertEqual(tally_meson([line("OK")]), (1, 0, 0))
        self.assertEqual(
            tally_meson([line("FAIL", "[  PASSED  ] 3 test(s).\n"
                                      "[  FAILED  ] 2 test(s), listed below:\n")]), (3, 2, 0))
        self.assertEqual(tally_meson([line("FAIL", "Segmentation fault")]), (0, 1, 0))
        self.assertEqual(tally_meson([line("TIMEOUT")]), (0, 1, 0))
        self.assertEqual(tally_meson([line("SKIP")]), (0, 0, 1))


if __name__ == "__main__":
    unittest.main()
