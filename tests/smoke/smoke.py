# SPDX-License-Identifier: BSD-3-Clause
"""
What the smoke tests share: the real binary, started on a made-up world in a folder of its own.

Each test_*.py runs alone: `tests/smoke/test_once.py [-v] [Class.test]`. The binary is
$PACKET_HEATMAP, or the one in build-test. Nothing outside the test's own folder is written, no test
needs huge pages or a NIC, and every process that was started is ended by its number.

    class Mine(Smoke):
        def test_to_the_end(self):                  # --once, against the oracle, no leaks
            self.once(self.world.capture("plain"))

        def test_at_work(self):                     # in the background, on a port of its own
            with self.running("--pcap", self.world.capture("plain"), "--period", "0.2") as program:
                wait_until(lambda: program.status()["received"] == 213, "213 packets")
                self.balanced(program.status())

        def test_bad_input(self):                   # one line, an exit code, nothing left behind
            self.refused("--pcap", "/nowhere", code=1, says="/nowhere")

On kernel interfaces: network.py.
"""

import contextlib
import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))

# pylint: disable=wrong-import-position
import make_captures  # noqa: E402
import make_mmdb  # noqa: E402
import oracle  # noqa: E402
from frames import pcap  # noqa: E402

BINARY = os.environ.get("PACKET_HEATMAP") or os.path.join(ROOT, "build-test/app/packet-heatmap")
# The bound of every wait. It is there for what hangs; nothing depends on how long a thing takes.
PATIENCE = 60
# what a sanitizer says when it has found something
REPORTS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "UndefinedBehavior")


# the programs in the background that nobody has told to end
watched = []


