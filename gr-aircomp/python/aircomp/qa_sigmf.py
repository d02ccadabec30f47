#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SigMF recordings: what is written is read back, and what breaks a rule is refused."""
import json
import os
import tempfile

import numpy as np
import pmt
from gnuradio import aircomp, gr_unittest
from qa_pmt import dictionary


def pdu(samples, **entries):
    return pmt.cons(dictionary(**entries),
                    pmt.init_c32vector(samples.size, samples.ravel().tolist()))


class qa_sigmf(gr_unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "run")
        rng = np.random.default_rng(3)
        self.bursts = (rng.normal(size=(3, 2, 50)) + 1j * rng.normal(size=(3, 2, 50))).astype("<c8")

    def tearDown(self):
        self.folder.cleanup()

    def record(self):
        recorder = aircomp.sigmf_recorder(self.path, 2, 1000000, 2.45e9, 1700000000)
        for t, burst in enumerate(self.bursts):
            recorder.take_burst(pdu(burst, round=t, start=1500000 * t, device=1,
                                    site="3 attention"))
        recorder.take_burst(pdu(np.ones(3)))
        recorder.stop()

    def spoil(self, change):
        with open(self.path + "-0.sigmf-meta", encoding="utf-8") as file:
            meta = json.load(file)
        change(meta)
        with open(self.path + "-0.sigmf-meta", "w", encoding="utf-8") as file:
            json.dump(meta, file)

    def test_what_is_written_is_read_back(self):
        self.record()
        recordings = aircomp.read_collection(self.path)
        self.assertEqual(len(recordings), 2)
        for antenna, (samples, meta) in enumerate(recordings):
            np.testing.assert_array_equal(samples, self.bursts[:, antenna].ravel())
            self.assertEqual(meta["global"]["core:sample_rate"], 1000000)
            self.assertEqual([c["core:datetime"] for c in meta["captures"]],
                             ["2023-11-14T22:13:20.000000000Z", "2023-11-14T22:13:21.500000000Z",
                              "2023-11-14T22:13:23.000000000Z"])
            self.assertEqual({c["core:frequency"] for c in meta["captures"]}, {2.45e9})
            self.assertEqual([n["aircomp:round"] for n in meta["annotations"]], [0, 1, 2])
            self.assertEqual([n["core:sample_count"] for n in meta["annotations"]], [50] * 3)
            self.assertEqual(meta["annotations"][2]["aircomp:site"], "3 attention")
            self.assertEqual(meta["annotations"][2]["aircomp:device"], 1)

    def test_times_are_those_of_the_radio(self):
        recorder = aircomp.sigmf_recorder(self.path, 1, 10000000, 0, 1700000000)
        burst = self.bursts[0, 0]
        # The window of a burst at the stream's very start has 20 samples that were never received.
        recorder.take_burst(pdu(burst, round=0, first=-20, start=0, rx_time=(5, 0.3), rx_time_at=0))
        recorder.take_burst(pdu(burst, round=1, first=9999980, start=10000000, rx_time=(5, 0.3),
                                rx_time_at=0))
        # After an overflow the radio says the time anew.
        recorder.take_burst(pdu(burst, round=2, first=20000000, start=20000010,
                                rx_time=(7, 0.9999999), rx_time_at=20000000))
        recorder.stop()
        (samples, meta), = aircomp.read_collection(self.path)
        np.testing.assert_array_equal(samples, np.concatenate([burst[20:], burst, burst]))
        self.assertEqual([c["core:datetime"] for c in meta["captures"]],
                         ["2023-11-14T22:13:25.300000000Z", "2023-11-14T22:13:26.299998000Z",
                          "2023-11-14T22:13:27.999999900Z"])
        self.assertEqual([c["core:global_index"] for c in meta["captures"]], [0, 9999980, 20000000])
        self.assertEqual([(n["core:sample_start"], n["core:sample_count"])
                          for n in meta["annotations"]], [(0, 30), (50, 30), (90, 40)])

    def test_broken_rules_are_named(self):
        for change, message in (
                (lambda m: m["global"].update({"core:datatype": "ci16_le"}), "core:datatype"),
                (lambda m: m["global"].pop("core:version"), "core:version"),
                (lambda m: m["global"].update({"core:sha512": "0"}), "core:sha512"),
                (lambda m: m["captures"].reverse(), "captures sorted"),
                (lambda m: m["captures"][0].update({"core:datetime": "yesterday"}), "UTC"),
                (lambda m: m["annotations"][2].update({"core:sample_count": 51}), "end within"),
                (lambda m: m.pop("captures"), "'captures' is a required property"),
                (lambda m: m.update(more={}), "'more' was unexpected"),
                (lambda m: m["global"].update({"core:colour": "red"}), "global.*core:colour"),
                (lambda m: m["global"].update({"core:version": "2.0.0"}), "a version 1.x.x"),
                (lambda m: m["global"].update({"core:sample_rate": -1}), "global.core:sample_rate"),
                (lambda m: m["global"].update({"core:extensions": []}), "extensions that name aircomp"),
                (lambda m: m["global"]["core:extensions"][0].pop("optional"), "'optional' is a req"),
                (lambda m: m["captures"][1].pop("core:sample_start"), "captures.1.*sample_start"),
                (lambda m: m["captures"][1].update({"core:frequency": "2.45e9"}), "core:frequency"),
                (lambda m: m["annotations"][0].pop("core:sample_count"), "core:sample_count"),
                (lambda m: m["annotations"][0].update({"core:freq_lower_edge": 1.0}), "upper_edge"),
                (lambda m: m["annotations"][0].update({"core:label": "r" * 21}), "core:label"),
                (lambda m: m["annotations"][0].update({"aircomp:round": -1}), "aircomp:round")):
            self.record()
            self.spoil(change)
            with self.assertRaisesRegex(ValueError, message):
                aircomp.read_recording(self.path + "-0")

    def test_a_collection_knows_its_recordings(self):
        self.record()
        self.spoil(lambda m: m["global"].update({"core:description": "another"}))
        with self.assertRaisesRegex(ValueError, "hash in the collection"):
            aircomp.read_collection(self.path)

    def test_a_collection_has_rules_too(self):
        self.record()
        with open(self.path + ".sigmf-collection", encoding="utf-8") as file:
            whole = json.load(file)
        for change, message in (
                (lambda c: c.pop("collection"), "'collection' is a required property"),
                (lambda c: c["collection"].pop("core:version"), "core:version"),
                (lambda c: c["collection"]["core:streams"][0].pop("hash"), "'hash' is a required"),
                (lambda c: c["collection"]["core:streams"][0].update(hash="0"), "a SHA512")):
            broken = json.loads(json.dumps(whole))
            change(broken)
            with open(self.path + ".sigmf-collection", "w", encoding="utf-8") as file:
                json.dump(broken, file)
            with self.assertRaisesRegex(ValueError, message):
                aircomp.read_collection(self.path)

    def test_the_recorder_refuses_nonsense(self):
        with self.assertRaisesRegex(ValueError, "antennas: expected at least 1, found 0"):
            aircomp.sigmf_recorder(self.path, 0, 1e6, 0)
        with self.assertRaisesRegex(ValueError, "sample_rate"):
            aircomp.sigmf_recorder(self.path, 1, 0.5, 0)


if __name__ == "__main__":
    gr_unittest.run(qa_sigmf)
