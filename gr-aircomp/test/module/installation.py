# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as it is installed, in a folder of its own."""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile


def run(*command, **options):
    """Output of a command; ends the test where it fails, with its errors too."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def installation(cmake, build):
    """The prefix that the module of a build folder is installed to, until the end of the block. The build
    folder's record of an earlier installation is left as it was."""
    manifest = pathlib.Path(build) / "install_manifest.txt"
    before = manifest.read_bytes() if manifest.exists() else None
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        prefix = pathlib.Path(folder).resolve()
        try:
            run(cmake, "--install", build, "--prefix", str(prefix))
            yield prefix
        finally:
            manifest.unlink(missing_ok=True)
            if before is not None:
                manifest.write_bytes(before)


def environment(prefix):
    """In which Python finds the module there, without a path to its library."""
    package, = prefix.glob("lib/python3*/*-packages")
    return {**{k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}, "PYTHONPATH": str(package)}