def wait_until(condition, what, seconds=PATIENCE):
    """Asks until the answer is true, and gives the answer. A file that is not there yet is no
    answer: files are renamed into place by a thread of their own, after the server has the period.
    A program in the background that has ended by itself will not make it true: that fails at once,
    with what the program said."""
    end = time.monotonic() + seconds
    while True:
        ended = [program for program in watched if program.process.poll() is not None]
        with contextlib.suppress(FileNotFoundError):
            answer = condition()
            if answer:
                return answer
        for program in ended:
            raise AssertionError(f"no {what}: the program ended with "
                                 f"{program.process.returncode}:\n{program.output()[-4000:]}")
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def blocks(pid, number):
    """Does its main thread keep this signal to be asked for? From then on it ends nobody by itself."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
            open(f"/proc/{pid}/status", encoding="ascii") as file:
        mask = int(file.read().rpartition("\nSigBlk:")[2].split()[0], 16)
        return bool(mask >> (number - 1) & 1)
    return False


def lanes(pid):
    """How often each lane of the process has paused: {thread: times}."""
    found = {}
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
                text = file.read()
            if "worker" in text.partition("\n")[0]:
                times = text.rpartition("\nvoluntary_ctxt_switches:")[2].split()[0]
                found[int(task)] = int(times)
    return found


def lcores():
    """EAL's words for a main lcore and one that receives, on a single CPU that is ours."""
    cpu = min(os.sched_getaffinity(0))
    return ("--lcores", f"0@{cpu},1@{cpu}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    """A folder with the test databases, and captures made when asked for."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="packet-heatmap-smoke-")
        with open(os.path.join(ROOT, "tests/tools/world.json"), encoding="utf-8") as file:
            self.places = json.load(file)["places"]
        self.ipv4 = self.database("world-ipv4.mmdb", self.places, family="4")
        self.ipv6 = self.database("world-ipv6.mmdb", self.places, family="6")
        self.databases = [self.ipv4, self.ipv6]

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, octets):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(octets)
        return path

    def database(self, name, places, **options):
        return self.write(name, make_mmdb.build(places, **options))

    def capture(self, name):
        path = self.path("captures", name + ".pcap")
        if not os.path.exists(path):
            self.write(path, pcap(make_captures.GOOD[name]()))
        return path

    def bad(self, name):
        path = self.path("bad", name)
        if not os.path.exists(path):
            for other, octets in make_captures.bad().items():
                self.write(os.path.join("bad", other), octets)
        return path

    def program(self):
        """A copy of the binary for other users: the checkout may lie where they cannot go."""
        path = self.path("packet-heatmap")
        if not os.path.exists(path):
            shutil.copy(BINARY, path)
            os.chmod(path, 0o755)
        return path

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Smoke(unittest.TestCase):
    """A test case with a world for the class and an empty working directory for each test."""

    maxDiff = 4000
    binary = BINARY

    @classmethod
    def setUpClass(cls):
        if not os.access(BINARY, os.X_OK):
            raise AssertionError(f"no binary at {BINARY}: build it with scripts/test smoke")
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def setUp(self):
        self.cwd = tempfile.mkdtemp(dir=self.world.folder)
        # no database, browser or setting of this machine's own may come in
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": self.cwd, "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "UBSAN_OPTIONS": os.environ.get("UBSAN_OPTIONS",
                                            "print_stacktrace=1:halt_on_error=1"),
            **self.sanitizers(())}

    def sanitizers(self, arguments):
        """AddressSanitizer's options for a run with these arguments."""
        leaks = int("--no-seccomp" in arguments)
        options = os.environ.get("ASAN_OPTIONS", "strict_string_checks=1")
        return {"ASAN_OPTIONS": f"{options}:detect_leaks={leaks}"}

    def file(self, name):
        return os.path.join(self.cwd, name)

    def read(self, name):
        with open(self.file(name), encoding="utf-8") as file:
            return file.read()

    def json(self, name):
        return json.loads(self.read(name))

    def always(self, databases, given=()):
        """The arguments that every run gets. Ordinary memory: the same on every machine, and what
        other processes hold of the huge pages does not matter. Small tables: clearing the memory
        of large ones takes most of a short run's time under AddressSanitizer. No listener where
        none is asked for: the default address is one for the whole machine, and may be taken."""
        arguments = ["--no-huge"]
        if "--listen" not in given and "--once" not in given:
            arguments += ["--listen", "off"]
        # most tests of what is seen from outside are not about who may see it
        elif "--listen" in given and not {"--users", "--no-auth", "--proxy-user"} & {*given}:
            arguments += ["--no-auth"]
        if "--hosts-per-lane" not in given:
            arguments += ["--hosts-per-lane", "65536"]
        # LeakSanitizer needs system calls that the program denies itself. So runs to the end look
        # for leaks, and runs in the background are confined as they are in life.
        if "--once" in given:
            arguments += ["--no-seccomp"]
        for path in self.world.databases if databases is None else databases:
            arguments += ["--geo-db", path]
        return arguments

    def no_reports(self, text):
        for word in REPORTS:
            self.assertNotIn(word, text, text[-4000:])

    def run_program(self, *arguments, databases=None, prefix=(), timeout=PATIENCE, bare=False):
        """Runs it to its end; `databases=[]` names none, `bare` adds nothing at all."""
        arguments = [*arguments, *([] if bare else self.always(databases, arguments))]
        done = subprocess.run([*prefix, self.binary, *arguments], cwd=self.cwd,
                              env={**self.environment, **self.sanitizers(arguments)},
                              capture_output=True, timeout=timeout, text=True, errors="replace",
                              check=False)
        self.no_reports(done.stderr)
        return done

    def once(self, *captures, databases=None, extra=(), eal=()):
        """--once over captures, all three files; checks what holds for every run."""
        arguments = [*eal, "--"] if eal else []
        for capture in captures:
            arguments += ["--pcap", capture]
        done = self.run_program(*arguments, "--once", "--hosts", "hosts.csv", "--status",
                                "status.json", *extra, databases=databases)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        status = self.json("status.json")
        self.balanced(status)
        self.assertEqual(sorted(os.listdir(self.cwd)), sorted(self.expected_files(extra)),
                         "files that nobody asked for")
        return status

    @staticmethod
    def expected_files(extra):
        names = ["hosts.csv", "status.json"]
        if "--html" in extra:
            names.append(extra[extra.index("--html") + 1])
        return names

    def balanced(self, status):
        """The ledger's two sums, taken again here."""
        ledger = status["ledger"]
        results = [ledger[name] for name in ("tcp", "udp", "other_ip", "not_ip", "filtered")]
        results += ledger["malformed"].values()
        self.assertEqual(status["received"], sum(results), ledger)
        self.assertEqual(status["received"], ledger["frames"])
        self.assertEqual(2 * (ledger["tcp"] + ledger["udp"]), sum(ledger["addresses"].values()),
                         ledger)
        self.assertIs(status["balanced"], True)
        self.assertEqual(ledger["malformed_total"], sum(ledger["malformed"].values()))

    def same_as_oracle(self, captures, name="hosts.csv", databases=None, status=None):
        """The host table, address by address, and the ledger's sums."""
        hosts, ledger = oracle.count(captures)
        rows, geo_results = oracle.table(hosts, oracle.Atlas(databases or self.world.databases))
        self.assertEqual(oracle.compare(rows, self.file(name)), [])
        if status is not None:
            mine = status["ledger"]
            for result in ("tcp", "udp", "other_ip", "not_ip"):
                self.assertEqual(mine[result], ledger[result], result)
            self.assertEqual(mine["malformed_total"], ledger["malformed"])
            for geo_result in ("located", "private", "not_in_database", "no_position"):
                self.assertEqual(mine["addresses"][geo_result], geo_results[geo_result], geo_result)

    def rows(self, name="hosts.csv"):
        with open(self.file(name), encoding="utf-8", newline="") as file:
            return {row["address"]: row for row in csv.DictReader(file)}

    def refused(self, *arguments, code, says, databases=None, prefix=(), bare=False):
        """It ends with this code, one line that says what is wrong, and nothing left behind."""
        before = sorted(os.listdir(self.cwd))
        done = self.run_program(*arguments, databases=databases, prefix=prefix, bare=bare)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        if "--" in arguments:
            # with arguments of its own EAL talks at the level that they set
            lines = [line for line in lines if line.startswith("packet-heatmap: ")]
        self.assertEqual(len(lines), 1, "not one line:\n" + done.stderr)
        self.assertEqual(done.stdout, "", "nothing was to start")
        self.assertTrue(lines[0].startswith("packet-heatmap: "), lines[0])
        for word in [says] if isinstance(says, str) else says:
            self.assertIn(word, lines[0])
        self.assertEqual(sorted(os.listdir(self.cwd)), before, "files left behind")
        return lines[0]

    @contextlib.contextmanager
    def running(self, *arguments, databases=None, prefix=(), listen=True, environment=None,
                pass_fds=(), headers=None):
        """The program in the background, its first answer awaited; ended by SIGTERM if need be.
        `headers`: of each question."""
        program = Program(self, arguments, databases, prefix, listen, environment or {},
                          pass_fds, headers)
        try:
            program.wait_ready()
            yield program
            program.stop()
        finally:
            program.kill()


