#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who may see it: passwords, sessions, tokens, a proxy's word; and that no route is forgotten."""

import base64
import http.client
import json
import os
import pty
import re
import subprocess

import jsonschema

import smoke
from smoke import wait_until

PASSWORD = "correct horse, Ähre"
SECRET_PATHS = ("/", "/index.html", "/app.js", "/app.css", "/world.json", "/licences.txt",
                "/metrics", "/ip_heatmap.html", "/nowhere", "/api/v1/nowhere")
OPEN_PATHS = ("/login.html", "/login.js", "/login.css", "/fonts/ahn-latin.woff2")


def basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class Login(smoke.Smoke):

    def setUp(self):
        super().setUp()
        self.users = self.file("users")

    def add(self, *arguments, said=None, code=0):
        done = subprocess.run([self.binary, "--users", self.users, *arguments], input=said,
                              capture_output=True, text=True, check=False, timeout=smoke.PATIENCE,
                              env={**self.environment, **self.sanitizers(arguments)})
        self.no_reports(done.stderr)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.strip() if code == 0 else done.stderr

    def type_in(self, *lines):
        """--add-user at a terminal: what was to be seen there, and how it ended."""
        words = [self.binary, "--users", self.users, "--add-user", "anna"]
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(words[0], words, {**self.environment, **self.sanitizers(words)})
        seen = b""
        with os.fdopen(terminal, "r+b", buffering=0) as screen:
            for line in lines:
                while not seen.endswith(b": "):
                    seen += screen.read(1)
                screen.write(line.encode() + b"\n")
                seen += b"|"
            try:
                while more := screen.read(1024):
                    seen += more
            except OSError:  # its end is closed
                pass
        return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_a_password_is_asked_for_twice_and_not_shown(self):
        seen, code = self.type_in(PASSWORD, PASSWORD)
        self.assertEqual(code, 0, seen)
        self.assertNotIn("horse", seen)
        with self.serve(self.add("--add-token", "wall")) as program:
            self.assertEqual(self.log_in(program)[1]["user"], "anna")
        seen, code = self.type_in(PASSWORD, "another horse")
        self.assertEqual(code, 2, seen)
        self.assertIn("not the same", seen)

    def people(self):
        """A person who is an admin, and a token of a viewer."""
        self.assertEqual(self.add("--add-user", "anna", "--role", "admin", said=PASSWORD + "\n"), "")
        return self.add("--add-token", "wall")

    def serve(self, token, *arguments):
        return self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--users",
                            self.users, *arguments, headers=bearer(token))

    def ask(self, program, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=30)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def log_in(self, program, headers=None):
        status, answered, body = self.ask(program, "/api/v1/session",
                                          {**basic("anna", PASSWORD), **(headers or {})})
        self.assertEqual(status, 200, body)
        return answered["Set-Cookie"], json.loads(body)

    def test_every_route_is_behind_it(self):
        token = self.people()
        with self.serve(token, "--history", self.file("history")) as program:
            document = json.loads(self.ask(program, "/api/v1/openapi.json", bearer(token))[2])
            routes = [re.sub(r"{\w+}", "1", path) for path in document["paths"]]
            self.assertIn("/api/v1/heat", routes)
            for path in [*routes, *SECRET_PATHS]:
                for method in ("GET", "HEAD"):
                    with self.subTest(f"{method} {path}"):
                        status, headers, body = self.ask(program, path, method=method)
                        self.assertEqual(status, 401)
                        self.assertEqual(headers["WWW-Authenticate"],
                                         'Bearer realm="packet-heatmap"')
                        self.assertEqual(headers["Cache-Control"], "no-store")
                        self.assertNotIn(b"Frankfurt", body)
                for wrong in (bearer("phm_wall_00"), bearer(""), {"Cookie": "packet_heatmap=x"},
                              {"Cookie": f"other={token}"}, {"Authorization": token},
                              {"X-Remote-User": "anna"}):
                    self.assertIn(self.ask(program, path, wrong)[0], (401, 429), f"{path} {wrong}")
            for path in OPEN_PATHS:
                self.assertEqual(self.ask(program, path)[0], 200, path)
            page = self.ask(program, "/")
            self.assertIn(b'id="login"', page[2])
            self.assertEqual(page[1]["Content-Type"], "text/html; charset=utf-8")

    def test_a_person(self):
        token = self.people()
        with self.serve(token) as program:
            cookie, said = self.log_in(program)
            self.assertEqual(said, {"v": 1, "required": True, "user": "anna", "role": "admin"})
            value, *attributes = cookie.split("; ")
            self.assertEqual(set(attributes), {"Path=/", "HttpOnly", "SameSite=Strict"})
            mine = {"Cookie": f"a=b; {value}; c=d"}
            self.assertEqual(self.ask(program, "/api/v1/heat", mine)[0], 200)
            self.assertIn(b'id="stage"', self.ask(program, "/", mine)[2])
            status, headers, body = self.ask(program, "/api/v1/sessions", mine)
            self.assertEqual(status, 200)
            document = json.loads(self.ask(program, "/api/v1/openapi.json", mine)[2])
            jsonschema.validate(json.loads(body), document["components"]["schemas"]["sessions"])
            names = {(entry["name"], entry["kind"], entry["address"])
                     for entry in json.loads(body)["sessions"]}
            self.assertEqual(names, {("anna", "user", "127.0.0.1"), ("wall", "token", "127.0.0.1")})
            self.assertEqual(self.ask(program, "/api/v1/sessions", bearer(token))[0], 403)
            self.assertIn("Cookie, Authorization", headers["Vary"])
            # a page of somebody else's asks with her cookie
            foreign = {**mine, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
            for path in ("/api/v1/heat", "/api/v1/session?end=1"):
                self.assertEqual(self.ask(program, path, foreign)[0], 403, path)
            status, headers, _ = self.ask(program, "/api/v1/session?end=1", mine)
            self.assertEqual(status, 200)
            self.assertIn("Max-Age=0", headers["Set-Cookie"])
            self.assertEqual(self.ask(program, "/api/v1/heat", mine)[0], 401)
            # a password is for the session's route alone
            self.assertEqual(self.ask(program, "/api/v1/heat", basic("anna", PASSWORD))[0], 401)
            self.assertNotIn(PASSWORD, program.output())

    def test_guessing_makes_one_wait_and_nobody_else(self):
        token = self.people()
        with self.serve(token) as program:
            cookie, _ = self.log_in(program)
            found = []
            for number in range(12):
                status, headers, _ = self.ask(program, "/api/v1/session",
                                              basic("anna", f"guess {number}"))
                found.append(status)
                if status == 429:
                    self.assertGreater(int(headers["Retry-After"]), 0)
            self.assertEqual(set(found), {401, 429})
            self.assertEqual(found[:4], [401] * 4)
            self.assertEqual(self.ask(program, "/api/v1/heat",
                                      {"Cookie": cookie.split(";")[0]})[0], 200)
            self.assertEqual(self.ask(program, "/api/v1/heat", bearer(token))[0], 200)
            wait_until(lambda: self.ask(program, "/api/v1/session",
                                        basic("anna", PASSWORD))[0] == 200, "the wait to be over")
            for wrong in ("", "anna", ":", "anna:"):
                header = {"Authorization": "Basic " + base64.b64encode(wrong.encode()).decode()}
                self.assertIn(self.ask(program, "/api/v1/session", header)[0], (401, 429))
            self.assertIn(self.ask(program, "/api/v1/session",
                                   {"Authorization": "Basic %%%"})[0], (401, 429))

    def test_a_wall_without_a_keyboard(self):
        token = self.people()
        with self.serve(token) as program:
            status, headers, _ = self.ask(program, f"/?kiosk=1&token={token}&cycle=9")
            self.assertEqual((status, headers["Location"]), (303, "./?kiosk=1&cycle=9"))
            cookie = headers["Set-Cookie"]
            self.assertIn("HttpOnly; SameSite=Strict; Max-Age=34560000", cookie)
            mine = {"Cookie": cookie.split(";")[0]}
            self.assertEqual(self.ask(program, "/api/v1/heat", mine)[0], 200)
            self.assertEqual(self.ask(program, "/?token=phm_wall_0")[0], 401)
        # over a restart it goes on: a token is no session
        with self.serve(token) as program:
            self.assertEqual(self.ask(program, "/api/v1/heat", mine)[0], 200)

    def test_a_proxy_says_who(self):
        self.people()
        where = ["--proxy-user", "X-Remote-User"]
        said = {"X-Remote-User": "anna", "X-Forwarded-For": "192.0.2.9",
                "X-Forwarded-Proto": "https"}
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--users",
                          self.users, *where, "--trust-proxy", "127.0.0.0/8",
                          headers=said) as program:
            self.assertEqual(self.ask(program, "/api/v1/heat", said)[0], 200)
            self.assertEqual(self.ask(program, "/api/v1/sessions", said)[0], 200)
            other = {**said, "X-Remote-User": "carl@example.net"}
            self.assertEqual(json.loads(self.ask(program, "/api/v1/session", other)[2])["role"],
                             "viewer")
            self.assertEqual(self.ask(program, "/api/v1/sessions", other)[0], 403)
            self.assertEqual(self.ask(program, "/api/v1/heat")[0], 401)
            empty = {**said, "X-Remote-User": ""}
            self.assertEqual(self.ask(program, "/api/v1/heat", empty)[0], 401)
            del said["X-Remote-User"]
            cookie, _ = self.log_in(program, said)
            self.assertIn("; Secure", cookie)
        # of whom nobody said that it is to be believed
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--users",
                          self.users, *where, "--trust-proxy", "192.0.2.1",
                          headers=bearer(self.add("--add-token", "test"))) as program:
            self.assertEqual(self.ask(program, "/api/v1/heat", {"X-Remote-User": "anna"})[0], 401)

    def test_without_users_all_is_as_it_was(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2") as program:
            status, _, body = self.ask(program, "/api/v1/session")
            self.assertEqual((status, json.loads(body)),
                             (200, {"v": 1, "required": False, "user": None, "role": None}))
            self.assertEqual(json.loads(self.ask(program, "/api/v1/sessions")[2])["sessions"], [])

    def test_outside_of_loopback_it_has_to_be_said(self):
        capture = self.world.capture("plain")
        for address in ("0.0.0.0:0", "192.0.2.1:8080"):
            done = self.run_program("--no-huge", "--pcap", capture, "--listen", address, bare=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            for word in ("--users FILE", "--add-user", "--no-auth"):
                self.assertIn(word, done.stderr)
        with self.running("--pcap", capture, "--period", "0.2", "--listen", "0.0.0.0:0",
                          "--no-auth", listen=False) as program:
            wait_until(program.says_port, "the map's address")
            wait_until(program.answers, "an answer")

    def test_top(self):
        token = self.people()

        def top(*arguments):
            return subprocess.run([self.binary, "top", *arguments], capture_output=True, text=True,
                                  check=False, env=self.environment, timeout=smoke.PATIENCE)
        with open(self.file("token"), "w", encoding="utf-8") as file:
            file.write(token + "\n")
        with open(self.file("none"), "w", encoding="utf-8") as file:
            file.write("\n")
        with self.serve(token) as program:
            where = f"127.0.0.1:{program.port}"
            done = top("--token", self.file("token"), where)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Talkers", done.stdout)
            self.assertIn("a token is asked for", top(where).stderr)
            self.assertIn("no token stands in it", top("--token", self.file("none"), where).stderr)
            self.assertEqual(top("--token", self.file("missing"), where).returncode, 2)

    def test_bad_words(self):
        capture = self.world.capture("one")
        self.refused("--pcap", capture, "--users", self.users, code=2,
                     says=["--users", "No such file"])
        with open(self.users, "w", encoding="utf-8") as file:
            file.write("# nobody\nanna\n")
        self.refused("--pcap", capture, "--users", self.users, code=2, says=[f"{self.users}:2:"])
        os.unlink(self.users)
        self.refused("--pcap", capture, "--proxy-user", "X-User", code=2, says="--trust-proxy")
        self.refused("--pcap", capture, "--proxy-user", "X User", "--trust-proxy", "127.0.0.1",
                     code=2, says="--proxy-user")
        self.refused("--pcap", capture, "--trust-proxy", "nobody", code=2, says="--trust-proxy")
        self.assertIn("8 characters", self.add("--add-user", "anna", said="short\n", code=2))
        self.assertIn("no password", self.add("--add-user", "anna", said="", code=2))
        self.assertIn("no name", self.add("--add-user", "an:na", said="long enough\n", code=2))
        self.assertIn("viewer", self.add("--add-user", "anna", "--role", "root", code=2))
        self.assertIn("--role", self.add("--role", "admin", code=2))
        self.assertIn("one at a time", self.add("--add-user", "a", "--add-token", "b", code=2))
        self.assertFalse(os.path.exists(self.users))
        token = self.people()
        self.assertTrue(token.startswith("phm_wall_"))
        self.assertEqual(os.stat(self.users).st_mode & 0o007, 0)
        with open(self.users, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn(PASSWORD, text)
        self.assertNotIn(token.rsplit("_", 1)[1], text)
        self.assertIn(":$y$", text)
        self.refused("--pcap", capture, "--users", self.users, "--no-auth", code=2,
                     says="--no-auth")


if __name__ == "__main__":
    smoke.main()
