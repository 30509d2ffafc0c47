#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A second try is for waits alone: what it must not hide is tried here, and what it must mend."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

import again

HERE = os.path.dirname(os.path.abspath(__file__))

ONCE = """
    import os, time, unittest
    class Once(unittest.TestCase):
        def once(self, error):
            "Fails at its first run, by the mark that it leaves."
            mark = os.path.join({folder!r}, self._testMethodName)
            if not os.path.exists(mark):
                open(mark, "w").close()
                raise error
        def test_waits(self):
            self.once(AssertionError("waited 60 s for the first answer"))
        def test_second(self):
            self.once(TimeoutError("timed out"))
        def test_third(self):
            self.once(ConnectionRefusedError(111, "Connection refused"))
        def test_counts(self):
            self.once(AssertionError("212 != 213"))
        def test_always(self):
            raise AssertionError("waited 60 s for what never comes")
        def test_good(self):
            pass
    unittest.main()
"""


def block(exception, before="", test="test_x", sub=""):
    return (f"\n{'=' * 70}\nFAIL: {test} (__main__.Class.{test}){sub}\n{'-' * 70}\n{before}"
            f"Traceback (most recent call last):\n  File \"x.py\", line 1, in {test}\n    f()\n"
            f"{exception}\n")


def smoke(*blocks):
    return ("\ntests/smoke/test_a.py\n...F\n" + "".join(blocks) +
            f"\n{'-' * 70}\nRan 4 tests in 1.0s\n\nFAILED (failures=1)\n"
            "\ntests/smoke/test_b.py\n....\n")


class Smoke(unittest.TestCase):
    def reason(self, *blocks):
        failures = again.smoke_failures(smoke(*blocks))
        self.assertEqual(len(failures), 1)
        self.assertEqual(failures[0].command[1:], ["tests/smoke/test_a.py", "Class.test_x"])
        return failures[0].reason

    def test_waits(self):
        for exception in ("AssertionError: waited 60 s for the first answer",
                          "AssertionError: waited 60 s for a file",
                          "TimeoutError: timed out",
                          "subprocess.TimeoutExpired: Command '['x']' timed out after 60 seconds",
                          "ConnectionResetError: [Errno 104] Connection reset by peer",
                          "http.client.RemoteDisconnected: Remote end closed connection",
                          "urllib.error.URLError: <urlopen error [Errno 111] Connection refused>"):
            self.assertIsNone(self.reason(block(exception)), exception)

    def test_everything_else(self):
        for exception in ("AssertionError: 212 != 213", "AssertionError: Lists differ: [] != [1]",
                          "AssertionError: waited 60 s for 213 packets",
                          "AssertionError: waited 60 s for packets of both",
                          "AssertionError: no first answer: the program ended with 1:",
                          "AssertionError: False is not True", "KeyError: 'tcp'",
                          "AssertionError: 5.1 not less than 5", "SystemExit: 1",
                          "urllib.error.HTTPError: HTTP Error 500: Internal Server Error",
                          "nothing that looks like an exception"):
            self.assertIsNotNone(self.reason(block(exception)), exception)

    def test_a_wait_beside_something_else(self):
        wait = "AssertionError: waited 60 s for the end"
        self.assertIsNotNone(self.reason(block("AssertionError: 1 != 2\n\nDuring handling of the "
                                               f"above exception, another one:\n{wait}")))
        self.assertIsNotNone(self.reason(block(wait, sub=" (name='a')"),
                                         block("AssertionError: 1 != 2", sub=" (name='b')")))
        self.assertIsNotNone(self.reason(block(wait) + "==1==ERROR: AddressSanitizer: heap"))
        self.assertIsNotNone(self.reason(block(wait), block("x.c:1:2: runtime error: overflow",
                                                            test="test_x")))
        self.assertIsNotNone(self.reason(block(f"{wait}\nit ended with -11")))

    def test_sub_tests_are_one_test(self):
        wait = "AssertionError: waited 60 s for the end"
        failures = again.smoke_failures(smoke(block(wait, sub=" (n=1)"), block(wait, sub=" (n=2)")))
        self.assertEqual([(f.count, f.reason) for f in failures], [(2, None)])

    def test_what_is_no_test(self):
        head = f"\n{'=' * 70}\nERROR: setUpClass (__main__.Class)\n{'-' * 70}\nTimeoutError: x\n"
        self.assertEqual(again.smoke_failures(smoke(head)), [])


