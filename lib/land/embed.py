#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Puts the shapes of the countries into the binary, as they are in the file.

embed.py COUNTRIES.tsv OUT.c OUT.S

OUT.S takes the file in by .incbin; OUT.c is the table of where each country's shape lies in it.
"""
import json
import os
import re
import sys


def main():
    path, out_c, out_s = sys.argv[1:]
    with open(path, "rb") as file:
        data = file.read()
    rows, at, codes = [], 0, []
    for line in data.splitlines(keepends=True):
        code, name, box, point, shape = line.decode().rstrip("\n").split("\t")
        if not re.fullmatch("[A-Z]{2}", code) or len({box == "", point == "", shape == ""}) != 1:
            sys.exit(f"{path}: {code}: not a country")
        if shape and json.loads(shape)["type"] not in ("Polygon", "MultiPolygon"):
            sys.exit(f"{path}: {code}: not a shape")
        codes.append(code)
        start = at + len(line) - 1 - len(shape.encode())
        where = f"land_file + {start}" if shape else "NULL"
        rows.append(f'\t{{"{code}", {json.dumps(name, ensure_ascii=False)}, {{{box or 0}}}, '
                    f"{{{point or 0}}}, {len(shape.encode())}, {where}}},")
        at += len(line)
    if codes != sorted(set(codes)):
        sys.exit(f"{path}: not sorted by code, or one comes twice")
    with open(out_s, "w", encoding="utf-8") as file:
        file.write("/* made by embed.py */\n\t.section .rodata\n\t.global land_file\nland_file:\n"
                   f'\t.incbin "{os.path.abspath(path)}"\n\t.byte 0\n'
                   '\t.section .note.GNU-stack,"",%progbits\n')
    with open(out_c, "w", encoding="utf-8") as file:
        file.write('/* made by embed.py */\n#include "land.h"\n\nextern const char land_file[];\n\n'
                   "const struct land_country land_countries[] = {\n" + "\n".join(rows) + "\n};\n"
                   f"const size_t land_country_count = {len(rows)};\n")


main()
