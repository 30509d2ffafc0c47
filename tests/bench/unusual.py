# SPDX-License-Identifier: BSD-3-Clause
"""The part `unusual` of scripts/bench: precision and recall of what the watch tells of.

Made-up traffic of five weeks with changes put into the last one, at three strengths of noise
(tests/bench/unusual_load.c): of each strength how many of those that were put in were told of, by the
place, and how many of the events are of something that was put in.
"""

import json
import os
import subprocess
import tempfile

PLACES = 1000
NOISES = (0.1, 0.2, 0.4)


def part_unusual(bench, _options):
    results = []
    for noise in NOISES:
        with tempfile.TemporaryDirectory(prefix="packet-heatmap-bench.") as folder:
            done = subprocess.run(
                [os.path.join(bench["BUILD"], "tests/bench/unusual_load"), folder, str(PLACES),
                 str(noise)], stdout=subprocess.PIPE, text=True, check=True)
        row = {"noise": noise, **json.loads(done.stdout.splitlines()[-1])}
        found = ", ".join(f"x{factor:g} {100 * told / put:.0f} %"
                          for factor, put, told in row["put_in"])
        good = row["events"] - row["of_nothing"]
        bench["say"](f"  noise {noise}: found {found}; {good} of {row['events']} events are of what "
                     f"was put in; {1000 * row['seconds'] / row['slots']:.1f} ms a slot of "
                     f"{PLACES} places")
        results.append(row)
    return results
