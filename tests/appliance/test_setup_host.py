#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""scripts/setup-host on a made-up host: a tree of files for /sys and /etc, and stand-ins for the
tools, which change that tree as the real ones change the kernel. Each writes what it was asked to
a log. (The real tools on a real kernel: scripts/test-nic.)"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SETUP_HOST = Path(__file__).resolve().parents[2] / "scripts/setup-host"

# The stand-ins share one beginning. $ROOT is the tree.
TOOL = """#!/bin/bash
echo "$(basename "$0") $*" >> "$ROOT/log"
"""

TOOLS = {
    "driverctl": """
[ "$1" = --noprobe ] && { rm "$ROOT/etc/driverctl.d/pci-$3"; exit; }
device=$ROOT/sys/bus/pci/devices/$2
[ -e "$device" ] || { echo "driverctl: no such device: $2" >&2; exit 1; }
rm -f "$device/driver"
case $1 in
set-override)
    mkdir -p "$ROOT/etc/driverctl.d" && echo "$3" > "$ROOT/etc/driverctl.d/pci-$2"
    ln -s "$ROOT/sys/bus/pci/drivers/$3" "$device/driver"
    for net in "$ROOT"/sys/class/net/*; do
        [ "$(readlink "$net/device")" = "$device" ] && mv "$net" "$ROOT/hidden-$2"
    done ;;
unset-override)
    # like the real one it keeps the override where no driver wants the card
    [ -e "$ROOT/driverless-$2" ] && { echo "driverctl: failed to bind device" >&2; exit 1; }
    rm -f "$ROOT/etc/driverctl.d/pci-$2"
    ln -s "$ROOT/sys/bus/pci/drivers/e1000e" "$device/driver"
    [ -e "$ROOT/hidden-$2" ] && mv "$ROOT/hidden-$2" "$ROOT/sys/class/net/spare0" ;;
esac
true
""",
    "dpdk-hugepages.py": """
[ "$1" = --show ] && exit 0
# --pagesize 2M --reserve SIZE --node N
limit=$(cat "$ROOT/page-limit")
mb=${4%[MG]}; [ "${4: -1}" = G ] && mb=$((mb * 1024))
pages=$((mb / 2)); [ $pages -gt $limit ] && got=$limit || got=$pages
echo $got > "$ROOT/sys/devices/system/node/node$6/hugepages/hugepages-2048kB/nr_hugepages"
[ $got = $pages ] || { echo "Unable to set pages ($got instead of $pages)" >&2; exit 1; }
""",
    "modprobe": """
[ "$1" = --remove ] && { rmdir "$ROOT/sys/module/vfio_pci"; exit; }
mkdir -p "$ROOT/sys/module/vfio_pci" "$ROOT/sys/module/vfio/parameters"
echo N > "$ROOT/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
""",
    "ip": """
case $* in
"-json -4 route show table all default") cat "$ROOT/route4.json" ;;
"-json -6 route show table all default") cat "$ROOT/route6.json" ;;
"-json address show"*) cat "$ROOT/address.json" ;;
"-json -4 route show dev spare0") echo '[{"dst":"192.0.2.0/24","gateway":"198.51.100.9"}]' ;;
"-json"*) echo '[]' ;;
esac
""",
    "ss": 'cat "$ROOT/ss"\n',
    "udevadm": "",
    "dpdk-devbind.py": "",
}


