#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the package's own scripts do, on a made-up host. (The whole package: scripts/test-nic.)"""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "conf/debian"

# as rm, but it takes nothing of this host
RM = """#!/bin/bash
for name; do
    case $name in
    -*|"$DPKG_ROOT"/*) ;;
    *) echo "rm $*: not below $DPKG_ROOT" >&2; exit 1 ;;
    esac
done
exec /bin/rm "$@"
"""


class Purge(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.tool("rm", RM)
        self.tool("getent", "#!/bin/bash\nexit 2\n")

    def tool(self, name, text):
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def put(self, *names):
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def postrm(self, what):
        subprocess.run(["/bin/sh", SCRIPTS / "packet-heatmap.postrm", what], check=True,
                       env={"PATH": str(self.root / "bin"), "DPKG_ROOT": str(self.root)})

    def left(self):
        return sorted(str(path.relative_to(self.root)) for top in ("etc", "var")
                      for path in (self.root / top).rglob("*")
                      if not path.is_dir() or path.is_symlink())

    def test_a_purge_leaves_nothing_of_ours_and_all_of_others(self):
        others = ["etc/systemd/system/multi-user.target.wants/other@eth0.service",
                  "var/lib/other/x"]
        self.put("var/lib/packet-heatmap/x", "var/lib/packet-heatmap-setup/lock", *others)
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        for instance in ("eth0", r"br\x2dlan"):
            os.symlink("/lib/systemd/system/packet-heatmap@.service",
                       wants / f"packet-heatmap@{instance}.service")
        before = self.left()
        self.postrm("remove")
        self.assertEqual(self.left(), before)
        self.postrm("purge")
        self.assertEqual(self.left(), others)
        self.postrm("purge")


if __name__ == "__main__":
    unittest.main()
