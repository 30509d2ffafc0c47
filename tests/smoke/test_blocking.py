#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reloads, signals, and readers that do not read: nothing of it holds up the periods."""

import os
import signal
import subprocess
import threading

from smoke import BINARY, PATIENCE, Smoke, blocks, lanes, main, wait_until


class Reload(Smoke):
    def test_reload_in_every_period_while_tables_overflow(self):
        """Lanes count beyond their tables by a prefix map; each reload makes another one."""
        with self.running("--pcap", self.world.capture("big"), "--pcap-loop", "--pcap-rate",
                          "20000", "--hosts-per-lane", "8", "--period", "0.2") as program:
            for _ in range(12):
                program.process.send_signal(signal.SIGHUP)
                before = program.status()["period"]
                wait_until(lambda: program.status()["period"] > before, "the next period")
            status = program.status()
            wait_until(lambda: "opened anew" in program.output(), "a reload")
            self.assertGreater(status["ledger"]["addresses"]["table_full"], 0)
            self.balanced(status)

    def test_flood_of_reloads_is_a_few(self):
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "1000", "--period", "0.2") as program:
            for _ in range(3000):
                program.process.send_signal(signal.SIGHUP)
            before = program.status()["period"]
            wait_until(lambda: program.status()["period"] > before + 1, "two more periods")
            wait_until(lambda: "opened anew" in program.output(), "a reload")
            self.balanced(program.status())
            self.assertLess(len(program.output().splitlines()), 1000)

    def test_failed_reload_changes_nothing(self):
        database = self.world.database(os.path.join(self.cwd, "own.mmdb"), self.world.places)
        with self.running("--pcap", self.world.capture("big"), "--pcap-loop", "--pcap-rate",
                          "5000", "--hosts-per-lane", "8", "--period", "0.2",
                          databases=[database]) as program:
            os.unlink(database)
            os.mkfifo(database)  # an open() of it would wait for a writer, for ever
            program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "stay as they were" in program.output(), "the refusal")
            before = program.status()["period"]
            wait_until(lambda: program.status()["period"] > before + 2, "more periods")
            self.assertNotIn("opened anew", program.output())
            self.balanced(program.status())
            os.unlink(database)


class Signals(Smoke):
    def test_user_signals_do_nothing(self):
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "1000", "--period", "0.2") as program:
            program.process.send_signal(signal.SIGUSR1)
            program.process.send_signal(signal.SIGUSR2)
            wait_until(lambda: "SIGUSR2 does nothing" in program.output(), "a line about it")
            before = program.status()["period"]
            wait_until(lambda: program.status()["period"] > before, "the next period")

    def test_sigquit_ends_with_the_last_period(self):
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "1000", "--period", "600", "--status", "status.json", listen=False) as program:
            wait_until(lambda: "lane of" in program.output(), "the lane")
            wait_until(lambda: max(lanes(program.process.pid).values(), default=0) > 50,
                       "a lane that takes packets")
            program.stop(signal.SIGQUIT)
        self.assertGreater(self.json("status.json")["received"], 0)

    def interrupted(self, arguments, when):
        """--once, told to stop `when` its log says so: exit 130, a line, no file."""
        command = [BINARY, *arguments, "--once", "--hosts", "hosts.csv", "--status", "status.json",
                   *self.always(None, ["--once"])]
        with subprocess.Popen(command, cwd=self.cwd, stderr=subprocess.PIPE, text=True,
                              env={**self.environment, **self.sanitizers(command)}) as process:
            when(process)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=PATIENCE)
        self.no_reports(errors)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("interrupted", errors)
        self.assertEqual(os.listdir(self.cwd), [])

    def test_once_interrupted_while_counting(self):
        def counting(process):
            # the lanes are running once the databases have been named
            for line in process.stderr:
                if "lane of" in line:
                    break
            wait_until(lambda: max(lanes(process.pid).values(), default=0) > 5, "a lane that runs")

        self.interrupted(["--pcap", self.world.capture("big"), "--pcap-rate", "10"], counting)

    def test_once_interrupted_while_looking_at_a_capture(self):
        with open(self.world.capture("big"), "rb") as file:
            octets = file.read()
        large = self.world.path("large.pcap")
        with open(large, "wb") as file:
            file.write(octets)
            for _ in range(400_000_000 // len(octets)):
                file.write(octets[24:])
        self.interrupted(["--pcap", large], lambda process: wait_until(
            lambda: blocks(process.pid, signal.SIGINT), "the signal to be waited for"))
        os.unlink(large)


class Readers(Smoke):
    @staticmethod
    def dropped(status, name):
        return {c["name"]: c["dropped"] for c in status["consumers"]}[name]

    def test_stdout_that_nobody_reads(self):
        """The pipe is full: the page goes on, SIGTERM ends it."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(write, True)
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "1000", "--period", "0.1",
                          prefix=["sh", "-c", f'exec "$@" >&{write}', "sh"],
                          pass_fds=[write]) as program:
            wait_until(lambda: program.status()["period"] > 30, "periods")
            self.balanced(program.status())
            program.stop()
        os.close(read)
        os.close(write)

    def test_fifo_with_a_reader_that_trickles(self):
        """A file that is slower than the periods costs its own writes, and nothing else."""
        fifo = self.file("slow.html")
        os.mkfifo(fifo)
        ended = threading.Event()

        def trickle():
            with open(fifo, "rb", buffering=0) as file:
                while not ended.is_set() and file.read(4096):
                    ended.wait(0.2)

        reader = threading.Thread(target=trickle, daemon=True)
        reader.start()
        with self.running("--pcap", self.world.capture("big"), "--pcap-loop", "--pcap-rate",
                          "1000", "--period", "1", "--html", fifo) as program:
            before = program.status()["period"]
            wait_until(lambda: program.status()["period"] >= before + 10, "ten periods")
            wait_until(lambda: self.dropped(program.status(), "html") > 0, "a dropped record")
            self.assertEqual(self.dropped(program.status(), "map"), 0)
            self.balanced(program.status())
            ended.set()
            program.stop()
        reader.join(PATIENCE)


if __name__ == "__main__":
    main()
