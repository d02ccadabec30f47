#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of messages: blocks take and make what it says, and it builds what it reads."""
import tempfile

import numpy as np
import pmt
from gnuradio import aircomp, gr_unittest
from qa_cases import bench, every_case

messages = aircomp.messages


class qa_messages(gr_unittest.TestCase):
    def test_blocks_take_and_make_what_the_table_says(self):
        read = set()
        with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
            for name, case in every_case(folder).items():
                block = name.replace("_", " ").title().replace("Sigmf", "SigMF")
                with bench(name, case) as run:
                    run.run()
                    came = [(port, "out", message) for port in case.out
                            for message in run.kept.got[port]]
                for port, way, message in came + [
                        (port, "in", message) for port, message in case.messages + case.settings]:
                    form = messages.of(block, port, way)
                    if form.payload is None and not form.keys:
                        continue  # No dictionary.
                    with self.subTest(f"{block} {port}"):
                        values = messages.read(block, port, message, way)
                        self.assertEqual(values.keys() - {"payload"} - set(form.keys), set())
                        read.add((block, port, way))
        # A table without entries would agree with all.
        self.assertGreater(len(read), 25)

    def test_what_is_built_is_read(self):
        for block, port, payload, entries in (
                ("Preprocessor", "settings", None, {"scale": 2, "precoders": [1, 1j], "round": 3}),
                ("Window Cutter", "expect", None, {"round": 1, "time": 2 ** 40, "samples": 9}),
                ("Header Source", "rounds", None, {"headers": [5, 2 ** 63], "header_antenna": 1}),
                ("Preprocessor", "vectors", [1, 2.5], {"round": 7, "sounding": False}),
                ("Sounder", "estimates", None, {"found": True, "devices": [{"found": False}]}),
                ("Frame Sync", "windows", [1, 1j], {"rx_time": (3, 0.25), "first": -4})):
            found = messages.read(block, port, messages.build(block, port, payload, **entries))
            if payload is not None:
                np.testing.assert_allclose(found.pop("payload"), payload)
            self.assertEqual(found.keys(), entries.keys())
            for key, value in entries.items():
                if isinstance(value, list) and not isinstance(value[0], dict):
                    np.testing.assert_array_equal(found[key], value)
                elif isinstance(value, list):
                    self.assertEqual(list(found[key]), value)
                else:
                    self.assertEqual(found[key], value)

    def test_what_is_none_is_refused_with_its_name(self):
        for make, said in (
                (lambda: messages.build("Preprocessor", "settings", scael=1.0),
                 "Preprocessor: settings: expected one of round, scale"),
                (lambda: messages.build("Preprocessor", "settings", scale="x"),
                 "Preprocessor: settings: scale: expected double, found 'x'"),
                (lambda: messages.build("Window Cutter", "expect", time=-1),
                 "Window Cutter: expect: time: expected uint64, found -1"),
                (lambda: messages.build("Preprocessor", "vectors", round=1),
                 "Preprocessor: vectors: expected f32vector, found None"),
                (lambda: messages.read("Preprocessor", "reports", pmt.intern("x")),
                 "Preprocessor: reports: expected a dictionary"),
                (lambda: messages.of("Preprocessor", "nothing"), "has no port 'nothing'")):
            with self.assertRaisesRegex(ValueError, said):
                make()

    def test_every_port_of_every_block_is_in_the_table(self):
        with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
            for name, case in every_case(folder).items():
                block = name.replace("_", " ").title().replace("Sigmf", "SigMF")
                made = case.make()
                ports = [(port, "in") for port in pmt.to_python(made.message_ports_in())
                         if port != "system"]
                ports += [(port, "out") for port in pmt.to_python(made.message_ports_out())]
                for port, way in ports:
                    messages.of(block, port, way)


if __name__ == "__main__":
    gr_unittest.run(qa_messages)
