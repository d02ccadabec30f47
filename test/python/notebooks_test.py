#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notebooks run from top to bottom, draw what they promise, and are stored without results."""

import os
import pathlib
import sys
import unittest

from support import PROGRAM, ROOT

try:
    import ipykernel  # noqa: F401  (the kernel that runs them)
    import nbclient
    import nbformat
except ImportError as error:
    print(f"skipped: {error}; scripts/setup all installs it")
    sys.exit(77)

NOTEBOOKS = sorted((ROOT / "python" / "notebooks").glob("*.ipynb"))


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures(notebook):
    return sum("image/png" in output.get("data", {}) for cell in code_of(notebook) for output in cell.outputs)


class Notebooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # They call the program by its name.
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # no warnings of a debugger that nobody attaches
        os.environ["PATH"] = os.pathsep.join([str(pathlib.Path(PROGRAM).parent), os.environ["PATH"]])

    def test_are_three(self):
        self.assertEqual([path.stem for path in NOTEBOOKS], ["results", "simulation", "transceivers"])

    def test_are_stored_without_results(self):
        for path in NOTEBOOKS:
            with self.subTest(path.name):
                for cell in code_of(nbformat.read(path, as_version=4)):
                    self.assertEqual((cell.outputs, cell.execution_count), ([], None))

    def test_run_and_draw(self):
        for path in NOTEBOOKS:
            with self.subTest(path.name):
                notebook = nbformat.read(path, as_version=4)
                nbformat.validate(notebook)
                promised = sum("plt.subplots" in cell.source for cell in code_of(notebook))
                nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3",
                                        resources={"metadata": {"path": str(path.parent)}}).execute()
                self.assertGreater(promised, 0)
                self.assertEqual(pictures(notebook), promised)


if __name__ == "__main__":
    unittest.main()
