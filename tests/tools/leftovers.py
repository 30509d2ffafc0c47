#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Takes away what tests that were killed have left: network namespaces, folders of EAL, folders of
temporary files. Their names begin as ours do and hold the number of a process that is no more; of
those without a number, nothing that is younger than a day.

    leftovers.py [ROOT]       ROOT: for tests, instead of /
"""

import os
import re
import shutil
import subprocess
import sys
import time

NAMESPACE = re.compile(r"ph[mfi](?:-[a-z]+)?-(\d+)(?:-[a-z]+)?")
EAL = re.compile(r"(?:check|smoke|packet-heatmap)-?(\d+)")
FOLDER = re.compile(r"packet-heatmap-(?:smoke|page|unit|image|kafka)[-.]\w+")
DAY_S = 86400


def is_running(number):
    return os.path.exists(f"/proc/{number}")


def names(folder):
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def old(path):
    try:
        return time.time() - os.lstat(path).st_mtime > DAY_S
    except FileNotFoundError:
        return False


def find(root):
    """(what, name or path) of each."""
    for name in names(os.path.join(root, "run/netns")):
        match = NAMESPACE.fullmatch(name)
        if match and not is_running(match[1]):
            yield "namespace", name
    for name in names(os.path.join(root, "run/dpdk")):
        match = EAL.fullmatch(name)
        if match and not is_running(match[1]):
            yield "folder", os.path.join(root, "run/dpdk", name)
    for name in names(os.path.join(root, "tmp")):
        path = os.path.join(root, "tmp", name)
        if FOLDER.fullmatch(name) and old(path):
            yield "folder", path


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "/"
    for what, name in find(root):
        print(f"left by an earlier run, taken away: {what} {name}")
        if what == "namespace":
            subprocess.run(["ip", "netns", "delete", name], check=False)
        else:
            shutil.rmtree(name, ignore_errors=True)


if __name__ == "__main__":
    main()
