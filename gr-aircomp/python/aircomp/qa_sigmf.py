#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SigMF recordings: what is written is read back, and what breaks a rule is refused."""
import json
import os
import tempfile

import numpy as np
import pmt
from gnuradio import aircomp, gr_unittest


def pdu(samples, **entries):
    about = pmt.make_dict()
    for key, value in entries.items():
        value = pmt.from_uint64(value) if isinstance(value, int) else pmt.to_pmt(value)
        about = pmt.dict_add(about, pmt.intern(key), value)
    return pmt.cons(about, pmt.init_c32vector(samples.size, samples.ravel().tolist()))


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

    def test_broken_rules_are_named(self):
        for change, message in (
                (lambda m: m["global"].update({"core:datatype": "ci16_le"}), "core:datatype"),
                (lambda m: m["global"].pop("core:version"), "core:version"),
                (lambda m: m["global"].update({"core:sha512": "0"}), "core:sha512"),
                (lambda m: m["captures"].reverse(), "captures sorted"),
                (lambda m: m["captures"][0].update({"core:datetime": "yesterday"}), "UTC"),
                (lambda m: m["annotations"][2].update({"core:sample_count": 51}), "end within")):
            self.record()
            self.spoil(change)
            with self.assertRaisesRegex(ValueError, message):
                aircomp.read_recording(self.path + "-0")

    def test_a_collection_knows_its_recordings(self):
        self.record()
        self.spoil(lambda m: m["global"].update({"core:description": "another"}))
        with self.assertRaisesRegex(ValueError, "hash in the collection"):
            aircomp.read_collection(self.path)

    def test_the_recorder_refuses_nonsense(self):
        with self.assertRaisesRegex(ValueError, "antennas: expected at least 1, found 0"):
            aircomp.sigmf_recorder(self.path, 0, 1e6, 0)
        with self.assertRaisesRegex(ValueError, "sample_rate"):
            aircomp.sigmf_recorder(self.path, 1, 0.5, 0)


if __name__ == "__main__":
    gr_unittest.run(qa_sigmf)
