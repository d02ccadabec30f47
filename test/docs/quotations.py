#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: quotations.py ROOT

Checks that what documents quote of sources stands in them. After a line `<!-- from FILE -->` the next block of indented code
has to be consecutive lines of FILE, indented as there or all by less. Prints one line for each block that is not; the exit
status is then 1.
"""

import pathlib
import re
import sys
import textwrap

from citations import files

MARK = re.compile(r"^( *)<!-- from (.*) -->$")


def quotations(text):
    """Each quotation of a document as (line, file, lines of code)."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        mark = MARK.match(line)
        if not mark:
            continue
        code = []
        for following in lines[number:]:
            if following.strip() and not following.startswith(mark[1] + "    "):
                break
            code.append(following)
        yield number, mark[2], textwrap.dedent("\n".join(code)).strip("\n").splitlines()


def stands_in(code, source):
    """Whether `code` is some consecutive lines of `source`, but for how far all of them are indented."""
    return any(source[begin].strip() == code[0].strip() and
               textwrap.dedent("\n".join(source[begin:begin + len(code)])).splitlines() == code
               for begin in range(len(source)))


def check(root):
    errors = []
    for page in files(root):
        if page.suffix != ".md":
            continue
        for line, name, code in quotations(page.read_text(encoding="utf-8")):
            where = f"{page.relative_to(root)}:{line}"
            if not (root / name).is_file():
                errors.append(f"{where}: there is no {name}")
            elif not code:
                errors.append(f"{where}: no code of {name} follows")
            elif not stands_in(code, (root / name).read_text(encoding="utf-8").splitlines()):
                errors.append(f"{where}: {name} does not have this code")
    return errors


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = check(pathlib.Path(sys.argv[1]).resolve())
    print("\n".join(found))
    sys.exit(1 if found else 0)
