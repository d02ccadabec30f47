#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that rooms of runtime/ include headers of themselves and of the rooms that CMake says they use alone.

usage: rooms.py RUNTIME_FOLDER ROOM:USED,USED ...
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.MULTILINE)
# Rooms whose folder is not their name.
FOLDERS = {"link": "daemon/link", "engine_mpi": "engine"}


def room_of(path, rooms):
    """The room that a path below runtime/ lies in: that of the longest folder."""
    folders = sorted(((FOLDERS.get(room, room), room) for room in rooms if room != "engine_mpi"),
                     key=lambda pair: -len(pair[0]))
    return next((room for folder, room in folders if str(path).startswith(folder + "/")), None)


def arrows_that_are_not_drawn(runtime, uses):
    """One line for each include that no room's USES allows."""
    wrong = []
    for file in sorted(runtime.rglob("*.[ch]pp")):
        path = file.relative_to(runtime)
        room = room_of(path, uses)
        if room is None:
            continue  # the program, which may know all
        for header in INCLUDE.findall(file.read_text()):
            used = room_of(header, uses)
            if header.startswith("app/") or (used and used != room and used not in uses[room]):
                wrong.append(f"{path}: {room} must not include {header}")
    return wrong


def circles(uses):
    """Rooms that use themselves over others."""
    found = []
    for start in uses:
        seen, waiting = set(), list(uses[start])
        while waiting:
            room = waiting.pop()
            if room == start:
                found.append(f"{start} uses itself over others")
                break
            if room not in seen:
                seen.add(room)
                waiting.extend(uses.get(room, []))
    return found


def main():
    runtime = pathlib.Path(sys.argv[1])
    uses = {}
    for line in sys.argv[2:]:
        room, used = line.split(":")
        uses[room] = [name for name in used.split(",") if name]
    missing = [room for room in uses if not (runtime / FOLDERS.get(room, room)).is_dir()]
    wrong = [f"{room} has no folder" for room in missing]
    wrong += circles(uses) + arrows_that_are_not_drawn(runtime, uses)
    print("\n".join(wrong))
    return 1 if wrong or not uses else 0


if __name__ == "__main__":
    sys.exit(main())
