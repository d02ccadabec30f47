#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the package's documentation and docs/python.md show is what one gets."""

import doctest
import importlib
import os
import pathlib
import pkgutil
import tempfile
import unittest

import aircomp
from support import ROOT

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Documentation(unittest.TestCase):
    def setUp(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(ROOT)

    def test_of_every_module_has_examples_that_hold(self):
        folder = str(pathlib.Path(aircomp.__file__).parent)
        names = ["aircomp"] + [f"aircomp.{one.name}" for one in pkgutil.iter_modules([folder]) if one.name[0] != "_"]
        for name in names:
            with self.subTest(name):
                failed, tried = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
                self.assertGreater(tried, 0)
                self.assertEqual(failed, 0)

    def test_in_pages_has_examples_that_hold(self):
        with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
            failed, tried = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False, optionflags=OPTIONS,
                                             extraglobs={"folder": folder})
        self.assertGreater(tried, 10)
        self.assertEqual(failed, 0)


if __name__ == "__main__":
    unittest.main()
