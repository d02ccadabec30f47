#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that quote a source of six lines, rightly and wrongly."""

import pathlib
import tempfile
import unittest

from quotations import check

SOURCE = "int f() {\n    if (g())\n        return 1;\n\n    return 0;\n}\n"


def errors(page):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        (root / "a.cpp").write_text(SOURCE, encoding="utf-8")
        (root / "page.md").write_text(page, encoding="utf-8")
        return check(root)


class Quotation(unittest.TestCase):
    def test_of_consecutive_lines_is_no_error(self):
        self.assertEqual(errors("<!-- from a.cpp -->\n\n    int f() {\n        if (g())\n\nText.\n"), [])
        self.assertEqual(errors("<!-- from a.cpp -->\n\n    if (g())\n        return 1;\n\n    return 0;\n"), [])
        self.assertEqual(errors("1. A list\n   <!-- from a.cpp -->\n\n       if (g())\n           return 1;\n\n2. b\n"), [])

    def test_of_other_code(self):
        wrong = ["page.md:1: a.cpp does not have this code"]
        self.assertEqual(errors("<!-- from a.cpp -->\n\n    return 2;\n"), wrong)
        self.assertEqual(errors("<!-- from a.cpp -->\n\n    return 1;\n    return 0;\n"), wrong)
        self.assertEqual(errors("<!-- from a.cpp -->\n\n    if (g())\n    return 1;\n"), wrong)
        self.assertEqual(errors("<!-- from a.cpp -->\n\n    }\n    }\n"), wrong)

    def test_of_nothing(self):
        self.assertEqual(errors("Text.\n\n<!-- from a.cpp -->\n\nMore text.\n"), ["page.md:3: no code of a.cpp follows"])

    def test_of_a_file_that_is_not_there(self):
        self.assertEqual(errors("<!-- from b.cpp -->\n\n    }\n"), ["page.md:1: there is no b.cpp"])

    def test_without_a_mark_is_not_looked_at(self):
        self.assertEqual(errors("    return 2;\n"), [])


if __name__ == "__main__":
    unittest.main()
