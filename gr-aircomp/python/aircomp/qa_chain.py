#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preprocessor, burst timer, emulator, frame sync, postprocessor and sounder, alone and together."""
import time

import numpy as np
import pmt
from gnuradio import aircomp, blocks, gr, gr_unittest
from qa_pmt import dictionary

LENGTH = 500
SCALE = np.sqrt(2)


def floats(vector):
    return pmt.init_f32vector(len(vector), [float(x) for x in vector])


def complexes(vector):
    return pmt.init_c32vector(len(vector), [complex(x) for x in vector])


def entry(dictionary, key):
    return pmt.to_python(pmt.dict_ref(dictionary, pmt.intern(key), pmt.PMT_NIL))


class collector(gr.basic_block):
    """Keeps what arrives at each port."""

    def __init__(self, ports):
        gr.basic_block.__init__(self, "collector", None, None)
        self.messages = {port: [] for port in ports}
        for port in ports:
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), self.handler(port))

    def handler(self, port):
        # GNU Radio calls handlers by name.
        def take(message):
            self.messages[port].append(message)

        take.__name__ = f"take_{port}"
        setattr(self, take.__name__, take)
        return take


class qa_chain(gr_unittest.TestCase):
    devices = 4

    def setUp(self):
        self.format = aircomp.burst_format([1] * self.devices)
        self.rng = np.random.default_rng(7)

    def run_until(self, top, done):
        """Runs until done() holds: rounds travel as messages, which no stream's end announces."""
        top.start()
        for _ in range(1200):
            if done():
                break
            time.sleep(0.025)
        top.stop()
        top.wait()
        self.assertTrue(done())

    def post(self, block, port, message):
        block.to_basic_block()._post(pmt.intern(port), message)

    def loop(self, rounds, noise_power, receive, sounding=False, search=False):
        """Devices -> emulator -> frame sync -> `receive`; returns vectors and the collected."""
        top = gr.top_block()
        pre = [aircomp.preprocessor(self.format, n, LENGTH) for n in range(self.devices)]
        burst = pre[0].sounding_samples() if sounding else pre[0].burst_samples()
        period = burst + 300
        window = burst + 200
        emulator = aircomp.channel_emulator(1e6, [1] * self.devices, [1], noise_power)
        sync = aircomp.frame_sync(self.format, 1, window, 0 if search else period)
        back = receive(window, 64 if search else emulator.latency())
        keep = collector(["sums", "reports", "estimates", "windows"])
        for n, device in enumerate(pre):
            timer = aircomp.burst_timer(1000000, period)
            top.msg_connect(device, "bursts", timer, "bursts")
            top.connect(timer, (emulator, n))
        top.connect(emulator, sync)
        top.msg_connect(sync, "windows", back, "windows")
        top.msg_connect(sync, "windows", keep, "windows")
        outs = ["estimates"] if sounding else ["sums", "reports"]
        for port in outs:
            top.msg_connect(back, port, keep, port)
        vectors = self.rng.normal(size=(rounds, self.devices, LENGTH))
        for device in pre:
            self.post(device, "settings", dictionary(scale=float(SCALE)))
        if not sounding:
            self.post(back, "settings", dictionary(scale=float(SCALE)))
        for t in range(rounds):
            for n, device in enumerate(pre):
                about = dictionary(round=t, sounding=sounding)
                self.post(device, "vectors", pmt.cons(about, floats(vectors[t, n])))
        self.top, self.emulator, self.keep = top, emulator, keep
        return vectors

    def receiver(self, window, reference):
        return aircomp.postprocessor(self.format, LENGTH, 1, window, 1, 1, reference)

    def check_sums(self):
        vectors = self.loop(5, 0.001, self.receiver)
        self.run_until(self.top, lambda: len(self.keep.messages["sums"]) >= 4)
        for pdu in self.keep.messages["sums"][:4]:
            t = entry(pmt.car(pdu), "round")
            truth = vectors[t].sum(axis=0)
            error = np.array(pmt.f32vector_elements(pmt.cdr(pdu))) - truth
            # Noise of 0.001 per sample is 0.0008 per subcarrier, of four devices of unit power.
            nmse = np.sum(error ** 2) / np.sum(truth ** 2)
            self.assertLess(nmse, 0.001 / 4 * 2)
            self.assertGreater(entry(pmt.car(pdu), "confidence"), 0.9)

    def test_the_sum_of_four_devices_arrives(self):
        self.check_sums()

    def test_the_sum_arrives_without_preambles_where_rounds_are_on_a_grid(self):
        whole = aircomp.burst_samples(self.format, LENGTH)
        self.format = aircomp.burst_format([1] * self.devices, data_preamble=False)
        # Without two prefixes and four periods of 64 samples.
        self.assertEqual(aircomp.burst_samples(self.format, LENGTH), whole - 2 * 16 - 4 * 64)
        self.check_sums()
        with self.assertRaisesRegex(ValueError, "period: expected above 0, since data bursts have no preamble"):
            aircomp.frame_sync(self.format, 1, 10000)

    def test_frame_sync_finds_the_bursts_itself(self):
        vectors = self.loop(6, 0.001, self.receiver, search=True)
        self.run_until(self.top, lambda: len(self.keep.messages["sums"]) >= 4)
        starts = [entry(pmt.car(w), "start") for w in self.keep.messages["windows"][1:4]]
        self.assertEqual(set(np.diff(starts)), {starts[1] - starts[0]})
        for t, pdu in enumerate(self.keep.messages["sums"][:4]):
            truth = vectors[t].sum(axis=0)
            error = np.array(pmt.f32vector_elements(pmt.cdr(pdu))) - truth
            self.assertLess(np.sum(error ** 2) / np.sum(truth ** 2), 0.001)

    def test_sounding_sees_every_device(self):
        self.loop(2, 0.001, lambda window, _: aircomp.sounder(self.format, 1, window), sounding=True)
        gains = [1, 0.5j, -1, 0.8 - 0.3j]
        for n, gain in enumerate(gains):
            self.emulator.set_link(0, n, [0], [gain])
        self.run_until(self.top, lambda: len(self.keep.messages["estimates"]) >= 1)
        estimates = self.keep.messages["estimates"][0]
        self.assertTrue(entry(estimates, "found"))
        for n, device in enumerate(entry(estimates, "devices")):
            found = np.array(device["mmse"])
            np.testing.assert_allclose(np.abs(found), np.abs(gains[n]), atol=0.05)

    def test_settings_wait_for_their_round(self):
        device = aircomp.preprocessor(self.format, 0, LENGTH)
        keep = collector(["bursts", "reports"])
        top = gr.top_block()
        top.msg_connect(device, "bursts", keep, "bursts")
        top.msg_connect(device, "reports", keep, "reports")
        self.post(device, "settings", dictionary(scale=2.0, round=3))
        vector = floats(self.rng.normal(size=LENGTH))
        for t in range(6):
            self.post(device, "vectors", pmt.cons(dictionary(round=t), vector))
        self.run_until(top, lambda: len(keep.messages["reports"]) == 6)
        powers = [entry(r, "mean_power_w") for r in keep.messages["reports"]]
        np.testing.assert_allclose(powers[:3], powers[0])
        np.testing.assert_allclose(powers[3:], powers[3])
        self.assertLess(powers[3], 0.8 * powers[0])

    def test_wrong_messages_are_dropped(self):
        device = aircomp.preprocessor(self.format, 0, LENGTH)
        keep = collector(["bursts"])
        top = gr.top_block()
        top.msg_connect(device, "bursts", keep, "bursts")
        self.post(device, "vectors", pmt.cons(dictionary(round=0), floats([1, 2])))
        self.post(device, "vectors", pmt.intern("nonsense"))
        self.post(device, "settings", pmt.intern("nonsense"))
        self.post(device, "vectors", pmt.cons(dictionary(round=1), floats(np.ones(LENGTH))))
        self.run_until(top, lambda: len(keep.messages["bursts"]) == 2)
        # The round of a vector that is none is silent; of nonsense nobody knows the round.
        silent, sent = keep.messages["bursts"]
        self.assertEqual(entry(pmt.car(silent), "round"), 0)
        self.assertEqual(pmt.length(pmt.cdr(silent)), 0)
        self.assertEqual(entry(pmt.car(sent), "round"), 1)

    def test_burst_timer_tags_in_whole_ticks(self):
        timer = aircomp.burst_timer(1000000, 300001, False, 5)
        sink = blocks.vector_sink_c()
        top = gr.top_block()
        top.connect(timer, sink)
        for t in (0, 1, 3, 10):
            self.post(timer, "bursts", pmt.cons(dictionary(round=t), complexes(np.full(700, t))))
        self.run_until(top, lambda: len(sink.data()) == 2800)
        np.testing.assert_array_equal(sink.data(), np.repeat([0, 1, 3, 10], 700))
        tags = {}
        for tag in sink.tags():
            tags.setdefault(tag.offset, {})[pmt.symbol_to_string(tag.key)] = tag.value
        self.assertEqual(sorted(tags), [0, 700, 1400, 2100])
        for offset, t in zip(sorted(tags), (0, 1, 3, 10)):
            self.assertEqual(pmt.to_python(tags[offset]["packet_len"]), 700)
            seconds, fraction = pmt.to_python(tags[offset]["tx_time"])
            ticks = t * 300001
            self.assertEqual(seconds, 5 + ticks // 1000000)
            self.assertEqual(round(fraction * 1e6), ticks % 1000000)

    def test_burst_timer_fills_and_waits(self):
        timer = aircomp.burst_timer(1000, 10)
        sink = blocks.vector_sink_c()
        top = gr.top_block()
        top.connect(timer, sink)
        self.post(timer, "bursts", pmt.cons(dictionary(round=1), complexes([3])))
        self.post(timer, "bursts", pmt.cons(dictionary(round=0), complexes([1, 2])))
        self.post(timer, "bursts", pmt.cons(dictionary(round=3), complexes([9])))
        self.post(timer, "bursts", pmt.cons(dictionary(round=4), complexes(np.ones(11))))
        self.run_until(top, lambda: len(sink.data()) == 20 and timer.late() == 1)
        np.testing.assert_array_equal(sink.data(), [1, 2] + [0] * 8 + [3] + [0] * 9)

    def test_a_burst_format_says_what_it_is(self):
        burst_format = aircomp.burst_format([1, 2], fft_size=128, guard_low=12, guard_high=11)
        self.assertEqual(repr(burst_format), "burst_format([1, 2], fft_size=128, guard_low=12, "
                         "guard_high=11, prefix=16, pilots=4, resource_block=1, sounding_symbols=32, "
                         "data_preamble=True, dc_null=True, sync_period=64, sync_periods=4, ramp=16)")
        self.assertEqual(burst_format.used_subcarriers(), 128 - 12 - 11 - 1)
        self.assertEqual(burst_format.sounding_samples(),
                         burst_format.burst_samples(3 * 32))

    def test_blocks_refuse_what_they_cannot_do(self):
        with self.assertRaisesRegex(ValueError, "device: expected below 4, found 4"):
            aircomp.preprocessor(self.format, 4, LENGTH)
        with self.assertRaises(ValueError):
            aircomp.postprocessor(self.format, LENGTH, 0, 10000)
        with self.assertRaises(ValueError):
            aircomp.sounder(self.format, 1, 10)
        with self.assertRaisesRegex(ValueError, "window_samples: expected at least"):
            aircomp.frame_sync(self.format, 1, 10)
        with self.assertRaisesRegex(ValueError, "period: expected above 0"):
            aircomp.burst_timer(1000, 0)
        with self.assertRaisesRegex(ValueError, "burst format: fft_size"):
            aircomp.burst_format([1], fft_size=65)


if __name__ == "__main__":
    gr_unittest.run(qa_chain)
