#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""packet-heatmap-alert: each event is told once, in order, whatever the webhook and the wall do."""

import contextlib
import http.server
import json
import os
import signal
import subprocess
import threading

import smoke
from smoke import BINARY, Smoke, main, wait_until

ALERT = os.path.join(os.path.dirname(os.path.dirname(BINARY)), "app/alert/packet-heatmap-alert")


def event(number, over=False, **more):
    return {"id": number, "from": "2026-11-30T10:20:00.000Z", "to": "2026-11-30T10:40:00.000Z",
            "over": over, "subject": "place", "direction": "more", "packets_s": 1200.0,
            "usual_packets_s": 110.0, "score": 35.0, "country": "FR", "place": 7,
            "name": f"Paris {number}", "latitude": 48.857, "longitude": 2.352, **more}


class Server:
    """A wall and a webhook in one: what it says is what the test sets."""

    def __init__(self):
        self.events = []   # newest first, as the wall has them
        self.status = 200  # of the webhook
        self.wall = 200
        self.told = []     # (path, headers, message), those that were taken
        self.tried = 0
        self.asked = []    # headers of each question
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, body=b""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):  # pylint: disable=invalid-name
                outer.asked.append(dict(self.headers))
                self.answer(outer.wall, json.dumps({"v": 1, "events": outer.events}).encode())

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.tried += 1
                status = outer.status
                if status < 300:
                    outer.told.append((self.path, dict(self.headers), json.loads(body)))
                self.answer(status)

            def log_message(self, *_arguments):  # pylint: disable=arguments-differ
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def states(self):
        return [(message["id"], message["state"]) for _, _, message in self.told]


class Alert(Smoke):

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(Server())
        self.write("webhook", f"# where to\n{self.server.url}/hooks/s3cret\nX-Key: abc\n")

    def write(self, name, text):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text)

    def words(self, *more):
        return [ALERT, "--webhook", self.file("webhook"), "--wall", self.server.url, *more]

    def once(self, *more, code=0):
        done = subprocess.run(self.words("--once", "--state", self.file("told"), *more),
                              capture_output=True, text=True, check=False, env=self.environment,
                              timeout=smoke.PATIENCE)
        self.no_reports(done.stderr)
        self.assertNotIn("s3cret", done.stderr)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    @contextlib.contextmanager
    def running_alert(self, *more):
        with open(self.file("log"), "wb") as log, subprocess.Popen(
                self.words("--state", self.file("told"), *more), stderr=log, stdout=log,
                env=self.environment) as process:
            try:
                yield process
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(smoke.PATIENCE), 0, self.read("log"))
            finally:
                process.kill()
        self.no_reports(self.read("log"))

    def test_begin_and_end_once_each(self):
        self.server.events = [event(3), event(2, over=True), event(1)]
        self.once()  # the first look: what is over is no news
        self.assertEqual(self.server.states(), [(1, "begin"), (3, "begin")])
        self.once()
        self.assertEqual(len(self.server.told), 2)
        self.server.events = [event(5, over=True), event(4), event(3), event(2, over=True),
                              event(1, over=True)]
        self.once()
        self.assertEqual(self.server.states()[2:],
                         [(1, "end"), (4, "begin"), (5, "begin"), (5, "end")])
        self.once()
        self.assertEqual(len(self.server.told), 6)

    def test_what_is_told(self):
        self.server.events = [
            event(4, subject="all"), event(3, subject="country", country="DE"),
            event(2, name="", country=""), event(1, name='Città "x"\\', usual_packets_s=0.0)]
        self.once()
        path, headers, message = self.server.told[0]
        self.assertEqual(path, "/hooks/s3cret")
        self.assertEqual(headers["X-Key"], "abc")
        self.assertTrue(headers["Content-Type"].startswith("application/json"))
        self.assertEqual(message["name"], 'Città "x"\\')
        self.assertEqual([message["text"] for _, _, message in self.server.told], [
            'Unusual since 10:20 UTC: Città "x"\\, FR: 1200 packets/s, usually 0',
            "Unusual since 10:20 UTC: 48.857, 2.352, no country: 1200 packets/s, usually 110",
            "Unusual since 10:20 UTC: DE: 1200 packets/s, usually 110",
            "Unusual since 10:20 UTC: all traffic: 1200 packets/s, usually 110"])

    def test_a_webhook_that_does_not_answer(self):
        self.server.events = [event(2), event(1)]
        self.server.status = 503
        self.assertIn("HTTP 503", self.once(code=1))
        self.assertEqual(self.server.told, [])
        with self.running_alert():
            wait_until(lambda: self.server.tried >= 3, "more tries")
            self.server.status = 200
            wait_until(lambda: len(self.server.told) == 2, "both events")
        self.assertEqual(self.server.states(), [(1, "begin"), (2, "begin")])
        self.assertIn("takes events again", self.read("log"))
        self.assertEqual(self.read("log").count("HTTP 503"), 1)

    def test_what_it_never_takes_is_left_out(self):
        self.server.events = [event(1)]
        self.server.status = 404
        self.assertIn("HTTP 404: an event is not told", self.once())
        self.server.status = 302  # nor is a secret carried elsewhere
        self.server.events = [event(2), event(1)]
        self.assertIn("HTTP 302", self.once(code=1))
        self.server.status = 200
        self.once()
        self.assertEqual(self.server.states(), [(2, "begin")])

    def test_a_wall_that_does_not_answer(self):
        for status, says in ((401, "--wall-token"), (404, "--history"), (503, "first period"),
                             (500, "HTTP 500")):
            self.server.wall = status
            self.assertIn(says, self.once(code=1))
        self.server.wall = 200
        self.write("token", "phm_alert_00ff\n")
        self.once("--wall-token", self.file("token"))
        self.assertEqual(self.server.asked[-1]["Authorization"], "Bearer phm_alert_00ff")
        self.write("token", "# none\n")
        self.once("--wall-token", self.file("token"))
        self.assertNotIn("Authorization", self.server.asked[-1])

    def test_a_history_that_was_begun_anew(self):
        self.server.events = [event(90)]
        self.once()
        self.server.events = [event(1)]
        self.once()
        self.assertEqual(self.server.states(), [(90, "begin"), (1, "begin")])

    def test_bad_words(self):
        def refused(*words, says):
            done = subprocess.run([ALERT, *words], capture_output=True, text=True, check=False,
                                  env=self.environment, timeout=smoke.PATIENCE)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(says, done.stderr)
        refused(says="--webhook")
        refused("--webhook", self.file("missing"), says="No such file")
        self.write("empty", "# nothing\n")
        refused("--webhook", self.file("empty"), says="nothing stands in it")
        self.write("bad", "chat.example.net\n")
        refused("--webhook", self.file("bad"), says="no address")
        refused("--webhook", self.file("webhook"), "--wall", "localhost", says="--wall")
        self.write("told", "[]")
        refused("--webhook", self.file("webhook"), "--state", self.file("told"), says="--state")
        refused("--webhook", self.file("webhook"), "x", says="'x'")

    def test_the_real_wall(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          self.file("history")) as program:
            wait_until(lambda: program.status()["history"], "the store")
            self.once("--wall", f"http://127.0.0.1:{program.port}/")
        self.assertEqual(self.server.told, [])


if __name__ == "__main__":
    main()
