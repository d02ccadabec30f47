#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies the module's folder out of its tree, configures, builds, tests and installs it there.

usage: alone.py CMAKE CTEST [CMAKE_ARGUMENT ...]

Of the tests it runs the blocks' in C++, one in Python and one flowgraph's: the others are run where the
folder comes from.
"""
import sys

from copied_module import configure, copied_module, run

TESTS = "blocks in C|qa_chain|flowgraph loopback"
INSTALLED = ("bin/aircomp-air", "share/gnuradio/grc/blocks/aircomp_frame_sync.block.yml",
             "share/gnuradio/examples/aircomp/aircomp_loopback.grc")


def main(cmake, ctest, *arguments):
    with copied_module() as module:
        build = configure(cmake, module, "-DAIRCOMP_ENABLE_TESTS=ON", *arguments)
        run(cmake, "--build", build, "-j2")
        said = run(ctest, "--test-dir", build, "--no-tests=error", "--output-on-failure", "-R", TESTS)
        print(next(line for line in said.splitlines() if "tests passed" in line))
        prefix = module.parent / "installed"
        run(cmake, "--install", build, "--prefix", prefix)
        missing = [name for name in INSTALLED if not (prefix / name).exists()]
        if missing:
            sys.exit(f"not installed: {', '.join(missing)}")
        print("built, tested and installed alone")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
