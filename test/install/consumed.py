#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the libraries, moves them, and compiles a project that uses them, with source and build hidden.

usage: consumed.py CMAKE BUILD SOURCE

Exits with 1, saying why, where that fails; with 77 where nothing can be hidden.
"""
import pathlib
import re
import shutil
import sys
import tempfile

from installation import hider, install, run

EXPECTED = {"optimizer": r"mmse: NMSE 0\.00066\n", "inference": r"next: ' message'", "waveform": r"found: 1, ",
            "runtime": r"next: ' message', NMSE 0\.0"}


def main(cmake, build, source):
    source, build = pathlib.Path(source).resolve(), pathlib.Path(build).resolve()
    with tempfile.TemporaryDirectory(prefix="aircomp-") as name:
        folder = pathlib.Path(name).resolve()
        install(cmake, build, folder / "first", "program", "dev")
        prefix = (folder / "first").rename(folder / "moved")
        shutil.copytree(source / "test/install/consumer", folder / "consumer")
        shutil.copytree(source / "test/docs/examples", folder / "examples")
        hide, environment = hider([source] if source in build.parents else [source, build])

        def hidden(*words, **variables):
            return run(*hide, *words, cwd=folder, env={**environment, **variables})

        hidden(cmake, "-S", "consumer", "-B", "consumer/build", "-G", "Ninja", f"-DEXAMPLES={folder}/examples",
               f"-DCMAKE_PREFIX_PATH={prefix}")
        hidden(cmake, "--build", "consumer/build")
        model = [prefix / "share/aircomp/inference/models/demo"]
        arguments = {"inference": model, "runtime": model}
        for example, expected in EXPECTED.items():
            found = hidden(folder / "consumer/build" / example, *arguments.get(example, []))
            if not re.search(expected, found):
                sys.exit(f"{example}: expected {expected}, found {found}")

        # The same by pkg-config, for the libraries that have such a file.
        place, = prefix.glob("**/pkgconfig")
        for example, library in (("optimizer", "aircomp-optimizer"), ("waveform", "aircomp-phy")):
            flags = hidden("pkg-config", "--static", "--cflags", "--libs", library, PKG_CONFIG_PATH=str(place)).split()
            hidden("c++", "-std=c++17", f"examples/{example}.cpp", "-o", "by-pkg-config", *flags)
            if not re.search(EXPECTED[example], hidden(folder / "by-pkg-config")):
                sys.exit(f"{example}: does not say what it does when CMake finds the library")
    print("a project that asks for all components was compiled, and runs")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
