#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: arrows.py ROOT

Checks that no source includes what docs/architecture.md does not let it know: the libraries nothing of each other, and in
runtime/ a room only rooms of lower lines, of which it names those that it uses in its CMakeLists.txt. Prints one line for
each wrong include; the exit status is then 1.
"""

import pathlib
import re
import sys

SOURCES = {".hpp", ".cpp", ".h", ".cc"}
# What each library's headers are included by, and the libraries that it may know.
PREFIXES = {"gr-aircomp": "gnuradio/aircomp/", "inference": "aircomp/inference/", "optimizer": "aircomp/optimizer/",
            "runtime": "aircomp/runtime/"}
KNOWN = {"gr-aircomp": set(), "inference": set(), "optimizer": set(), "runtime": set(PREFIXES)}
NO_ROOMS = {"plots"}
HEAVY = re.compile(r"(torch|ATen|c10|gnuradio/(?!aircomp/phy/)|pmt)\b")
USES = re.compile(r"aircomp_add_room\((\w+)[^)]*?\bUSES\s+([\w\s]*?)(?:PUBLIC|PRIVATE|PRECOMPILE|\))")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def rooms(root):
    """Rooms of runtime/ by the line that they stand in, the lowest line last: {name: line}."""
    page = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- rooms -->\n+```\n(.*?)```", page, re.DOTALL)
    if not block:
        sys.exit("docs/architecture.md: expected <!-- rooms --> and a block of code, found none")
    return {name: line for line, names in enumerate(block[1].splitlines()) for name in names.split()}


class Arrows:
    def __init__(self, root):
        self.root = root
        self.rooms = rooms(root)
        self.folders = sorted(self.rooms, key=len, reverse=True)
        self.uses = {name: self.used_by(name) for name in self.rooms}
        self.errors = []
        self.runtime = self.sources("runtime")

    def sources(self, part):
        return sorted(p for p in (self.root / part).rglob("*") if p.suffix in SOURCES)

    def used_by(self, room):
        """The rooms that a room's CMakeLists.txt names; None where it has none, as the program, which may use all."""
        file = self.root / "runtime" / room / "CMakeLists.txt"
        if not file.exists():
            return None
        by_name = {name.split("/")[-1]: name for name in self.rooms}
        found = USES.findall(file.read_text(encoding="utf-8"))
        return {by_name[name] for _, names in found for name in names.split()}

    def check(self):
        for room, used in self.uses.items():
            for other in sorted((used or set()) - {room}):
                if self.rooms[room] >= self.rooms[other]:
                    self.errors.append(f"runtime/{room}/CMakeLists.txt: {room} stands not above {other}, and uses it")
        for folder in sorted(p.name for p in (self.root / "runtime").iterdir() if p.is_dir()):
            if folder not in self.rooms and folder not in NO_ROOMS:
                self.errors.append(f"runtime/{folder}: docs/architecture.md has no such room")
        for part in PREFIXES:
            for path in self.sources(part):
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    include = INCLUDE.match(line)
                    if include:
                        self.check_include(part, path, number, include[1])
        return self.errors

    def check_include(self, part, path, line, name):
        def error(what):
            self.errors.append(f"{path.relative_to(self.root)}:{line}: {what}")

        for other, prefix in PREFIXES.items():
            if name.startswith(prefix) and other != part and other not in KNOWN[part]:
                error(f"{part} knows nothing of {other}, and includes {name}")
        if part != "gr-aircomp" and "include" in path.relative_to(self.root).parts and HEAVY.match(name):
            error(f"a public header includes {name}")
        if part == "runtime":
            mine, other = self.room(path), self.room(self.included(path, name))
            if mine and other and mine != other and self.rooms[mine] >= self.rooms[other]:
                error(f"{mine} stands not above {other}, and includes {name}")
            elif mine and other and mine != other and self.uses[mine] is not None and other not in self.uses[mine]:
                error(f"{mine} does not name {other} as used, and includes {name}")

    def included(self, path, name):
        """The file of runtime/ that an include means; None where it means another library's."""
        beside = (path.parent / name).resolve()
        if beside.exists():
            return beside
        found = [p for p in self.runtime if p.as_posix().endswith("/" + name)]
        return found[0] if len({self.room(p) for p in found}) == 1 else None

    def room(self, path):
        if path is None:
            return None
        inside = path.relative_to(self.root / "runtime").as_posix()
        return next((room for room in self.folders if inside.startswith(room + "/")), None)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = Arrows(pathlib.Path(sys.argv[1]).resolve()).check()
    print("\n".join(found))
    sys.exit(1 if found else 0)
