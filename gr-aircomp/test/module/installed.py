#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the module to a folder of its own, uses it from there, uninstalls it.

usage: installed.py CMAKE BUILD_FOLDER

Exits with 1, saying why, where something is missing, does not load, or stays behind.
"""
import pathlib
import re
import sys
import tempfile

from installation import environment, installation, run

EXPECTED = (
    "bin/aircomp-air", "lib/cmake/gnuradio-aircomp/gnuradio-aircompConfig.cmake",
    "include/gnuradio/aircomp/frame_sync.h", "include/gnuradio/aircomp/phy/burst_format.hpp",
    "share/gnuradio/grc/blocks/aircomp_frame_sync.block.yml")
PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(uses_aircomp CXX)
find_package(gnuradio-aircomp REQUIRED)
add_library(uses_aircomp OBJECT uses.cpp)
target_link_libraries(uses_aircomp PRIVATE gnuradio::gnuradio-aircomp)
"""
PROGRAM = """
from gnuradio import aircomp, gr
top = gr.top_block()
top.connect(aircomp.burst_timer(1000, 10), aircomp.channel_emulator(1e6, [1], [1], 0))
print(aircomp.__file__)
"""
# Names what help() does not explain: a parameter is a line "    name : ..." below "Args:".
DOCUMENTED = """
import inspect, re
from gnuradio import aircomp, gr
for name, value in vars(aircomp).items():
    if not inspect.isclass(value) or name in ("radio_setup", "restartable"):
        continue
    text = (value.__doc__ or "") + (value.__init__.__doc__ or "")
    if hasattr(value, "message_ports_in") or name == "burst_format":
        wanted = re.findall(r"[(,] (\\w+):", text[text.index("__init__("):].split(" -> None")[0])
    else:
        wanted = list(inspect.signature(value).parameters)
    for parameter in wanted:
        if not re.search(rf"^ +{parameter} : ", text, re.M):
            print(f"{name}: {parameter}")
"""


def files_under(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*")
                  if p.is_symlink() or p.is_file())


def try_out(prefix):
    """The module loads from where it lies, without a path to its library."""
    files = files_under(prefix)
    missing = [name for name in EXPECTED if name not in files]
    if not any(re.fullmatch("lib.*/libgnuradio-aircomp.so", name) for name in files):
        missing.append("libgnuradio-aircomp.so")
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}")
    package, = prefix.glob("lib/python3*/*-packages")
    found = run(sys.executable, "-c", PROGRAM, env=environment(prefix), cwd=prefix).strip()
    if not found.startswith(str(package)):
        sys.exit(f"expected gnuradio.aircomp from {package}, found {found}")
    undocumented = run(sys.executable, "-c", DOCUMENTED, env=environment(prefix), cwd=prefix).split("\n")
    if any(undocumented):
        sys.exit("help() does not explain " + ", ".join(filter(None, undocumented)))
    print(f"{len(files)} files installed; gnuradio.aircomp loads, help() explains every parameter")
    find_radios(prefix)


def find_radios(prefix):
    """UHD finds the virtual radios at the place that docs/gnuradio.md names."""
    module, = prefix.glob("lib/**/uhd/modules/*aircomp*")
    found = run("uhd_find_devices", "--args", "type=aircomp",
                env={**environment(prefix), "UHD_MODULE_PATH": str(module.parent)})
    if "aircomp" not in found:
        sys.exit(f"uhd_find_devices finds no virtual radio:\n{found}")
    print("uhd_find_devices finds the virtual radios")


def find_package(cmake, prefix):
    """Another CMake project finds the library."""
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        project = pathlib.Path(folder)
        (project / "CMakeLists.txt").write_text(PROJECT, encoding="utf-8")
        (project / "uses.cpp").write_text("int main() {}\n", encoding="utf-8")
        run(cmake, "-S", folder, "-B", str(project / "build"), f"-DCMAKE_PREFIX_PATH={prefix}")
    print("find_package(gnuradio-aircomp) finds it")


def main(cmake, build):
    with installation(cmake, build) as prefix:
        try_out(prefix)
        find_package(cmake, prefix)
        run(cmake, "--build", build, "--target", "uninstall")
        left = sorted({str(p.relative_to(prefix)) for p in prefix.rglob("*aircomp*")} |
                      set(files_under(prefix)))
        if left:
            sys.exit(f"left after uninstalling: {', '.join(left)}")
        print("uninstalling left nothing")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
