#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package without a licence is found, and a licence without a package."""

import unittest

from licences import check

SETUP = """\
if old; then
    volk=libvolk2-dev
else
    volk=libvolk-dev
fi
simulation=(
    g++ cmake
    libjs-chart.js "$volk"
)
install=(install --no-install-recommends)
docs=(furo)
[[ $ID == debian ]] && packages+=(chromium chromium-driver)
"""
ROWS = ["`g++`", "`cmake`", "`libjs-chart.js`", "`libvolk2-dev`, `libvolk-dev`", "`furo`", "`chromium`, `chromium-driver`"]


def page(rows):
    table = "".join(f"| {row} | what for | MIT |\n" for row in rows)
    return f"| package | what for | licence |\n| --- | --- | --- |\n{table}\n## What comes with aircomp\n\n| `a.txt` | b | MIT |\n"


class Licences(unittest.TestCase):
    def test_of_all_packages_are_right(self):
        self.assertEqual(check(SETUP, page(ROWS)), [])

    def test_that_are_missing_are_named(self):
        self.assertEqual(check(SETUP, page(ROWS[:3] + ROWS[4:])),
                         ["docs/licences.md: libvolk-dev is missing, which scripts/setup installs",
                          "docs/licences.md: libvolk2-dev is missing, which scripts/setup installs"])
        self.assertEqual(check(SETUP, page(ROWS[:5] + ["`chromium`"])),
                         ["docs/licences.md: chromium-driver is missing, which scripts/setup installs"])

    def test_of_what_is_not_installed_are_named(self):
        self.assertEqual(check(SETUP, page(ROWS + ["`clang`"])),
                         ["docs/licences.md: clang stands there, which scripts/setup does not install"])

    def test_that_stand_twice_are_named(self):
        self.assertEqual(check(SETUP, page(ROWS + ["`furo`"])), ["docs/licences.md: furo stands there 2 times"])


if __name__ == "__main__":
    unittest.main()
