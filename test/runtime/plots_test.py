#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statistics that runtime/plots/experiment.py draws, beside SciPy's and by hand."""

import pathlib
import sys
import unittest

import numpy
from scipy import stats

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "runtime" / "plots"))
import experiment  # noqa: E402  (the path has to be set first)


class Intervals(unittest.TestCase):
    def test_are_students_for_any_number_of_seeds(self):
        random = numpy.random.default_rng(1)
        for count in [2, 3, 5, 20, 31, 60, 200]:
            values = random.normal(3, 2, count)
            mean, half = experiment.mean_and_interval(list(values))
            low, high = stats.t.interval(0.95, count - 1, numpy.mean(values), stats.sem(values))
            self.assertAlmostEqual(mean, (low + high) / 2, places=12)
            self.assertLess(abs(2 * half / (high - low) - 1), 1e-3)

    def test_one_seed_has_none(self):
        self.assertEqual(experiment.mean_and_whiskers([2.0], "log"), (2.0, 0.0, 0.0))
        self.assertEqual(experiment.mean_and_whiskers([2.0], "linear"), (2.0, 0.0, 0.0))

    def test_are_factors_on_logarithmic_axes_and_never_reach_zero(self):
        mean, below, above = experiment.mean_and_whiskers([1.0, 10.0, 100.0], "log")
        self.assertAlmostEqual(mean, 10)
        self.assertGreater(mean - below, 0)
        self.assertAlmostEqual((mean + above) / mean, mean / (mean - below))
        # What has no logarithm stays what it is.
        self.assertEqual(experiment.mean_and_whiskers([0.0, 0.0], "log"), (0.0, 0.0, 0.0))


class Maps(unittest.TestCase):
    PLOT = {"y": ["time"], "map": {"choose": "scheme", "keep": "loss", "reference": "exact", "loss": 0.01}}

    def winner(self, *cases):
        rows = [{"scheme": scheme, "time": time, "loss": loss} for scheme, time, loss in cases]
        return experiment.winner(self.PLOT, rows)

    def test_the_fastest_that_loses_little_wins_and_never_the_reference(self):
        self.assertEqual(self.winner(("exact", 0, 10), ("fast", 1, 10.2), ("slow", 2, 10.05)), ("slow", 2.0))

    def test_of_equals_the_one_that_loses_less_wins(self):
        self.assertEqual(self.winner(("exact", 0, 10), ("one", 1, 10.05), ("other", 1, 10.01)), ("other", 1.0))

    def test_none_wins_where_all_lose_too_much(self):
        best, least = self.winner(("exact", 0, 10), ("fast", 1, 11))
        self.assertIsNone(best)
        self.assertTrue(numpy.isnan(least))


class Ratios(unittest.TestCase):
    def test_are_of_the_same_seed_and_the_same_other_axes(self):
        plot = {"y": ["time"], "axes": ["scheme", "n"], "over": {"axis": "scheme", "reference": "a"}}
        rows = [{"scheme": scheme, "n": n, "seed": seed, "time": time}
                for scheme, factor in (("b", 3), ("a", 1)) for n in (1, 2) for seed in (5, 6)
                for time in [factor * n * seed]]
        ratios = experiment.relative(plot, rows)
        self.assertEqual({(row["scheme"], row["time"]) for row in ratios}, {("a", 1.0), ("b", 3.0)})
        self.assertEqual(len(ratios), len(rows))


if __name__ == "__main__":
    unittest.main()
