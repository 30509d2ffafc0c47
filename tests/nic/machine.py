# SPDX-License-Identifier: BSD-3-Clause
"""One QEMU machine under software emulation: its cable, its monitor, a shell in its guest."""

import json
import os
import select
import socket
import struct
import subprocess
import time


class Failed(Exception):
    """A step did not do what it should; the text says what it did."""


class Lost(Failed):
    """The guest does not answer any more: no other step has a chance."""


class _Lines:
    """JSON lines over a stream socket, each wait with a bound."""

    def __init__(self, sock):
        self._sock = sock
        self._pending = b""

    def send(self, fields):
        self._sock.sendall(json.dumps(fields).encode() + b"\n")

    def receive(self, timeout):
        deadline = time.monotonic() + timeout
        while b"\n" not in self._pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._sock], [], [], left)[0]:
                return None
            chunk = self._sock.recv(65536)
            if not chunk:
                raise Lost("the machine went away")
            self._pending += chunk
        line, self._pending = self._pending.split(b"\n", 1)
        return json.loads(line)


def _pair():
    ours, theirs = socket.socketpair()
    os.set_inheritable(theirs.fileno(), True)
    return ours, theirs


class Tap:
    """A multi-queue tap interface in a network namespace of its own, for cards with two queues: the
    kernel spreads what is sent into it over the queues by flow."""

    NAME = "cable0"
    SPACE = f"nic-test-{os.getpid()}"
    INSIDE = ["ip", "netns", "exec", SPACE]
    # Runs in the namespace: frames on stdin, each behind its length. A queue of the tap that is
    # full drops, so a pause after each burst lets the emulated card keep up.
    SENDER = """
import socket, struct, sys, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
data, at, n = sys.stdin.buffer.read(), 0, 0
while at < len(data):
    (length,) = struct.unpack_from(">I", data, at)
    out.send(data[at + 4:at + 4 + length])
    at += 4 + length
    n += 1
    if n % 16 == 0:
        time.sleep(0.02)
"""

    def __enter__(self):
        for command in (["ip", "netns", "add", self.SPACE],
                        self.INSIDE + ["sysctl", "-q", "-w",
                                       "net.ipv6.conf.default.disable_ipv6=1"],
                        self.INSIDE + ["ip", "tuntap", "add", self.NAME, "mode", "tap",
                                       "multi_queue"],
                        self.INSIDE + ["ip", "link", "set", self.NAME, "mtu", "9000",
                                       "txqueuelen", "10000", "up"]):
            subprocess.run(command, check=True)
        return self

    def __exit__(self, *unused):
        subprocess.run(["ip", "netns", "delete", self.SPACE], check=False)

    def send(self, frames):
        stream = b"".join(struct.pack(">I", len(frame)) + frame for frame in frames)
        subprocess.run(self.INSIDE + ["/usr/bin/python3", "-c", self.SENDER, self.NAME],
                       input=stream, check=True)


