#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Runs failed tests once more, alone: only those that failed by waiting, and with their names told.

    again.py PASSED FAILED SKIPPED SUMMARY [SUITE=LOG...]

The numbers: what all suites counted; SUMMARY: a file with lines to show; SUITE: smoke, page or nic,
where something failed; LOG: what it printed.

A machine that is busy with other work makes waits run out that have nothing to do with the change
under test. So a test whose only fault is a wait, a time-out or a lost connection gets a second try,
with the machine for itself; if it passes, "FLAKY name" says so. Everything else stays failed at the
first try: a sanitizer's report, a signal, a program that ended, a count, a ledger, any difference.
Waiting for packets is such a count: that they did not come may be the very fault.

In nic the machine is one test: its steps build on each other, so all of it runs again.

At the end come the summary, "flaky: N (names)" where there were any, and "N passed, N failed[, N
skipped]" with the flaky tests among the passed ones; more than two of them are no accident, and
stay failed. The exit code is 0 if something passed and nothing failed.
"""

import os
import re
import subprocess
import sys

from tally import tally

PYTHON = "/usr/bin/python3"
LIMIT_S = 900
NIC_LIMIT_S = 2400
FLAKY_MOST = 2

REPORTS = ("AddressSanitizer", "LeakSanitizer", "UndefinedBehavior", "runtime error:")
SIGNALS = re.compile(r"ended with -\d|SIG(?:SEGV|ABRT|BUS|ILL|FPE|SYS|KILL)|Segmentation fault|"
                     r"core dumped|[Tt]arget crashed")

# a line of a Python traceback that names its exception
EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Expired|Disconnected|Read|Interrupt|"
                       r"Exit|timeout)(?::.*)?$", re.MULTILINE)
WAITED = re.compile(
    r"^(?:AssertionError: waited [\d.]+ s for (?!.*\b(?:packets|frames|counted)\b)"
    r"|subprocess\.TimeoutExpired: "
    r"|(?:builtins\.)?TimeoutError\b|socket\.timeout\b"
    r"|(?:ConnectionRefused|ConnectionReset|ConnectionAborted|BrokenPipe)Error\b"
    r"|http\.client\.RemoteDisconnected\b"
    r"|urllib\.error\.URLError: <urlopen error (?:timed out|\[Errno (?:104|111)\]))")

NODE_WAITED = re.compile(r"waited in vain|Timeout \d+ms exceeded|timed out after \d+ms|ECONNREFUSED"
                         r"|ECONNRESET|socket hang up|net::ERR_CONNECTION_|did not come up")
NIC_WAITED = re.compile(r"not so after \d+ s;|did not boot in \d+ s|no answer from the guest to:"
                        r"|QEMU's monitor does not answer")
NIC_COUNTS = re.compile(r"^not ok - .*(?:received|exact|counting|hash|share)", re.MULTILINE)


def tainted(text):
    """Why nothing in this text may be tried again, or None."""
    for word in REPORTS:
        if word in text:
            return f"a report: {word}"
    return "a signal" if SIGNALS.search(text) else None


class Failure:
    """A failed test: its name, how often it stands in the log, how to run it, why not to."""

    def __init__(self, name, command, reason, limit=LIMIT_S):
        self.name, self.command, self.reason, self.limit = name, command, reason, limit
        self.count = 1


def unittest_failures(file, log):
    """Of one test file's log."""
    whole = tainted(log)
    found = {}
    for block in re.split(r"^={70}$", log, flags=re.MULTILINE)[1:]:
        block = re.split(r"^-{70}\nRan \d+ test", block, maxsplit=1, flags=re.MULTILINE)[0]
        head = re.match(r"\n(?:FAIL|ERROR): (\w+) \(\w+\.(\w+)\.\1\)", block)
        if head is None:
            continue  # setUpClass and the like are no test to run
        name = f"{head[2]}.{head[1]}"
        exceptions = EXCEPTION.findall(block)
        other = [line for line in exceptions if not WAITED.match(line)]
        reason = whole
        if reason is None and (other or not exceptions):
            reason = other[0][:100] if other else "no exception that is known"
        if name in found:
            found[name].count += 1
            found[name].reason = found[name].reason or reason
        else:
            found[name] = Failure(f"{file} {name}", [PYTHON, file, name], reason)
    return list(found.values())


