# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the module's folder, out of its tree, and what is done with it."""
import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

MODULE = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    """What a command prints; where it fails, the test does."""
    done = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout}")
    return done.stdout


def configure(cmake, module, *arguments):
    """The build folder of a copy, as far from it as in the tree: ccache knows objects by such paths."""
    build = module.parent / "build/gr-aircomp"
    run(cmake, "-S", module, "-B", build, "-G", "Ninja", "-DPYTHON_EXECUTABLE=/usr/bin/python3",
        "-DAIRCOMP_ENABLE_BENCHMARKS=OFF", *arguments)
    return build


@contextlib.contextmanager
def copied_module():
    """The folder alone: nothing lies beside it."""
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        module = pathlib.Path(folder) / "gr-aircomp"
        shutil.copytree(MODULE, module, ignore=shutil.ignore_patterns("__pycache__", "build"))
        yield module
