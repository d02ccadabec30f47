#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has Companion write a flowgraph of all blocks that are in C++ as a C++ program, builds and runs it.

usage: in_cpp.py CMAKE BUILD_FOLDER

The program is built against the module of the build folder, as it is installed. Exits with 1, saying why,
where it is not written, does not compile, or shows other samples than those sent; with 77 where there is no
grcc.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
from installation import environment, installation, run

LIMIT_S = 60
SAMPLES, LATENCY = 1000, 40


def build(cmake, prefix, folder):
    """The program."""
    source = pathlib.Path(__file__).with_suffix(".grc")
    project = folder / "in_cpp"
    blocks = prefix / "share/gnuradio/grc/blocks"
    said = run("grcc", "-o", str(folder), str(source),
               env={**environment(prefix), "GRC_BLOCKS_PATH": str(blocks)})
    if not (project / "in_cpp.cpp").exists():
        sys.exit(f"{source.name}: grcc made no program:\n{said}")
    run(cmake, "-S", str(project), "-B", str(project / "build"), f"-DCMAKE_PREFIX_PATH={prefix}")
    run(cmake, "--build", str(project / "build"))
    return project / "build/in_cpp"


def samples_of(program, prefix, folder):
    """What it writes until it is told to end."""
    path = folder / "received.c64"
    library, = prefix.glob("lib/**/libgnuradio-aircomp.so")
    with subprocess.Popen([program], cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)}) as running:
        deadline = time.monotonic() + LIMIT_S
        while not path.exists() or path.stat().st_size < 8 * SAMPLES:
            if running.poll() is not None or time.monotonic() > deadline:
                running.kill()
                sys.exit(f"the program wrote no samples within {LIMIT_S} s")
            time.sleep(0.01)
        running.communicate("\n", LIMIT_S)
    if running.returncode != 0:
        sys.exit(f"the program ended with exit code {running.returncode}")
    return np.fromfile(path, np.complex64)


def main(cmake, module):
    if not shutil.which("grcc"):
        print("GNU Radio Companion's grcc is not installed, nothing was run")
        sys.exit(77)
    with installation(cmake, module) as prefix, tempfile.TemporaryDirectory(prefix="aircomp-") as name:
        folder = pathlib.Path(name)
        received = samples_of(build(cmake, prefix, folder), prefix, folder)
    error = np.abs(received[LATENCY:] - 1).max()
    if len(received) != SAMPLES or not error < 1e-5:
        sys.exit(f"expected {SAMPLES} samples of 1, found {len(received)}, off by {error}")
    print(f"the program in C++ runs; its samples are those sent but for {error:.1g}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
