#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""README's table "works with": each row names a test that there is, and that test runs the tool."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAD = "| works with | by | the test that proves it |"
# folders and files that a row may name
PATH = re.compile(r"`((?:tests|scripts)/[\w./-]+)`")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def rows(text):
    """(tools, tests) of each row; `there` and `the same` are the files of the row before."""
    lines = iter(text[text.index(HEAD):].splitlines()[2:])
    paths = []
    for line in lines:
        if not line.startswith("|"):
            return
        tool, _, test = (cell.strip() for cell in line.strip("|").split(" | "))
        named = PATH.findall(test)
        paths = paths + named if test.startswith(("there", "the same")) else named
        yield tool, paths, re.findall(r"`(test_\w+)`", test)


class WorksWith(unittest.TestCase):
    def test_each_row_has_its_proof(self):
        table = list(rows(read("README.md")))
        self.assertGreater(len(table), 12)
        for tool, paths, tests in table:
            with self.subTest(tool):
                self.assertTrue(paths, "no test is named")
                text = "\n".join(read(path) for path in paths)
                for test in tests:
                    self.assertIn(f"def {test}(", text)
                # programs that it runs, by name
                for program in re.findall(r"`([\w.-]+)", tool):
                    self.assertIn(program, text)

    def test_a_row_without_proof_is_seen(self):
        table = f"{HEAD}\n|---|---|---|\n| `jq` | it | `tests/tools/none.py`: `test_a` |\n" \
                "| that | it | there: `test_b` |\n\n| other | | |\n"
        self.assertEqual(list(rows(table)), [("`jq`", ["tests/tools/none.py"], ["test_a"]),
                                             ("that", ["tests/tools/none.py"], ["test_b"])])


if __name__ == "__main__":
    unittest.main()
