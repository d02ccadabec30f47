#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: licences.py ROOT

Checks that docs/licences.md names every package that scripts/setup installs, once, and no other. Prints one line for
each that is wrong; the exit status is then 1.
"""

import pathlib
import re
import sys

ARRAY = re.compile(r"^(\w+)=\(([^()]*)\)$|^\[\[[^\n]*packages\+=\(([^()]*)\)$", re.MULTILINE)
SPELLED = re.compile(r"^ +(\w+)=([\w.+-]+)$", re.MULTILINE)
ROW = re.compile(r"^\| (`[^|]*`) \|", re.MULTILINE)


def installed(setup):
    """Packages of the lists in scripts/setup; of a name that depends on the suite, all that it can be."""
    spellings = {}
    for name, value in SPELLED.findall(setup):
        spellings.setdefault(name, set()).add(value)
    found = set()
    for _, words, more in ARRAY.findall(setup):
        if "--" in words:  # a command
            continue
        for word in (words or more).split():
            variable = re.fullmatch(r'"\$(\w+)"', word)
            if variable:
                found |= spellings[variable[1]]
            elif re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", word):
                found.add(word)
    return found


def named(page):
    """Packages in the first columns of the tables above the files that come with aircomp."""
    tables = page.split("\n## What comes with aircomp")[0]
    return [name for row in ROW.findall(tables) for name in re.findall(r"`([^`]+)`", row)]


def check(setup, page):
    wanted, found = installed(setup), named(page)
    errors = [f"docs/licences.md: {name} is missing, which scripts/setup installs" for name in sorted(wanted - set(found))]
    errors += [f"docs/licences.md: {name} stands there, which scripts/setup does not install"
               for name in sorted(set(found) - wanted)]
    errors += [f"docs/licences.md: {name} stands there {found.count(name)} times"
               for name in sorted(set(found)) if found.count(name) > 1]
    return errors


def main(root):
    root = pathlib.Path(root)
    errors = check((root / "scripts" / "setup").read_text(encoding="utf-8"),
                   (root / "docs" / "licences.md").read_text(encoding="utf-8"))
    print("\n".join(errors), end="\n" if errors else "")
    return 1 if errors else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
