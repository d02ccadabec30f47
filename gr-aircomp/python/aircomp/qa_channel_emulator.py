#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel emulator as a block: what it does to streams, and settings by call and by message."""
import numpy as np
import pmt
from gnuradio import aircomp, blocks, gr, gr_unittest
from qa_pmt import dictionary


class qa_channel_emulator(gr_unittest.TestCase):
    def run_through(self, emulator, streams, receive=1):
        top = gr.top_block()
        for port, stream in enumerate(streams):
            top.connect(blocks.vector_source_c(stream), (emulator, port))
        sinks = [blocks.vector_sink_c() for _ in range(receive)]
        for port, sink in enumerate(sinks):
            top.connect((emulator, port), sink)
        top.run()
        return [np.array(sink.data()) for sink in sinks]

    def test_streams_add_up_after_the_latency(self):
        emulator = aircomp.channel_emulator(10e6, [1, 1], [1], 0)
        rng = np.random.default_rng(1)
        a, b = rng.normal(size=(2, 5000, 2)) @ [1, 1j]
        received, = self.run_through(emulator, [a, b])
        lag = emulator.latency()
        np.testing.assert_allclose(received[lag:], (a + b)[:-lag], atol=1e-5)
        np.testing.assert_array_equal(received[:lag], 0)

    def test_paths_and_response(self):
        emulator = aircomp.channel_emulator(10e6, [1], [2], 0)
        emulator.set_link(1, 0, [0, 2.5], [1, 0.5j])
        frequency = 0.1
        tone = np.exp(2j * np.pi * frequency * np.arange(2000))
        received = self.run_through(emulator, [tone], 2)
        lag = emulator.latency()
        for r in range(2):
            expected = emulator.response(r, 0, frequency) * tone[200 - lag:-lag]
            np.testing.assert_allclose(received[r][200:], expected, atol=1e-4)

    def test_noise_has_its_power(self):
        emulator = aircomp.channel_emulator(10e6, [1], [1], 0.25)
        received, = self.run_through(emulator, [np.zeros(100000)])
        self.assertAlmostEqual(np.mean(np.abs(received) ** 2), 0.25, delta=0.005)

    def test_carrier_offset_turns(self):
        emulator = aircomp.channel_emulator(1e6, [1], [1], 0)
        emulator.set_carrier_offsets([1000])
        received, = self.run_through(emulator, [np.ones(3000)])
        lag = emulator.latency()
        turns = 1000 / 1e6 * np.arange(3000 - lag)
        np.testing.assert_allclose(received[lag:], np.exp(2j * np.pi * turns), atol=1e-4)

    def test_settings_take_effect_at_their_sample(self):
        emulator = aircomp.channel_emulator(1e6, [1, 1], [1], 0)
        settings = dictionary(transmitter=1, on=False, at=7000)
        emulator.to_basic_block()._post(pmt.intern("settings"), settings)
        received, = self.run_through(emulator, [np.ones(20000), 2 * np.ones(20000)])
        lag = emulator.latency()
        # A block handles its messages before it works; the path is one tap, so the change is sharp.
        np.testing.assert_allclose(received[lag:7000 + lag], 3, atol=1e-5)
        np.testing.assert_allclose(received[7000 + lag:], 1, atol=1e-5)

    def test_wrong_settings_are_refused(self):
        emulator = aircomp.channel_emulator(1e6, [1, 1], [1], 0)
        with self.assertRaisesRegex(ValueError, "noise power: expected >= 0, found -1"):
            emulator.set_noise_power(-1)
        with self.assertRaisesRegex(ValueError, "expected one value or 2, found 3"):
            emulator.set_carrier_offsets([1, 2, 3])
        with self.assertRaises(ValueError):
            aircomp.channel_emulator(0, [1], [1], 0)
        emulator.to_basic_block()._post(pmt.intern("settings"), dictionary(noise_power=-1.0))
        received, = self.run_through(emulator, [np.ones(500), np.ones(500)])
        np.testing.assert_allclose(received[100:], 2, atol=1e-5)


if __name__ == "__main__":
    gr_unittest.run(qa_channel_emulator)