class Machine:
    """A started machine. `nic` is QEMU's device model, with `nic_options`; its cable is a stream
    socket that carries each frame behind its length, 4 bytes, big-endian.

    Every channel is one end of a socket pair that QEMU inherits: no port, no path, no race.
    With `tap`, the cable is that multi-queue tap interface instead (for cards with two queues)."""

    def __init__(self, image, folder, share, nic="e1000e", nic_options=None, tap=None, cpus=2,
                 memory_mb=2048):
        self._folder = folder
        self._tap = tap
        self._greeted = False
        self.card = {"driver": nic, **(nic_options or {}), "id": "nic", "netdev": "cable",
                     "bus": "rootport", "mac": "52:54:00:12:34:56", "romfile": ""}
        self.boot = None
        self._number = 0
        cable, cable_end = _pair()
        agent, agent_end = _pair()
        monitor, monitor_end = _pair()
        self._cable = cable
        self._agent = _Lines(agent)
        self._monitor = _Lines(monitor)
        netdev = (f"tap,id=cable,ifname={tap.NAME},queues=2,script=no,downscript=no" if tap
                  else f"socket,id=cable,fd={cable_end.fileno()}")
        command = [
            "qemu-system-x86_64", "-name", "nic-test", "-nodefaults", "-display", "none",
            "-accel", "tcg,thread=multi",
            # The oldest processor that Debian's DPDK runs on: the package must not ask for more.
            "-cpu", "Westmere", "-smp", str(cpus), "-m", str(memory_mb),
            "-M", "q35,kernel-irqchip=split",
            "-device", "intel-iommu,intremap=on,caching-mode=on",
            "-kernel", str(image.kernel), "-initrd", str(image.initrd),
            "-append", "root=/dev/vda rw console=ttyS0 quiet intel_iommu=on mitigations=off "
                       f"systemd.show_status=no isolcpus=1-{cpus - 1} nohz_full=1-{cpus - 1}",
            "-drive", f"file={image.disk},format=raw,if=none,id=root,snapshot=on",
            "-device", "virtio-blk-pci,drive=root",
            "-device", "virtio-rng-pci",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,fd={agent_end.fileno()}",
            "-device", "virtserialport,chardev=agent,name=agent",
            "-virtfs", f"local,path={share},mount_tag=share,security_model=none,readonly=on",
            "-chardev", f"socket,id=monitor,fd={monitor_end.fileno()}",
            "-mon", "chardev=monitor,mode=control",
            "-serial", f"file:{folder / 'console.log'}",
            # Behind a root port a card can be pulled while the machine runs.
            "-device", "pcie-root-port,id=rootport,chassis=1",
            "-netdev", netdev,
            "-device", json.dumps(self.card),
        ]
        if tap:
            command = tap.INSIDE + command
        with open(folder / "qemu.log", "wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[end.fileno() for end in (cable_end, agent_end, monitor_end)],
                env={**os.environ, "TMPDIR": str(folder)})  # where snapshot=on keeps its writes
        for end in (cable_end, agent_end, monitor_end):
            end.close()

    def _said(self):
        return (self._folder / "qemu.log").read_text(errors="replace")[-1000:]

    def wait_boot(self, timeout):
        """Wait for the guest's agent; `boot` then is the identity of this boot."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Lost(f"QEMU ended with {self._process.returncode}: {self._said()}")
            try:
                line = self._agent.receive(1)
            except Lost:
                self._process.wait(10)
                continue
            if line and line["id"] == 0:
                self.boot = line["boot"]
                return
        console = (self._folder / "console.log").read_text(errors="replace")[-2000:]
        raise Lost(f"the guest did not boot in {timeout} s; its console ends:\n{console}")

    def run(self, command, timeout=60, check=True):
        """Run a shell command in the guest as root: its output, or (code, output) unchecked."""
        self._number += 1
        self._agent.send({"id": self._number, "command": command, "timeout": timeout})
        deadline = time.monotonic() + timeout + 30
        while True:
            line = self._agent.receive(max(deadline - time.monotonic(), 0))
            if line is None:
                raise Lost(f"no answer from the guest to: {command}")
            if line["id"] == self._number:
                break
            if line["id"] == 0:
                raise Lost(f"the guest booted again instead of: {command}")
        if not check:
            return line["code"], line["output"]
        if line["code"] != 0:
            raise Failed(f"exit code {line['code']} from: {command}\n{line['output'][-3000:]}")
        return line["output"]

    def reboot(self, timeout):
        """Boot the guest again. Its agent may end before it has answered, so no answer is awaited;
        what it says yet is passed over by `wait_boot`."""
        self._number += 1
        self._agent.send({"id": self._number, "command": "systemctl --no-block reboot",
                          "timeout": 60})
        self.wait_boot(timeout)

    def wait_for(self, command, wanted, timeout=60):
        """Repeat a command in the guest until `wanted(output)` is true; return the output."""
        deadline = time.monotonic() + timeout
        while True:
            _, output = self.run(command, check=False)
            if wanted(output):
                return output
            if time.monotonic() > deadline:
                raise Failed(f"not so after {timeout} s; the last answer to '{command}' was:\n"
                             f"{output}")
            time.sleep(0.5)

    def monitor(self, execute, **arguments):
        """One command of QEMU's monitor (QMP)."""
        if not self._greeted:
            self._monitor.receive(10)
            self._greeted = True
            self.monitor("qmp_capabilities")
        self._monitor.send({"execute": execute, "arguments": arguments})
        while True:
            line = self._monitor.receive(10)
            if line is None:
                raise Failed(f"QEMU's monitor does not answer to {execute}")
            if "error" in line:
                raise Failed(f"QEMU's monitor: {line['error']['desc']}")
            if "return" in line:  # anything else is an event
                return line["return"]

    def set_link(self, up):
        self.monitor("set_link", name="nic", up=up)

    def send(self, frames):
        """Send frames down the cable; the card's back-pressure is the stream's."""
        if self._tap:
            self._tap.send(frames)
            return
        for frame in frames:
            self._cable.sendall(struct.pack(">I", len(frame)) + frame)

    def stop(self):
        """End the machine at once."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
