#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""conf/nginx in the real nginx (Debian's): TLS, IPv6, logins, single sign-on, slow clients."""

import contextlib
import http.client
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import unittest

import smoke
from smoke import ROOT, wait_until

NGINX = os.environ.get("NGINX") or os.path.join(ROOT, "build-test/nginx/usr/sbin/nginx")
CONF = os.path.join(ROOT, "conf/nginx/packet-heatmap.conf")
NAME = "wall.example.net"


class Gatekeeper(http.server.BaseHTTPRequestHandler):
    """Whoever logs people in: a cookie names them."""

    def do_GET(self):  # pylint: disable=invalid-name
        name = re.search(r"sso=(\w+)", self.headers.get("Cookie", ""))
        self.send_response(204 if name else 401)
        if name:
            self.send_header("X-Remote-User", name[1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments):  # pylint: disable=arguments-differ
        pass


@unittest.skipUnless(os.access(NGINX, os.X_OK), f"no nginx at {NGINX}")
class Proxy(smoke.Smoke):

    def setUp(self):
        super().setUp()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
                        "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", self.file("key.pem"),
                        "-out", self.file("certificate.pem")], check=True, capture_output=True)
        self.users = self.file("users")
        for words, said in ((["--add-user", "anna"], "correct horse\n"),
                            (["--add-token", "wall"], "")):
            done = subprocess.run([self.binary, "--users", self.users, *words], input=said,
                                  capture_output=True, text=True, check=True,
                                  env=self.environment)
        self.token = done.stdout.strip()

    @contextlib.contextmanager
    def nginx(self, target, sso=None):
        """The shipped file in an nginx of our own: (port of TLS, port of HTTP)."""
        tls, plain = smoke.free_port(), smoke.free_port()
        with open(CONF, encoding="utf-8") as file:
            text = file.read()
        for old, new in (("listen 443 ssl", f"listen 127.0.0.1:{tls} ssl"),
                         ("listen [::]:443 ssl", f"listen [::1]:{tls} ssl"),
                         ("listen 80;", f"listen 127.0.0.1:{plain};"),
                         ("listen [::]:80;", f"listen [::1]:{plain};"),
                         ("127.0.0.1:8080", f"127.0.0.1:{target}"),
                         ("/etc/ssl/packet-heatmap.pem", self.file("certificate.pem")),
                         ("/etc/ssl/private/packet-heatmap.key", self.file("key.pem"))):
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        if sso is not None:
            text = re.sub(r"^(\s*)#sso ", r"\1", text, flags=re.M)
            text = text.replace('proxy_set_header X-Remote-User "";\n', "")
            text = text.replace("127.0.0.1:4180", f"127.0.0.1:{sso}")
        folders = "\n".join(f"{kind}_temp_path {self.file(kind)};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(self.file("nginx.conf"), "w", encoding="utf-8") as file:
            file.write(f"daemon off;\nmaster_process off;\npid {self.file('nginx.pid')};\n"
                       f"error_log {self.file('nginx.log')};\nevents {{}}\n"
                       f"http {{\naccess_log off;\n{folders}\n{text}\n}}\n")
        with subprocess.Popen([NGINX, "-e", self.file("nginx.log"), "-p", self.cwd, "-c",
                               self.file("nginx.conf")], stdin=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: self.accepts(process, tls), "nginx")
                yield tls, plain
            finally:
                process.terminate()

    def accepts(self, process, port):
        if process.poll() is not None:
            raise AssertionError(self.read("nginx.log"))
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return True
        return False

    def context(self):
        return ssl.create_default_context(cafile=self.file("certificate.pem"))

    def ask(self, port, path, headers=None, host="127.0.0.1", context=None):
        with socket.create_connection((host, port), 30) as raw, \
                (context or self.context()).wrap_socket(raw, server_hostname=NAME) as tls:
            lines = [f"GET {path} HTTP/1.1", f"Host: {NAME}", "Connection: close",
                     *(f"{name}: {value}" for name, value in (headers or {}).items()), "", ""]
            tls.sendall("\r\n".join(lines).encode())
            answer = http.client.HTTPResponse(tls)
            answer.begin()
            return answer.status, answer.headers, answer.read()

    def serve(self, *arguments):
        return self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--users",
                            self.users, "--http-host", NAME, "--trust-proxy", "127.0.0.1",
                            *arguments, headers={"Authorization": f"Bearer {self.token}"})

    def test_tls_and_a_login(self):
        mine = {"Authorization": f"Bearer {self.token}"}
        with self.serve() as program, self.nginx(program.port) as (tls, plain):
            for host in ("127.0.0.1", "::1"):
                status, headers, body = self.ask(tls, "/api/v1/heat", mine, host)
                self.assertEqual(status, 200)
                self.assertEqual(headers["Strict-Transport-Security"], "max-age=31536000")
                self.assertTrue(json.loads(body)["totals"]["balanced"])
            self.assertEqual(self.ask(tls, "/api/v1/heat")[0], 401)
            self.assertIn(b'id="login"', self.ask(tls, "/")[2])
            login = {"Authorization": "Basic YW5uYTpjb3JyZWN0IGhvcnNl"}
            status, headers, _ = self.ask(tls, "/api/v1/session", login)
            self.assertEqual(status, 200)
            self.assertIn("; Secure", headers["Set-Cookie"])
            cookie = {"Cookie": headers["Set-Cookie"].split(";")[0]}
            self.assertEqual(self.ask(tls, "/api/v1/heat", cookie)[0], 200)
            # nobody gets in by saying who he is
            for name in ("X-Remote-User", "X-Forwarded-For"):
                self.assertEqual(self.ask(tls, "/api/v1/heat", {name: "anna"})[0], 401)
            with contextlib.closing(
                    http.client.HTTPConnection("127.0.0.1", plain, timeout=30)) as connection:
                connection.request("GET", "/x?y=1", headers={"Host": NAME})
                answer = connection.getresponse()
                self.assertEqual((answer.status, answer.headers["Location"]),
                                 (308, f"https://{NAME}/x?y=1"))
            self.old_versions(tls)

    def old_versions(self, tls):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            self.assertEqual(self.ask(tls, "/login.html", context=context)[0], 200)
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{tls}", "-tls1_1",
                               "-cipher", "ALL:@SECLEVEL=0"], input="", capture_output=True,
                              text=True, check=False, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Cipher is (NONE)", done.stdout)

    def test_guesses_are_told_apart_by_address(self):
        wrong = {"Authorization": "Basic YW5uYTp3cm9uZyBvbmU="}
        right = {"Authorization": "Basic YW5uYTpjb3JyZWN0IGhvcnNl"}
        with self.serve() as program, self.nginx(program.port) as (tls, _):
            found = [self.ask(tls, "/api/v1/session", wrong)[0] for _ in range(8)]
            self.assertIn(429, found)
            # who comes from elsewhere to the same proxy does not wait
            self.assertEqual(self.ask(tls, "/api/v1/session", right, host="::1")[0], 200)

    def test_single_sign_on(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gatekeeper) as keeper:
            thread = threading.Thread(target=keeper.serve_forever, daemon=True)
            thread.start()
            try:
                with self.serve("--proxy-user", "X-Remote-User") as program, \
                        self.nginx(program.port, keeper.server_address[1]) as (tls, _):
                    self.assertEqual(self.ask(tls, "/api/v1/heat")[0], 401)
                    said = {"Cookie": "sso=carl"}
                    self.assertEqual(self.ask(tls, "/api/v1/heat", said)[0], 200)
                    session = json.loads(self.ask(tls, "/api/v1/session", said)[2])
                    self.assertEqual((session["user"], session["role"]), ("carl", "viewer"))
                    self.assertEqual(self.ask(tls, "/api/v1/heat", {"X-Remote-User": "anna"})[0],
                                     401)
                    both = {**said, "X-Remote-User": "anna"}
                    self.assertEqual(json.loads(self.ask(tls, "/api/v1/session", both)[2])["user"],
                                     "carl")
            finally:
                keeper.shutdown()
                thread.join()


if __name__ == "__main__":
    smoke.main()
