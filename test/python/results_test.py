#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program's results as frames of pandas."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import aircomp
from support import MODEL, PROGRAM, ROOT


class Results(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="aircomp-")
        cls.folder = pathlib.Path(cls.temporary.name)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def written(self, *arguments):
        """The file that a command writes, and what is in it."""
        file = self.folder / "result.json"
        subprocess.run([PROGRAM, *map(str, arguments), "--json", str(file)], check=True, capture_output=True)
        return file, json.loads(file.read_text(encoding="utf-8"))

    def test_of_a_comparison_have_a_row_each_scheme(self):
        file, result = self.written("compare", "--model", MODEL, "--text", MODEL / "evaluation.txt", "--limit-tokens", 20,
                                    "--schemes", "exact,digital")
        frame = aircomp.read_results(file)
        self.assertEqual(frame["label"].tolist(), [scheme["label"] for scheme in result["schemes"]])
        self.assertEqual(frame["time_per_token.total_s"].tolist(),
                         [scheme["time_per_token"]["total_s"] for scheme in result["schemes"]])
        self.assertEqual(frame.attrs, {"text": result["text"]})

    def test_of_perplexity_have_one_row_and_a_table_of_sites(self):
        file, result = self.written("perplexity", "--model", MODEL, "--text", MODEL / "evaluation.txt", "--limit-tokens", 20,
                                    "--scheme", "exact", "--sites")
        self.assertEqual(aircomp.read_results(file)["perplexity"].tolist(), [result["perplexity"]])
        sites = aircomp.read_results(file, table="sites")
        self.assertEqual(sites["nmse"].tolist(), [site["nmse"] for site in result["sites"]])
        self.assertEqual(sites.attrs["perplexity"], result["perplexity"])
        with self.assertRaisesRegex(ValueError, "result.json: expected a table among sites, found 'trace'"):
            aircomp.read_results(file, table="trace")

    def test_of_an_assignment_have_devices_and_a_trace(self):
        file, result = self.written("assign", ROOT / "configs" / "batteries.yaml", "--steps", 3)
        self.assertEqual(aircomp.read_results(file)["share"].tolist(), [one["share"] for one in result["devices"]])
        trace = aircomp.read_results(file, table="trace")
        self.assertEqual(trace["shares"].tolist(), [step["shares"] for step in result["trace"]])

    def test_of_an_experiment_are_its_table(self):
        subprocess.run([PROGRAM, "reproduce", "convergence", "--quick", "--out", str(self.folder)], check=True,
                       capture_output=True, cwd=ROOT)
        frame = aircomp.read_results(self.folder / "convergence")
        lines = (self.folder / "convergence" / "table.csv").read_text(encoding="utf-8").splitlines()
        self.assertEqual([list(frame.columns), len(frame)], [lines[0].split(","), len(lines) - 1])
        self.assertIn("title", frame.attrs)

    def test_that_are_none_are_refused(self):
        for content, message in [("scheme,nmse\n", "expected JSON"), ("[1, 2]", "expected a result of aircomp, found list"),
                                 ("3", "expected a result of aircomp, found int")]:
            file = self.folder / "other.json"
            file.write_text(content, encoding="utf-8")
            with self.assertRaisesRegex(ValueError, f"other.json: {message}"):
                aircomp.read_results(file)
        with self.assertRaises(FileNotFoundError):
            aircomp.read_results(self.folder / "nothing.json")
        with self.assertRaisesRegex(ValueError, "expected table.csv"):
            aircomp.read_results(ROOT / "docs")

    def test_need_pandas_and_nothing_else_does(self):
        code = "import sys; sys.modules['pandas'] = None; import aircomp; aircomp.to_frame([])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False)
        self.assertTrue(done.stderr.strip().endswith("pip install pandas, or apt install python3-pandas"), done.stderr)


if __name__ == "__main__":
    unittest.main()