class Program:
    """A running packet-heatmap."""

    headers = {}  # of each question

    def __init__(self, test, arguments, databases, prefix, listen, environment, pass_fds,
                 headers=None):
        self.test = test
        self.headers = headers or {}
        self.listens = listen
        self.port = None  # once it has said so
        if listen:
            arguments = [*arguments, "--listen", "127.0.0.1:0"]
        arguments = [*arguments, *test.always(databases, arguments)]
        command = [*prefix, test.binary, *arguments]
        self.out = test.file(f".out-{id(self)}")
        with open(self.out, "wb") as out:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(command, cwd=test.cwd, stdout=out, stderr=out,
                                            stdin=subprocess.DEVNULL, pass_fds=pass_fds,
                                            env={**test.environment, **environment,
                                                 **test.sanitizers(arguments)})
        watched.append(self)

    def output(self):
        with open(self.out, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_ready(self):
        if self.listens:
            wait_until(self.says_port, "the address of the map")
        if self.port is not None:
            wait_until(self.answers, "the first answer")

    def says_port(self):
        said = re.search(r"the map is at http://[0-9.]+:([0-9]+)/", self.output())
        if said:
            self.port = int(said[1])
        return said

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"it ended with {self.process.returncode}:\n{self.output()}")
        with contextlib.suppress(OSError):
            return self.get("/api/v1/status")

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}",
                                         headers=self.headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def status(self):
        return self.get("/api/v1/status")

    def stop(self, number=signal.SIGTERM, code=0, seconds=PATIENCE):
        """Ends it in order, and sees that it did."""
        self.unwatch()
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(seconds)
        self.test.no_reports(self.output())
        self.test.assertEqual(self.process.returncode, code, self.output()[-4000:])

    def unwatch(self):
        """From here on it may end."""
        if self in watched:
            watched.remove(self)

    def kill(self):
        self.unwatch()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(OSError):
            os.unlink(self.out)


class TimedResult(unittest.TextTestResult):
    """Says of each test how long it took, for the list of the slowest."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        print(f"# {time.monotonic() - self.began:.1f} s {test.id().partition('.')[2]}",
              file=sys.stderr, flush=True)


class TimedRunner(unittest.TextTestRunner):
    resultclass = TimedResult


def main():
    unittest.main(testRunner=TimedRunner)
