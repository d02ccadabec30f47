#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of messages is the table that aircomp.messages builds and reads by.

usage: messages_page.py [--write] PAGE

Exits with 1 where the page says something else; --write mends it.
"""
import pathlib
import sys

from gnuradio import aircomp

INTRODUCTION = """# Messages of the GNU Radio blocks

What the blocks of `gr-aircomp` take and make at their message ports: PMT dictionaries, and PDUs, which are a dictionary of metadata and
a uniform vector. Keys may be left out, unless nothing can be done without: a window's `time`, an order's `headers`. A shape in brackets
is in the vector's order, the last index fastest. Samples are in sqrt(W) where nothing else is said.

    from gnuradio.aircomp import messages
    settings = messages.build("Preprocessor", "settings", scale=2.0, round=7)
    values = messages.read("Preprocessor", "reports", message)   # a dictionary; a PDU's vector is under "payload"

Both raise ValueError on an unknown key or a value of another type. In C++, `pmt::dict_add` and `pmt::mp` do the same. This page is
written from the table that they go by (`messages.py`).

"""


def main(arguments):
    write = arguments[:1] == ["--write"]
    if len(arguments) != 1 + write:
        sys.exit(__doc__)
    page = pathlib.Path(arguments[-1])
    expected = INTRODUCTION + aircomp.messages.page()
    if write:
        page.write_text(expected, encoding="utf-8")
    elif page.read_text(encoding="utf-8") != expected:
        sys.exit(f"{page}: differs from the table of messages; {sys.argv[0]} --write {page} mends it")


if __name__ == "__main__":
    main(sys.argv[1:])
