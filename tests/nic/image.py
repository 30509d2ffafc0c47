# SPDX-License-Identifier: BSD-3-Clause
"""The guest's disk: Debian 12 by mmdebstrap, from the package sources that this host uses.

It is built once for a set of packages (some minutes) and kept under ~/.cache/packet-heatmap, for all
clones of the source; the machine never writes to it. The name of the folder is a digest of all that
decides what is inside, so a change of the package list, of the recipe, or of what this host has of
those packages makes a new one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

# What the guest is beyond the packages that the .deb asks for.
SYSTEM = [
    "busybox-static",  # the initial RAM disk's shell: smaller, so sooner loaded
    "ca-certificates",
    "curl",
    "driverctl",
    "initramfs-tools",
    "iproute2",
    "kmod",
    "linux-image-amd64",
    "pciutils",
    "procps",
    "python3",  # the agent; dpdk-devbind.py wants it too
    "systemd-sysv",
    "udev",
]

# Drivers for hardware that the machine does not have: most of the kernel package's 400 MB.
ABSENT_HARDWARE = [
    "drivers/gpu",
    "drivers/media",
    "drivers/net/wireless",
    "drivers/infiniband",
    "drivers/staging",
    "drivers/usb",
    "drivers/iio",
    "drivers/scsi",
    "drivers/md",
    "drivers/mtd",
    "drivers/isdn",
    "drivers/bluetooth",
    "sound",
    "fs/xfs",
    "fs/btrfs",
    "fs/ocfs2",
    "fs/ceph",
    "net/bluetooth",
    "net/mac80211",
    "net/wireless",
]

INITRAMFS_CONF = "MODULES=list\nCOMPRESS=gzip\nFSTYPE=ext4\n"

INITRAMFS_HOOK = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
for module in virtio_pci virtio_blk ext4 crc32c_generic; do force_load $module; done
"""

AGENT_UNIT = """[Unit]
Description=Runs the commands of the test outside
After=basic.target

[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/nic-test-agent
StandardOutput=tty
TTYPath=/dev/ttyS0

[Install]
WantedBy=multi-user.target
"""

SHARE_UNIT = """[Unit]
Description=Files of the test outside

[Mount]
What=share
Where=/mnt
Type=9p
Options=trans=virtio,version=9p2000.L,ro,msize=262144

[Install]
WantedBy=multi-user.target
"""


class CannotBuild(Exception):
    """The image cannot be had on this host; the text says why."""


def sources():
    """This host's Debian sources as one-line entries, whatever format /etc/apt has them in."""
    release = {}
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        release[key] = value.strip('"')
    codename = release.get("VERSION_CODENAME", "")
    if release.get("ID") != "debian" or codename != "bookworm":
        raise CannotBuild("this host is not Debian 12, so its package sources do not serve")
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "deb $(REPO_URI) $(CODENAME) $(COMPONENT)",
         "Created-By: Packages", "Origin: Debian"],
        check=True, capture_output=True, text=True).stdout
    wanted = sorted({line for line in listed.splitlines() if line.split()[2].startswith(codename)})
    if not wanted:
        raise CannotBuild("apt lists no Debian package source: run 'apt-get update' first")
    return wanted


def _write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def versions(packages):
    """What this host has of them: a package built here may ask for no less."""
    return subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages],
                          check=False, capture_output=True, text=True).stdout


class Image:
    """Kernel, initial RAM disk and root disk."""

    def __init__(self, folder):
        self.kernel = folder / "vmlinuz"
        self.initrd = folder / "initrd.img"
        self.disk = folder / "root.ext4"

    @property
    def complete(self):
        return self.disk.exists()  # it is moved into place last


