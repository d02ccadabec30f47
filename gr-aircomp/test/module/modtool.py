#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""gr_modtool knows the module: it tells what it is, adds blocks, follows a header, renames a block.

usage: modtool.py CMAKE

What it writes is configured; what it does not write is named in docs/gnuradio.md.
"""
import sys

from copied_module import configure, copied_module, run


def expect(module, name, text):
    if text not in (module / name).read_text(encoding="utf-8"):
        sys.exit(f"{name}: expected '{text}'")


def modtool(module, *arguments):
    said = run("gr_modtool", *arguments, cwd=module, input="n\n")
    print(f"gr_modtool {' '.join(arguments)}")
    return said


def main(cmake):
    with copied_module() as module:
        if "Module name: aircomp" not in modtool(module, "info"):
            sys.exit("gr_modtool info does not name the module")
        for language, name in (("cpp", "doubler"), ("python", "tripler")):
            modtool(module, "add", "-t", "sync", "-l", language, "--argument-list", "float gain",
                    "--copyright", "somebody", "--add-python-qa", name)
            expect(module, "grc/CMakeLists.txt", f"aircomp_{name}.block.yml")
            expect(module, "python/aircomp/CMakeLists.txt", f"GR_ADD_TEST(qa_{name}")
        expect(module, "lib/CMakeLists.txt", "doubler_impl.cc")
        expect(module, "include/gnuradio/aircomp/CMakeLists.txt", "doubler.h")
        expect(module, "python/aircomp/bindings/CMakeLists.txt", "doubler_python.cc")
        expect(module, "python/aircomp/bindings/python_bindings.cc", "bind_doubler(m);")
        expect(module, "python/aircomp/CMakeLists.txt", "tripler.py")
        header = module / "include/gnuradio/aircomp/frame_sync.h"
        header.write_text(header.read_text(encoding="utf-8") + "// changed\n", encoding="utf-8")
        modtool(module, "bind", "-u", "frame_sync")
        modtool(module, "rename", "header_source", "header_origin")
        for name in ("lib/header_origin_impl.cc", "grc/aircomp_header_origin.block.yml",
                     "include/gnuradio/aircomp/header_origin.h"):
            expect(module, name, "header_origin")
        # Configuring refuses bindings whose header has another hash, and files that are not there.
        configure(cmake, module, "-DAIRCOMP_ENABLE_TESTS=OFF")
        print("what gr_modtool has written configures")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