class Page(unittest.TestCase):
    def reason(self, body, file="tests/page/states.test.mjs", before=""):
        log = (before + "✖ a name (3 ms)\n\n✖ failing tests:\n\n"
               f"test at {file}:5:1\n✖ a (name) (30012.5ms)\n  {body}\n      at x (y:1:2)\n")
        failures = again.page_failures(log)
        self.assertEqual(len(failures), 1)
        self.assertEqual(failures[0].command[-2:], [r"--test-name-pattern=^a\ \(name\)$", file])
        return failures[0].reason

    def test_waits(self):
        self.assertIsNone(self.reason("page.waitForFunction: Timeout 30000ms exceeded."))
        self.assertIsNone(self.reason("Error: waited in vain: () => x"))

    def test_everything_else(self):
        self.assertIsNotNone(self.reason("AssertionError [ERR_ASSERTION]: 1 !== 2"))
        self.assertIsNotNone(self.reason("TypeError: x is undefined"))
        self.assertIsNotNone(self.reason("Error: page.goto: Target crashed, Timeout 1ms exceeded"))
        self.assertIsNotNone(self.reason("Error: Timeout 30000ms exceeded.",
                                         "tests/page/screenshots.test.mjs"))
        self.assertIsNotNone(self.reason("Error: Timeout 30000ms exceeded.",
                                         before="==7==ERROR: AddressSanitizer: x\n"))

    def test_really(self):
        """Node's own words, and its own second run."""
        if shutil.which("node") is None:
            self.skipTest("no node here")
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        file = os.path.join(folder, "one.test.mjs")
        with open(file, "w", encoding="utf-8") as out:
            out.write(textwrap.dedent(f"""
                import test from 'node:test';
                import fs from 'node:fs';
                function once(name, error) {{
                  const mark = {folder!r} + '/' + name;
                  if (fs.existsSync(mark)) return;
                  fs.writeFileSync(mark, '');
                  throw error;
                }}
                test('waits (in 1 s)', () => once('a', new Error('Timeout 30000ms exceeded.')));
                test('other', () => once('b', new TypeError('x')));
                test('good', () => {{}});
                """))
        log = subprocess.run(["node", "--test", "--test-reporter=spec", file], check=False,
                             capture_output=True, text=True).stdout
        failures = again.page_failures(log)
        self.assertEqual([f.reason is None for f in failures], [True, False], log)
        flaky, said = tried(failures)
        self.assertEqual([f.name for f in flaky], [f"{os.path.relpath(file)} waits (in 1 s)"],
                         said)


def tried(failures):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        flaky = again.again(failures)
    return flaky, out.getvalue()


class Nic(unittest.TestCase):
    WAIT = "not so after 60 s; the last answer to 'curl' was:\n"

    def test_waits(self):
        one, = again.nic_failures(f"ok - a (1 s)\n{self.WAIT}not ok - link down and up\n")
        self.assertEqual((one.command, one.count, one.reason), (["scripts/test-nic"], 1, None))

    def test_everything_else(self):
        for log in (f"{self.WAIT}not ok - frames down the cable are all received\n",
                    f"{self.WAIT}not ok - a\nnot active\nnot ok - b\n", "x\nnot ok - a\n",
                    f"{self.WAIT}AddressSanitizer\nnot ok - a\n"):
            self.assertIsNotNone(again.nic_failures(log)[0].reason, log)
        self.assertEqual(again.nic_failures("ok - a\n"), [])


class Whole(unittest.TestCase):
    """A run as scripts/test makes it, over tests that fail once on purpose."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = os.path.join(self.folder, "tests", "smoke", "test_once.py")
        os.makedirs(os.path.dirname(self.file))
        with open(self.file, "w", encoding="utf-8") as out:
            out.write(textwrap.dedent(ONCE.format(folder=self.folder)))

    def run_with(self, *tests):
        log = os.path.join(self.folder, "smoke.log")
        name = os.path.relpath(self.file, self.folder)
        said = subprocess.run([again.PYTHON, name, *(f"Once.{test}" for test in tests)],
                              cwd=self.folder, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True).stdout
        with open(log, "w", encoding="utf-8") as out:
            out.write(f"\n{name}\n{said}")
        passed, failed, skipped = again.tally(1, said)
        with open(os.path.join(self.folder, "summary"), "w", encoding="utf-8") as out:
            out.write("smoke  a line\n")
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "again.py"), str(passed + 10), str(failed),
             str(skipped), "summary", "smoke=smoke.log"], cwd=self.folder, check=False,
            capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.splitlines()

    def test_two_are_flaky(self):
        code, lines = self.run_with("test_waits", "test_second", "test_good")
        self.assertEqual(code, 0, lines)
        self.assertIn("FLAKY tests/smoke/test_once.py Once.test_waits", lines)
        self.assertEqual(lines[-3:], [
            "smoke  a line",
            "flaky: 2 (tests/smoke/test_once.py Once.test_second, "
            "tests/smoke/test_once.py Once.test_waits)",
            "13 passed, 0 failed"])

    def test_three_fail_the_run(self):
        code, lines = self.run_with("test_waits", "test_second", "test_third", "test_good")
        self.assertEqual(code, 1, lines)
        self.assertEqual(lines[-1], "11 passed, 3 failed")

    def test_a_count_stays_failed(self):
        code, lines = self.run_with("test_counts", "test_waits")
        self.assertEqual((code, lines[-1]), (1, "11 passed, 1 failed"), lines)
        self.assertFalse(any("FLAKY" in line and "test_counts" in line for line in lines))

    def test_what_fails_twice_stays_failed(self):
        code, lines = self.run_with("test_always", "test_good")
        self.assertEqual((code, lines[-1]), (1, "11 passed, 1 failed"), lines)
        self.assertIn("FAILED TWICE tests/smoke/test_once.py Once.test_always", lines)

    def test_nothing_failed(self):
        lines, well = again.close(5, 0, 2, [])
        self.assertEqual((lines, well), (["5 passed, 0 failed, 2 skipped"], True))
        self.assertFalse(again.close(0, 0, 0, [])[1])


if __name__ == "__main__":
    unittest.main()
