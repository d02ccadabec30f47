#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of the Python package beside the program's commands, and scores beside NumPy."""

import os
import tempfile
import unittest

import numpy as np

import aircomp
import support
from support import MODEL, ROOT, program

EXCERPT = support.text()[:1500]


def without_wall_time(result):
    return {key: value for key, value in result.items() if key != "software_s"}


class Measurements(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="aircomp-")
        cls.file = os.path.join(cls.folder.name, "text.txt")
        with open(cls.file, "w", encoding="utf-8") as file:
            file.write(EXCERPT)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_of_perplexity_are_those_of_the_command(self):
        expected = program("perplexity", "--model", MODEL, "--scheme", "mmse", "--snr-db", 15, "--seed", 3, "--devices", 3,
                           "--text", self.file, "--context", 64, "--limit-tokens", 150, "--sites")
        cell = aircomp.Cell(model=MODEL, scheme="mmse", snr_db=15, seed=3, devices=3)
        found = cell.perplexity(EXCERPT, context=64, limit_tokens=150, sites=True, reference=True)
        self.assertEqual(without_wall_time(found), without_wall_time(expected))

    def test_of_a_comparison_are_those_of_the_command(self):
        file = ROOT / "configs" / "loopback-symbol.yaml"
        expected = program("compare", "--config", file, "--text", self.file, "--schemes", "exact,digital,inversion",
                           "--limit-tokens", 60)
        found = aircomp.Cell(file).compare(EXCERPT, ["exact", "digital", "inversion"], limit_tokens=60)
        self.assertEqual([without_wall_time(one) for one in found],
                         [without_wall_time(one) for one in expected["schemes"]])

    def test_of_exact_sums_score_as_numpy_does(self):
        window, limit = 50, 120
        found = aircomp.Cell(model=MODEL, scheme="exact").perplexity(EXCERPT, context=window, limit_tokens=limit)
        model = aircomp.Model.load(MODEL)
        ids = model.tokens(EXCERPT)
        self.assertIsNotNone(model.bos)
        losses = []
        for begin in range(0, limit, window - 1):
            part = ids[begin:min(begin + window - 1, limit)]
            logits = model.logits(np.concatenate([[model.bos], part[:-1]])).astype(float)
            logits -= logits.max(axis=1, keepdims=True)
            log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
            losses.extend(-log_probabilities[np.arange(len(part)), part])
        self.assertEqual(found["tokens"], len(losses))
        self.assertAlmostEqual(found["perplexity"] / np.exp(np.mean(losses)), 1, delta=1e-4)

    def test_follow_the_seed_and_the_noise(self):
        def run(**changes):
            cell = aircomp.Cell(model=MODEL, **{"scheme": "mmse", "seed": 1, "snr_db": 10, **changes})
            return without_wall_time(cell.perplexity(EXCERPT, limit_tokens=40))

        first = run()
        self.assertEqual(run(), first)
        self.assertNotEqual(run(seed=2)["nmse"], first["nmse"])
        self.assertLess(run(snr_db=30)["nmse"], first["nmse"])

    def test_tell_how_far_they_are(self):
        told = []
        aircomp.Cell(model=MODEL, scheme="exact").perplexity(
            EXCERPT, context=32, limit_tokens=93, progress=lambda *state: told.append(state))
        self.assertEqual(told, [("exact", 31, 93), ("exact", 62, 93), ("exact", 93, 93)])


class Configurations(unittest.TestCase):
    def test_of_a_file_a_mapping_and_a_text_are_the_same(self):
        file = ROOT / "configs" / "loopback-symbol.yaml"
        expected = aircomp.Cell(file).config
        self.assertEqual(aircomp.Cell(expected).config, expected)
        self.assertEqual(aircomp.Cell(str(file)).config, expected)
        by_command = program("config", "--file", file)["configuration"]
        for one in [expected, by_command]:
            one["model"].pop("folder")
        self.assertEqual(expected, by_command)

    def test_give_way_to_arguments(self):
        cell = aircomp.Cell.from_yaml("{seed: 4, radio: {snr_db: 12}, scheme: sdr}", model=MODEL, devices=6, snr_db=17.5,
                                      shares=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1], digital_bits=5, csi="perfect",
                                      calibration="none", medium="symbol", threads=1)
        config = cell.config
        self.assertEqual([config["seed"], config["scheme"], config["radio"]["snr_db"], len(config["devices"]),
                          config["shares"][0], config["digital"]["bits"], config["radio"]["channel_knowledge"],
                          config["medium"], config["threads"]],
                         [4, "sdr", 17.5, 6, 0.5, 5, "perfect", "symbol", 1])

    def test_that_are_wrong_are_explained(self):
        with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
            file = os.path.join(folder, "lab.yaml")
            with open(file, "w", encoding="utf-8") as out:
                out.write("radio:\n  snr: 3\n")
            with self.assertRaises(ValueError) as caught:
                aircomp.Cell(file)
            self.assertTrue(str(caught.exception).startswith(f"{file}:2: radio.snr: "), caught.exception)
        for message, arguments in [
                ("configuration:1: radio.snr: ", dict(config={"radio": {"snr": 3}})),
                ("configuration: shares: ", dict(shares=[0.5, 0.6, 0.1, 0.1])),
                ("configuration: scheme: ", dict(scheme="best")),
                ("devices: expected from 1 to 1024, found 0", dict(devices=0)),
                ("csi 'guessed' is not known; known are estimated, perfect", dict(csi="guessed")),
                ("medium 'wire' is not known; known are symbol, waveform, radio", dict(medium="wire")),
                ("nowhere", dict(model="nowhere/at/all")), ("nowhere.yaml", dict(config="nowhere.yaml"))]:
            with self.subTest(arguments), self.assertRaises(ValueError) as caught:
                aircomp.Cell(**arguments)
            self.assertIn(message, str(caught.exception))

    def test_are_not_enough_without_a_model_and_a_text(self):
        cell = aircomp.Cell(model=MODEL, scheme="exact")
        for message, call in [
                ("no model: expected the argument model, or model.folder in the configuration",
                 lambda: aircomp.Cell().perplexity(EXCERPT)),
                ("text: expected a text of at least two tokens", lambda: cell.perplexity("")),
                ("context: expected 0 or at least 2, found 1", lambda: cell.perplexity(EXCERPT, context=1)),
                ("limit_tokens: expected at least 0, found -1", lambda: cell.perplexity(EXCERPT, limit_tokens=-1)),
                ("protocol", lambda: cell.perplexity(EXCERPT, protocol="mine")),
                ("best", lambda: cell.compare(EXCERPT, ["exact", "best"]))]:
            with self.subTest(message), self.assertRaises(ValueError) as caught:
                call()
            self.assertIn(message, str(caught.exception))

    def test_know_the_schemes_of_the_program(self):
        names = aircomp.Cell.schemes()
        self.assertIn("mmse", names)
        for name in names:
            self.assertEqual(aircomp.Cell(scheme=name, devices=8).config["scheme"], name)


if __name__ == "__main__":
    unittest.main()
