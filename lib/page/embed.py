#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Puts the page's files into the binary: plain, and gzipped where that is shorter.

embed.py DIST SUMS OUT.c OUT.S OUTDIR

OUT.S takes the bytes in by .incbin (a C array of a megabyte takes a compiler ten seconds); OUT.c
is the table of them. The gzipped forms are made here, once for a build, at the best level, and
without a time stamp, so that the same dist gives the same binary.
"""
import base64
import gzip
import hashlib
import os
import re
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
TEMPLATE = "ip_heatmap.tmpl.html"


def main():
    dist, sums, out_c, out_s, out_dir = sys.argv[1:]
    build = hashlib.sha256(open(sums, "rb").read()).hexdigest()[:12]
    names = sorted(
        os.path.relpath(os.path.join(folder, name), dist)
        for folder, _, files in os.walk(dist)
        for name in files
    )
    asm, externs, table, template = [], [], [], None

    def blob(symbol, path):
        asm.append(
            f"\t.global {symbol}\n\t.balign 16\n{symbol}:\n"
            f'\t.incbin "{os.path.abspath(path)}"\n\t.byte 0\n'
        )
        externs.append(f"extern const unsigned char {symbol}[];")

    for i, name in enumerate(names):
        path = os.path.join(dist, name)
        with open(path, "rb") as file:
            data = file.read()
        blob(f"page_file_{i}", path)
        if name == TEMPLATE:
            template = (i, len(data))
            continue
        kind = TYPES.get(os.path.splitext(name)[1])
        if kind is None:
            sys.exit(f"{name}: no content type is known for it; add it to embed.py")
        packed = gzip.compress(data, 9, mtime=0)
        entry = f'"/{name}", "{kind}", page_file_{i}, {len(data)}, '
        if len(packed) < len(data) * 0.95:
            packed_path = os.path.join(out_dir, f"page_file_{i}.gz")
            with open(packed_path, "wb") as file:
                file.write(packed)
            blob(f"page_file_{i}_gz", packed_path)
            entry += f"page_file_{i}_gz, {len(packed)}"
        else:
            entry += "NULL, 0"
        tag = hashlib.sha256(data).hexdigest()[:16]
        # what a policy names the page's inline scripts by (CSP 3, 2.3.1: hash-source)
        scripts = " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
            for script in re.findall(rb"<script>(.*?)</script>", data, re.S)
            if kind.startswith("text/html")
        )
        table.append(f'\t{{{entry}, "{tag}", "{scripts}"}},')
    if template is None:
        sys.exit(f"{dist} holds no {TEMPLATE}")

    with open(out_s, "w") as f:
        f.write("/* made by embed.py */\n\t.section .rodata\n" + "".join(asm))
        f.write('\t.section .note.GNU-stack,"",%progbits\n')
    with open(out_c, "w") as f:
        f.write('/* made by embed.py */\n#include "assets.h"\n\n#include <stddef.h>\n\n')
        f.write("\n".join(externs) + "\n\n")
        f.write("const struct http_asset page_assets[] = {\n" + "\n".join(table) + "\n};\n")
        f.write("const size_t page_asset_count = sizeof(page_assets) / sizeof(page_assets[0]);\n")
        f.write(f'const char page_build[] = "{build}";\n')
        i, length = template
        f.write(
            "const struct picture_page page_template = "
            f"{{(const char *)page_file_{i}, {length}}};\n"
        )


main()
