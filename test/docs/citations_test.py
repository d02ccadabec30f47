#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small trees, each with one citation that leads nowhere, and one where all lead somewhere."""

import pathlib
import tempfile
import unittest

from citations import Citations

MODEL = """# Model

See [the sum](#eq-1), [section 1](#1-sums) and section 1.

## 1. Sums

<a id="eq-1"></a>

    z = sum_n z_n      (1)
"""


def errors(**added):
    """What is wrong with docs/model.md and the files `added`, "." being "__" in their names and "/" "___"."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        for name, text in {"docs___model__md": MODEL, **added}.items():
            path = root / name.replace("___", "/").replace("__", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Citations(root).check()


class Citation(unittest.TestCase):
    def test_that_leads_somewhere_is_no_error(self):
        self.assertEqual(errors(
            a__cpp='/// Equation (1), docs/model.md\n/// section 1.\nint f(1);\nTEST_CASE("a sum is (1)") {}\n',
            a__py="# (1)\nprint(f(7))\n",
            README__md="[(1)](docs/model.md#eq-1) of [model](docs/model.md) section 1, `(7)`, f(7)\n\n    a (7)\n"), [])

    def test_of_an_equation_in_a_comment(self):
        self.assertEqual(errors(a__cpp="int a;  // as (7) says\n"), ["a.cpp:1: no document defines an equation (7)"])
        self.assertEqual(errors(a__cpp='TEST_CASE("a sum is (7)") {}\n'),
                         ["a.cpp:1: no document defines an equation (7)"])
        self.assertEqual(errors(a__py="# (1')\n"), ["a.py:1: no document defines an equation (1')"])

    def test_of_an_equation_in_a_document(self):
        self.assertEqual(errors(README__md="By (7).\n"), ["README.md:1: no document defines an equation (7)"])
        self.assertEqual(errors(README__md="[(1)](docs/model.md#1-sums)\n"),
                         ["README.md:1: the link docs/model.md#1-sums says that it leads to (1)"])

    def test_of_a_section(self):
        self.assertEqual(errors(a__hpp="// docs/model.md\n// section 3\n"), ["a.hpp:1: model.md has no section 3"])
        self.assertEqual(errors(docs___b__md="[model](model.md), section 3\n"), ["docs/b.md:1: model.md has no section 3"])
        self.assertEqual(errors(docs___b__md="Section 1 is here, and section 3.\n"), ["docs/b.md:1: b.md has no section 3"])

    def test_of_a_document_in_a_comment(self):
        self.assertEqual(errors(a__hpp="// docs/none.md\n"), ["a.hpp:1: there is no docs/none.md"])
        self.assertEqual(errors(a__hpp="// NONE.md has it\n"), ["a.hpp:1: there is no NONE.md"])

    def test_by_a_link(self):
        self.assertEqual(errors(README__md="[x](docs/none.md)\n"), ["README.md:1: the link docs/none.md leads to no file"])
        self.assertEqual(errors(README__md="![x](none.png)\n"), ["README.md:1: the link none.png leads to no file"])
        self.assertEqual(errors(README__md="[x](docs/model.md#none)\n"),
                         ["README.md:1: the link docs/model.md#none leads to no heading or anchor"])
        self.assertEqual(errors(README__md="[![x](none.png)](docs/model.md)\n"),
                         ["README.md:1: the link none.png leads to no file"])


class Definition(unittest.TestCase):
    def test_is_unique_and_has_an_anchor(self):
        self.assertEqual(errors(docs___b__md='<a id="eq-1"></a>\n\n    z (1)\n\n    y  (1)\n'),
                         ["docs/model.md:9: equation (1) is defined twice"])
        self.assertEqual(errors(docs___b__md="\n    y = 2  (2')\n"),
                         ["docs/b.md:2: equation (2') has no <a id=\"eq-2-prime\"></a>"])


if __name__ == "__main__":
    unittest.main()