class SetupHost(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        (self.root / "log").touch()
        (self.root / "bin").mkdir()
        for name, body in TOOLS.items():
            tool = self.root / "bin" / name
            tool.write_text(TOOL + body)
            tool.chmod(0o755)
        self.card("0000:01:00.0", "e1000e", "wan0", group=1)
        self.card("0000:02:00.0", "e1000e", "spare0", group=2)
        self.card("0000:03:00.0", "mlx5_core", "fast0", group=3)
        (self.root / "sys/class/net/br0").mkdir()
        for node in (0, 1):
            pages = self.root / f"sys/devices/system/node/node{node}/hugepages/hugepages-2048kB"
            pages.mkdir(parents=True)
            (pages / "nr_hugepages").write_text("0\n")
        self.put("page-limit", "4096")
        self.put("route4.json", json.dumps([{"dst": "default", "dev": "wan0"}]))
        self.put("route6.json", "[]")
        self.put("address.json", "[]")
        self.put("ss", "")
        self.put("etc/group", "root:x:0:\npacket-heatmap:x:990:\n")
        self.before = self.tree()

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def card(self, address, driver, interface, group):
        device = self.root / "sys/bus/pci/devices" / address
        device.mkdir(parents=True)
        (device / "class").write_text("0x020000\n")
        (self.root / "sys/bus/pci/drivers" / driver).mkdir(parents=True, exist_ok=True)
        (device / "driver").symlink_to(self.root / "sys/bus/pci/drivers" / driver)
        if group is not None:
            folder = self.root / f"sys/kernel/iommu_groups/{group}/devices"
            folder.mkdir(parents=True)
            (folder / address).symlink_to(device)
            (device / "iommu_group").symlink_to(folder.parent)
        net = self.root / "sys/class/net" / interface
        net.mkdir(parents=True)
        (net / "device").symlink_to(device)

    def run_it(self, *arguments, code=0, **environment):
        env = {"PATH": f"{self.root}/bin:/usr/bin:/bin", "ROOT": str(self.root), **environment}
        done = subprocess.run([SETUP_HOST, *arguments, "--root", self.root], env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, code, done.stdout)
        self.assertNotIn("Traceback", done.stdout)
        return done.stdout

    def driver(self, address):
        return os.path.basename(os.readlink(self.root / f"sys/bus/pci/devices/{address}/driver"))

    def tree(self):
        """All files and links of the made-up host that setup-host may change."""
        found = {}
        for top in ("sys", "etc"):
            for path in sorted((self.root / top).rglob("*")):
                if path.is_symlink():
                    found[str(path)] = os.readlink(path)
                elif path.is_file():
                    found[str(path)] = path.read_text().strip()
        return found

    def log(self):
        return (self.root / "log").read_text()

    def test_bind_by_name_and_by_address_is_the_same(self):
        self.run_it("bind", "spare0")
        self.assertEqual(self.driver("0000:02:00.0"), "vfio-pci")
        self.assertIn("already", self.run_it("bind", "02:00.0"))
        self.assertIn("already", self.run_it("bind", "spare0"))
        self.assertEqual(self.log().count("driverctl set-override 0000:02:00.0 vfio-pci"), 1)

    def test_service_group_may_open_the_card(self):
        self.run_it("bind", "spare0")
        rule = (self.root / "etc/udev/rules.d/60-packet-heatmap-vfio.rules").read_text()
        self.assertIn('SUBSYSTEM=="vfio", GROUP="packet-heatmap", MODE="0660"', rule)

    def test_default_route_is_refused_then_forced(self):
        self.assertIn("the default route", self.run_it("bind", "wan0", code=1))
        self.assertEqual(self.driver("0000:01:00.0"), "e1000e")
        self.assertIn("warning", self.run_it("bind", "wan0", "--force"))
        self.assertEqual(self.driver("0000:01:00.0"), "vfio-pci")

    def test_default_route_of_ipv6_is_refused(self):
        self.put("route6.json", json.dumps([{"dst": "default", "dev": "spare0"}]))
        self.assertIn("the default route", self.run_it("bind", "spare0", code=1))

    def test_nothing_is_taken_where_routes_cannot_be_asked_for(self):
        (self.root / "bin/ip").unlink()
        for name in ("bash", "basename", "cat", "readlink", "mkdir", "mv", "rm", "ln"):
            (self.root / "bin" / name).symlink_to(shutil.which(name))
        said = self.run_it("bind", "spare0", code=1, PATH=f"{self.root}/bin")
        self.assertIn("apt install iproute2", said)
        self.assertEqual(self.driver("0000:02:00.0"), "e1000e")

    def test_address_of_a_vlan_on_the_card_is_refused(self):
        (self.root / "sys/class/net/spare0.5/lower_spare0").mkdir(parents=True)
        self.put("address.json", json.dumps([
            {"ifname": "spare0", "addr_info": []},
            {"ifname": "spare0.5", "link": "spare0", "addr_info": [
                {"local": "198.51.100.7", "prefixlen": 24, "scope": "global"}]}]))
        self.assertIn("198.51.100.7 (as spare0.5)", self.run_it("bind", "spare0", code=1))

    def test_default_route_over_a_bridge_is_refused(self):
        self.put("route4.json", json.dumps([{"dst": "default", "dev": "br0"}]))
        (self.root / "sys/class/net/br0/lower_spare0").symlink_to("../spare0")
        self.assertIn("the default route", self.run_it("bind", "spare0", code=1))

    def test_every_next_hop_of_a_multipath_default_route_is_refused(self):
        self.put("route4.json", json.dumps(
            [{"dst": "default", "nexthops": [{"dev": "wan0"}, {"dev": "spare0"}]}]))
        self.assertIn("the default route", self.run_it("bind", "spare0", code=1))

    def test_ssh_connection_of_the_environment_is_refused(self):
        self.put("address.json", json.dumps([{"ifname": "spare0", "flags": ["UP"], "addr_info": [
            {"local": "192.0.2.7", "prefixlen": 24, "scope": "link"}]}]))
        said = self.run_it("bind", "spare0", code=1,
                           SSH_CONNECTION="198.51.100.1 50000 192.0.2.7 22")
        self.assertIn("an ssh connection", said)

    def test_ssh_connection_that_sudo_hides_is_refused(self):
        self.put("address.json", json.dumps([{"ifname": "spare0", "addr_info": [
            {"local": "2001:db8::7", "prefixlen": 64, "scope": "link"}]}]))
        self.put("ss", '0 0 [2001:db8::7]:22 [2001:db8::1]:50000 users:(("sshd",pid=9,fd=4))\n')
        self.assertIn("an ssh connection", self.run_it("bind", "spare0", code=1))

    def test_addresses_are_refused_and_restored_after_force(self):
        self.put("address.json", json.dumps([{
            "ifname": "spare0", "flags": ["UP"], "mtu": 9000, "master": "br0", "addr_info": [
                {"local": "198.51.100.7", "prefixlen": 24, "scope": "global"}]}]))
        self.assertIn("198.51.100.7", self.run_it("bind", "spare0", code=1))
        self.run_it("bind", "spare0", "--force")
        self.run_it("undo")
        self.assertIn("ip link set spare0 up", self.log())
        self.assertIn("ip link set spare0 mtu 9000", self.log())
        self.assertIn("ip link set spare0 master br0", self.log())
        self.assertIn("ip address replace 198.51.100.7/24 dev spare0", self.log())
        self.assertIn("ip -4 route replace 192.0.2.0/24 via 198.51.100.9 dev spare0", self.log())

    def test_bifurcated_card_needs_no_binding(self):
        self.assertIn("needs no binding", self.run_it("bind", "fast0"))
        self.assertEqual(self.driver("0000:03:00.0"), "mlx5_core")
        self.assertNotIn("driverctl", self.log())

    def test_without_iommu_it_says_what_to_do(self):
        self.card("0000:04:00.0", "e1000e", "bare0", group=None)
        said = self.run_it("bind", "bare0", code=1)
        self.assertIn("VT-d", said)
        self.assertIn("intel_iommu=on", said)
        self.assertEqual(self.driver("0000:04:00.0"), "e1000e")

    def test_no_iommu_mode_only_by_flag_and_with_a_warning(self):
        self.card("0000:04:00.0", "e1000e", "bare0", group=None)
        self.assertIn("WARNING", self.run_it("bind", "bare0", "--no-iommu"))
        mode = self.root / "sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
        self.assertEqual(mode.read_text(), "Y")
        self.assertTrue((self.root / "etc/modprobe.d/packet-heatmap.conf").exists())

    def test_no_iommu_mode_is_refused_where_an_iommu_works(self):
        self.assertIn("take the protection", self.run_it("bind", "spare0", "--no-iommu", code=1))
        self.assertEqual(self.driver("0000:02:00.0"), "e1000e")

    def test_another_card_of_the_iommu_group_is_named(self):
        self.card("0000:05:00.0", "igb", "twin0", group=None)
        device = self.root / "sys/bus/pci/devices/0000:05:00.0"
        (self.root / "sys/kernel/iommu_groups/2/devices/0000:05:00.0").symlink_to(device)
        self.assertIn("0000:05:00.0 is in the same IOMMU group", self.run_it("bind", "spare0"))

    def test_several_cards_are_taken_together_or_not_at_all(self):
        self.run_it("bind", "spare0", "wan0", code=1)
        self.assertEqual(self.driver("0000:02:00.0"), "e1000e")

    def test_hugepages_now_and_at_boot_on_each_node(self):
        self.run_it("hugepages", "1G")
        for node in (0, 1):
            name = f"/sys/devices/system/node/node{node}/hugepages/hugepages-2048kB/nr_hugepages"
            self.assertEqual((self.root / name[1:]).read_text().strip(), "512")
            boot = (self.root / "etc/tmpfiles.d/packet-heatmap-hugepages.conf").read_text()
            self.assertIn(f"w {name} - - - - 512\n", boot)

    def test_hugepages_on_one_node_then_the_other(self):
        self.run_it("hugepages", "64M", "--node", "0")
        self.run_it("hugepages", "128M", "--node", "1")
        self.run_it("hugepages", "32M", "--node", "0")
        lines = (self.root / "etc/tmpfiles.d/packet-heatmap-hugepages.conf").read_text().split("\n")
        self.assertEqual([line.split()[-1] for line in lines if line.startswith("w")], ["16", "64"])

    def test_more_than_there_is_would_not_boot_again(self):
        for node in (0, 1):
            self.put(f"sys/devices/system/node/node{node}/meminfo",
                     f"Node {node} MemTotal:       8000000 kB\n")
        before = self.tree()
        self.assertIn("7812M of memory in all", self.run_it("hugepages", "64G", code=1))
        self.assertEqual(self.tree(), before)

    def test_fewer_than_others_had_reserved_is_warned_of(self):
        self.put("sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "2048\n")
        self.assertIn("had 2048 pages", self.run_it("hugepages", "1G"))

    def test_too_little_memory_is_said_with_the_number(self):
        self.put("page-limit", "100")
        said = self.run_it("hugepages", "1G", code=1)
        self.assertIn("100 of 512", said)
        self.assertIn("next boot", said)

    def test_bad_sizes_and_names(self):
        for arguments in (["hugepages", "1"], ["hugepages", "3M"],
                          ["hugepages", "1G", "--node", "7"],
                          ["hugepages", "1G", "--page-size", "1G"], ["bind", "nosuch0"],
                          ["bind", "0000:09:00.0"], ["bind", "br0"], ["bind", "../../etc"]):
            said = self.run_it(*arguments, code=1)
            self.assertTrue(said.startswith("setup-host: "), said)
        self.assertEqual(self.tree(), self.before)

    def test_undo_restores_all_and_twice_is_once(self):
        self.run_it("hugepages", "1G")
        self.run_it("hugepages", "2G")
        self.run_it("bind", "spare0")
        self.assertNotEqual(self.tree(), self.before)
        self.run_it("undo")
        after = self.tree()
        # the module's own parameter stays with the module: it is not ours to remove
        after.pop(f"{self.root}/sys/module/vfio/parameters/enable_unsafe_noiommu_mode")
        self.assertEqual(after, self.before)
        self.assertIn("nothing to undo", self.run_it("undo"))

    def test_undo_keeps_huge_pages_and_overrides_that_were_there(self):
        pages = "sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"
        self.put(pages, "77\n")
        self.put("etc/driverctl.d/pci-0000:02:00.0", "uio_pci_generic\n")
        self.run_it("bind", "spare0", "--hugepages", "1G")
        self.run_it("undo")
        self.assertEqual((self.root / pages).read_text().strip(), "77")
        self.assertIn("driverctl set-override 0000:02:00.0 uio_pci_generic", self.log())

    def test_unbind_gives_one_card_back(self):
        self.run_it("bind", "spare0", "wan0", "--force")
        self.run_it("unbind", "0000:02:00.0")
        self.assertEqual(self.driver("0000:02:00.0"), "e1000e")
        self.assertEqual(self.driver("0000:01:00.0"), "vfio-pci")
        self.assertIn("0000:01:00.0 to e1000e", self.run_it("status"))

    def test_unbind_by_the_name_that_the_interface_had(self):
        self.run_it("bind", "spare0")
        self.run_it("unbind", "spare0")
        self.assertEqual(self.driver("0000:02:00.0"), "e1000e")
        self.assertIn("nothing to do", self.run_it("unbind", "spare0"))

    def test_undo_of_a_card_that_was_pulled_out(self):
        self.run_it("bind", "spare0", "--hugepages", "1G")
        shutil.rmtree(self.root / "sys/bus/pci/devices/0000:02:00.0")
        self.assertIn("not there", self.run_it("bind", "spare0", code=1))
        self.assertIn("not there any more", self.run_it("undo"))
        self.assertEqual(list((self.root / "etc/driverctl.d").iterdir()), [])
        self.assertFalse((self.root / "etc/tmpfiles.d/packet-heatmap-hugepages.conf").exists())
        self.assertIn("nothing to undo", self.run_it("undo"))

    def test_undo_of_a_card_that_had_no_driver(self):
        self.put("driverless-0000:02:00.0", "")
        (self.root / "sys/bus/pci/devices/0000:02:00.0/driver").unlink()
        self.run_it("bind", "0000:02:00.0")
        self.run_it("undo")
        self.assertEqual(list((self.root / "etc/driverctl.d").iterdir()), [])

    def test_undo_goes_on_past_what_fails_and_can_be_repeated(self):
        self.run_it("bind", "spare0", "wan0", "--force", "--hugepages", "1G")
        driverctl = self.root / "bin/driverctl"
        driverctl.write_text(driverctl.read_text().replace(
            "[ -e \"$device\" ]", "[ -e \"$ROOT/works\" ] || [ $2 != 0000:01:00.0 ]"))
        said = self.run_it("undo", code=1)
        self.assertIn("0000:01:00.0", said)
        self.assertEqual(self.driver("0000:01:00.0"), "vfio-pci")
        self.assertEqual(self.driver("0000:02:00.0"), "e1000e")
        self.assertFalse((self.root / "etc/tmpfiles.d/packet-heatmap-hugepages.conf").exists())
        self.put("works", "")
        self.run_it("undo")
        self.assertNotEqual(self.driver("0000:01:00.0"), "vfio-pci")
        self.assertIn("nothing to undo", self.run_it("undo"))

    def test_undo_where_huge_pages_or_vfio_are_gone(self):
        self.card("0000:04:00.0", "e1000e", "bare0", group=None)
        self.run_it("bind", "bare0", "--no-iommu")
        self.run_it("hugepages", "1G")
        shutil.rmtree(self.root / "sys/devices/system/node/node1")
        shutil.rmtree(self.root / "sys/module/vfio")
        self.run_it("undo")
        for name in ("modprobe.d/packet-heatmap.conf", "modules-load.d/packet-heatmap.conf"):
            self.assertFalse((self.root / "etc" / name).exists(), name)
        self.assertIn("nothing to undo", self.run_it("undo"))

    def test_kernel_without_no_iommu_mode(self):
        self.card("0000:04:00.0", "e1000e", "bare0", group=None)
        modprobe = self.root / "bin/modprobe"
        modprobe.write_text(modprobe.read_text().replace("echo N >", "true"))
        self.assertIn("without no-IOMMU mode", self.run_it("bind", "bare0", "--no-iommu", code=1))
        self.assertEqual(self.driver("0000:04:00.0"), "e1000e")
        self.assertFalse((self.root / "etc/modprobe.d/packet-heatmap.conf").exists())

    def test_no_iommu_mode_is_no_iommu_at_work(self):
        shutil.rmtree(self.root / "sys/kernel/iommu_groups")
        self.put("sys/kernel/iommu_groups/0/name", "vfio-noiommu\n")
        self.assertIn("IOMMU: none at work", self.run_it("status"))

    def test_status_without_any_pci(self):
        shutil.rmtree(self.root / "sys/bus")
        self.assertIn("Undo would restore: nothing", self.run_it("status"))

    def test_a_damaged_state_is_said(self):
        self.run_it("bind", "spare0")
        self.put("var/lib/packet-heatmap-setup/state.json", '{"cards": {')
        for command in (["undo"], ["status"], ["bind", "spare0"]):
            self.assertIn("is damaged", self.run_it(*command, code=1))

    def test_unbind_leaves_a_card_of_the_kernel_alone(self):
        self.assertIn("nothing to do", self.run_it("unbind", "wan0"))
        self.assertNotIn("driverctl", self.log())

    def test_dry_run_changes_nothing(self):
        for arguments in (["hugepages", "1G"], ["bind", "spare0"], ["bind", "spare0", "--hugepages",
                          "1G"], ["unbind", "spare0"], ["undo"]):
            self.run_it(*arguments, "--dry-run")
        self.assertEqual(self.tree(), self.before)
        self.assertFalse((self.root / "var").exists())
        self.assertNotIn("set-override", self.log())
        self.assertNotIn("modprobe", self.log())
        self.assertIn("would run: driverctl set-override 0000:02:00.0 vfio-pci",
                      self.run_it("bind", "spare0", "--dry-run"))


if __name__ == "__main__":
    unittest.main()
