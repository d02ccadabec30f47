# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the tests of the Python package find the repository, the program and the independent decoder."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "inference" / "models" / "demo"
PROGRAM = os.environ["AIRCOMP_PROGRAM"]

sys.path.insert(0, str(ROOT / "test" / "inference"))
import reference_model  # noqa: E402,F401  (the path has to be set first)


def program(*arguments):
    """What a command of the program writes to --json -."""
    command = [PROGRAM, *map(str, arguments), "--json", "-"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def text():
    """What the demo model has not seen."""
    return (MODEL / "evaluation.txt").read_text(encoding="utf-8")