def build(cache, packages):
    """Return the image that holds `packages`, from the cache if it is there. Other runs keep it in
    place until this process ends."""
    cache.mkdir(parents=True, exist_ok=True)
    lock = os.open(cache.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o644)  # never closed
    packages = sorted(set(SYSTEM) | set(packages))
    agent = (Path(__file__).parent / "agent").read_text(encoding="utf-8")
    recipe = "\0".join(packages + ABSENT_HARDWARE
                       + [INITRAMFS_CONF, INITRAMFS_HOOK, AGENT_UNIT, SHARE_UNIT, agent]
                       + [versions(packages)])
    folder = cache / hashlib.sha256(recipe.encode()).hexdigest()[:16]
    image = Image(folder)
    fcntl.flock(lock, fcntl.LOCK_SH)
    while not image.complete:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.complete:
            _make(cache, image, packages, agent)
        fcntl.flock(lock, fcntl.LOCK_SH)
    return image


def unmount_below(folder, mounts="/proc/self/mounts", unmount=("umount", "--lazy")):
    """What a run that was ended half-way has left mounted in there."""
    prefix = os.path.realpath(folder) + "/"
    with open(mounts, encoding="utf-8") as lines:
        points = [line.split()[1] for line in lines]
    for point in reversed([point for point in points if point.startswith(prefix)]):
        print(f"# left by an earlier run, unmounted: {point}", flush=True)
        subprocess.run([*unmount, point], check=True)


def _make(cache, image, packages, agent):
    unmount_below(cache)
    # One image is worth its gigabyte, more are not.
    shutil.rmtree(cache, ignore_errors=True)
    folder = image.disk.parent
    folder.mkdir(parents=True)
    root = folder / "root"
    overlay = folder / "overlay"
    _write(overlay / "etc/initramfs-tools/conf.d/test-nic.conf", INITRAMFS_CONF)
    _write(overlay / "etc/initramfs-tools/hooks/test-nic", INITRAMFS_HOOK, 0o755)
    source_list = folder / "sources.list"
    _write(source_list, "\n".join(sources()) + "\n")

    command = ["mmdebstrap", "--variant=minbase", "--mode=root", "--format=directory",
               "--include=" + ",".join(packages),
               "--dpkgopt=force-unsafe-io",
               "--dpkgopt=path-exclude=/usr/share/doc/*",
               "--dpkgopt=path-exclude=/usr/share/man/*",
               "--dpkgopt=path-exclude=/usr/share/locale/*",
               f"--setup-hook=copy-in {overlay}/etc /"]
    command += [f"--dpkgopt=path-exclude=/lib/modules/*/kernel/{part}/*"
                for part in ABSENT_HARDWARE]
    for pause in (10, 20, None):
        result = subprocess.run(command + ["bookworm", str(root), str(source_list)], check=False,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode == 0:
            break
        said = "mmdebstrap failed:\n" + result.stderr[-2000:]
        if pause is None:
            raise CannotBuild(said)
        print(f"# {said}\n# trying again in {pause} s", flush=True)
        shutil.rmtree(root, ignore_errors=True)
        time.sleep(pause)

    _write(root / "usr/local/sbin/nic-test-agent", agent, 0o755)
    _write(root / "etc/systemd/system/nic-test-agent.service", AGENT_UNIT)
    _write(root / "etc/systemd/system/mnt.mount", SHARE_UNIT)
    _write(root / "etc/fstab", "/dev/vda / ext4 rw,noatime 0 0\n")
    _write(root / "etc/hostname", "nic-test\n")
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    for unit in ("nic-test-agent.service", "mnt.mount"):
        os.symlink(f"/etc/systemd/system/{unit}", wants / unit)
    # Nobody reads the screen, and no clock server is reachable.
    for unit in ("getty@tty1.service", "systemd-timesyncd.service", "apt-daily.timer",
                 "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service"):
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        os.symlink("/dev/null", link)

    kernels = sorted((root / "boot").glob("vmlinuz-*"))
    if not kernels:
        raise CannotBuild("the package linux-image-amd64 left no kernel in /boot")
    shutil.copyfile(kernels[-1], image.kernel)
    shutil.copyfile(root / "boot" / kernels[-1].name.replace("vmlinuz", "initrd.img"), image.initrd)
    part = image.disk.with_suffix(".part")
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(part), "2G"], check=True)
    shutil.rmtree(root)
    shutil.rmtree(overlay)
    part.rename(image.disk)