def smoke_failures(log):
    parts = re.split(r"^(tests/\S+/test_\w+\.py)$", log, flags=re.MULTILINE)
    return [failure for file, text in zip(parts[1::2], parts[2::2])
            for failure in unittest_failures(file, text)]


def page_failures(log):
    """Of node's spec reporter: what comes after "failing tests", once for each run of it."""
    whole = tainted(log)
    failures = []
    for part in re.split(r"^✖ failing tests:$", log, flags=re.MULTILINE)[1:]:
        for block in re.split(r"^test at (?=\S+:\d+:\d+$)", part, flags=re.MULTILINE)[1:]:
            head = re.match(r"(\S+):\d+:\d+\n✖ (.*) \([\d.]+ms\)$", block, re.MULTILINE)
            if head is None:
                continue
            file, name = head[1], head[2]
            body = re.split(r"^(?:\S|▶|✔)", block[head.end():], maxsplit=1,
                            flags=re.MULTILINE)[0]
            reason = whole
            if reason is None and "screenshots" in os.path.basename(file):
                reason = "a stored picture"
            if reason is None and ("AssertionError" in body or "ERR_ASSERTION" in body):
                reason = "an assertion"
            if reason is None and not NODE_WAITED.search(body):
                reason = "not by waiting"
            failures.append(Failure(f"{file} {name}", [
                "node", "--test", "--test-reporter=spec",
                f"--test-name-pattern=^{re.escape(name)}$", file], reason))
    return failures


def nic_failures(log):
    steps = len(re.findall(r"^not ok - ", log, re.MULTILINE))
    if steps == 0:
        return []
    reason = tainted(log)
    if reason is None and NIC_COUNTS.search(log):
        reason = "a count"
    # each failed step says first what it waited for
    if reason is None and len(NIC_WAITED.findall(log)) < steps:
        reason = "not by waiting"
    failure = Failure("scripts/test-nic", ["scripts/test-nic"], reason, NIC_LIMIT_S)
    failure.count = steps
    return [failure]


FAILURES = {"smoke": smoke_failures, "page": page_failures, "nic": nic_failures}


def run(failure):
    """What it printed, and its tally; one that does not end has failed."""
    environment = dict(os.environ)
    if failure.command[0] == "node":  # as scripts/test has it for the page
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    with subprocess.Popen(failure.command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        try:
            said, _ = process.communicate(timeout=failure.limit)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                said, _ = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                said, _ = process.communicate()
    return said, tally(process.returncode, said)


def again(failures, runner=run):
    """Tries what may be tried; gives those that passed."""
    flaky = []
    for failure in failures:
        if failure.reason is not None:
            print(f"not again: {failure.name}: {failure.reason}")
            continue
        print(f"\nonce more, alone: {failure.name}", flush=True)
        said, (passed, failed, _) = runner(failure)
        if passed > 0 and failed == 0:
            flaky.append(failure)
            print(f"FLAKY {failure.name}", flush=True)
        else:
            print(f"{said}\nFAILED TWICE {failure.name}", flush=True)
    return flaky


def close(passed, failed, skipped, flaky):
    """The closing lines, and whether all is well."""
    lines = []
    if flaky:
        names = ", ".join(failure.name for failure in flaky)
        lines.append(f"flaky: {len(flaky)} ({names})")
    if len(flaky) > FLAKY_MOST:
        lines.append(f"more than {FLAKY_MOST} flaky tests: they stay failed")
    else:
        count = sum(failure.count for failure in flaky)
        passed, failed = passed + count, failed - count
    lines.append(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return lines, failed == 0 and passed > 0


def main():
    try:
        passed, failed, skipped = (int(number) for number in sys.argv[1:4])
        summary = sys.argv[4]
        suites = [pair.split("=", 1) for pair in sys.argv[5:]]
        known = [(FAILURES[suite], log) for suite, log in suites]
    except (IndexError, KeyError, ValueError):
        raise SystemExit(__doc__) from None
    failures = []
    for failures_of, log in known:
        with open(log, encoding="utf-8", errors="replace") as file:
            failures += failures_of(file.read())
    flaky = again(failures)
    with open(summary, encoding="utf-8") as file:
        print("\n" + file.read(), end="")
    lines, well = close(passed, failed, skipped, flaky)
    print("\n".join(lines))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
