#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block in a flowgraph of somebody who makes mistakes: wrong messages, samples that are no
numbers, second starts, setters from many threads. Each block still does its work after."""
import inspect
import socket
import tempfile
import threading
import time

import numpy as np
import pmt
from gnuradio import aircomp, blocks, gr, gr_unittest

PATIENCE_S = 60
FORMAT = aircomp.burst_format([1, 1])
LENGTH = 64
NAN, INF = float("nan"), float("inf")
# Ports whose messages are fetched when another port's come.
FETCHED = {("preprocessor", "settings"), ("postprocessor", "settings"), ("sounder", "settings"),
           ("header_tracker", "rounds")}


def example_setup():
    """Of a program that takes all that it is sent."""
    own, others = socket.socketpair()
    threading.Thread(target=lambda: all(iter(lambda: others.recv(65536), b"")), daemon=True).start()
    return aircomp.radio_setup(aircomp.radio_setup.example("radio", "device", 1).values, own)


def every_block(folder):
    """How each block of the module is made, by its name."""
    burst = aircomp.burst_samples(FORMAT, LENGTH)
    return {
        "burst_timer": lambda: aircomp.burst_timer(1000000, 2 * burst),
        "channel_emulator": lambda: aircomp.channel_emulator(1e6, [1, 1], [1], 0.01),
        "frame_sync": lambda: aircomp.frame_sync(FORMAT, 1, burst + 128),
        "header_source": lambda: aircomp.header_source(FORMAT, 1),
        "header_tracker": lambda: aircomp.header_tracker(FORMAT, 1, 32, 64, 1e6),
        "postprocessor": lambda: aircomp.postprocessor(FORMAT, LENGTH, 1, burst + 128),
        "preprocessor": lambda: aircomp.preprocessor(FORMAT, 0, LENGTH),
        "radio_control": lambda: aircomp.radio_control(example_setup()),
        "round_link": lambda: aircomp.round_link(example_setup()),
        "round_monitor": lambda: aircomp.round_monitor(2),
        "sigmf_recorder": lambda: aircomp.sigmf_recorder(f"{folder}/recording", 1, 1e6, 1e9),
        "sounder": lambda: aircomp.sounder(FORMAT, 1, FORMAT.sounding_samples() + 128),
        "transmit_guard": lambda: aircomp.transmit_guard(2, -20, -19),
        "vector_reader": lambda: aircomp.vector_reader(8),
        "vector_source": lambda: aircomp.vector_source(2, LENGTH, rounds=1),
        "window_cutter": lambda: aircomp.window_cutter(1000000),
    }


def dictionary(**entries):
    out = pmt.make_dict()
    for key, value in entries.items():
        out = pmt.dict_add(out, pmt.intern(key), value)
    return out


def wrong_messages():
    """Values of every type, alone, as a PDU's metadata and under the keys that blocks read."""
    number = pmt.from_uint64(2 ** 62)
    vectors = [pmt.init_f32vector(3, [NAN, INF, 1e38]), pmt.init_c32vector(3, [NAN, INF, 1e38]),
               pmt.init_u8vector(5, [255] * 5), pmt.init_f64vector(2, [NAN, -INF]),
               pmt.init_u64vector(2, [2 ** 64 - 1, 0]), pmt.make_c32vector(0, 0)]
    values = [pmt.PMT_NIL, pmt.PMT_T, pmt.PMT_F, pmt.from_long(-1), number, pmt.from_double(NAN),
              pmt.from_double(-INF), pmt.intern("text"), pmt.make_tuple(pmt.PMT_NIL, number),
              pmt.make_vector(2, pmt.PMT_NIL), *vectors]
    keys = ("round", "time", "samples", "headers", "header_antenna", "found", "devices", "evm", "at",
            "transmitter", "noise_power", "delays", "scale", "precoders", "power_w", "sounding",
            "rx_time", "first", "start", "id", "do")
    metadata = [dictionary(**{key: value}) for key in keys for value in values[:8]]
    return [*values, *metadata, pmt.cons(pmt.PMT_NIL, pmt.PMT_NIL),
            *(pmt.cons(about, vector) for about in metadata[::7] for vector in vectors)]


def wait_until(holds):
    deadline = time.monotonic() + PATIENCE_S
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    return holds()


class loopback(gr.top_block):
    """Two devices, the air between, a server."""

    def __init__(self, grid):
        gr.top_block.__init__(self)
        burst = aircomp.burst_samples(FORMAT, LENGTH)
        period = burst + 500
        window = period if grid else burst + 128
        self.source = aircomp.vector_source(2, LENGTH)
        self.monitor = aircomp.round_monitor(2)
        self.emulator = aircomp.channel_emulator(1e6, [1, 1], [1], 0.01)
        self.sync = aircomp.frame_sync(FORMAT, 1, window, period if grid else 0)
        self.server = aircomp.postprocessor(FORMAT, LENGTH, 1, window, 1, 1, 40 if grid else 64)
        self.devices = [aircomp.preprocessor(FORMAT, n, LENGTH) for n in range(2)]
        for n, device in enumerate(self.devices):
            timer = aircomp.burst_timer(1000000, period)
            self.msg_connect(self.source, f"vectors{n}", device, "vectors")
            self.msg_connect(device, "bursts", timer, "bursts")
            self.connect(timer, (self.emulator, n))
        self.connect(self.emulator, self.sync)
        self.msg_connect(self.sync, "windows", self.server, "windows")
        self.msg_connect(self.source, "all", self.monitor, "vectors")
        self.msg_connect(self.server, "reports", self.source, "reports")
        self.msg_connect(self.server, "reports", self.monitor, "reports")
        self.msg_connect(self.server, "sums", self.monitor, "sums")

    def nmse_db(self, rounds, meanwhile=lambda: None):
        """Of so many rounds of one run."""
        error, power, before = self.monitor.error, self.monitor.power, self.monitor.rounds
        self.start()
        meanwhile()
        enough = wait_until(lambda: self.monitor.rounds >= before + rounds)
        self.stop()
        self.wait()
        assert enough, f"{self.monitor.rounds - before} rounds of {rounds}"
        return 10 * np.log10((self.monitor.error - error) / (self.monitor.power - power))


# Noise of 0.01 per sample over 52 of 64 subcarriers, two devices of unit power: 3 dB for few rounds.
EXPECTED_DB = 10 * np.log10(0.01 * 52 / 64 / 2)


class qa_other_peoples_flowgraphs(gr_unittest.TestCase):
    def test_every_block_of_the_module_is_tried(self):
        made = {name for name, value in vars(aircomp).items() if inspect.isclass(value) and (
            issubclass(value, gr.basic_block) or hasattr(value, "message_ports_in"))}
        self.assertEqual(made - {"restartable"}, set(every_block("")))

    def test_no_message_ends_a_block(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, make in every_block(folder).items():
                with self.subTest(name):
                    self.send_wrong_messages(name, make())

    def send_wrong_messages(self, name, block):
        block.set_log_level("off")
        top = gr.top_block()
        for n in range(max(0, block.input_signature().min_streams())):
            top.connect(blocks.null_source(gr.sizeof_gr_complex),
                        blocks.throttle(gr.sizeof_gr_complex, 1e5), (block, n))
        for n in range(max(0, block.output_signature().min_streams())):
            top.connect((block, n), blocks.null_sink(gr.sizeof_gr_complex))
        ports = [port for port in pmt.to_python(block.message_ports_in()) if port != "system"]
        if not ports:
            return
        # A block without streams is run for the sake of an edge; nothing comes along this one.
        idle = aircomp.vector_reader(8)
        top.msg_connect(idle, "vectors", block, ports[0])
        top.start()
        for message in wrong_messages():
            for port in ports:
                block.to_basic_block()._post(pmt.intern(port), message)
        # A thread that ended leaves its messages.
        done = wait_until(lambda: all(block.nmsgs(pmt.intern(port)) == 0 for port in ports
                                      if (name, port) not in FETCHED))
        top.stop()
        top.wait()
        self.assertTrue(done, f"{name} has ended")

    def test_samples_that_are_no_numbers_cost_their_own_round(self):
        burst = aircomp.burst_samples(FORMAT, LENGTH)
        vector = np.linspace(-1, 1, LENGTH)
        for most in (1, 7, 8191):
            kept = blocks.message_debug()
            top = gr.top_block()
            sent = self.bursts(vector)
            stream = np.concatenate([np.zeros(500), sent, np.zeros(500)] * 6)
            random = np.random.default_rng(1)
            stream += 1e-3 * (random.normal(size=len(stream)) + 1j * random.normal(size=len(stream)))
            stream = stream.astype(np.complex64)
            step = len(stream) // 6
            for number, wrong in ((1, NAN), (2, INF), (3, 1e38)):
                stream[number * step + 500 + burst // 2] = wrong
            source = blocks.vector_source_c(stream.tolist() + [0] * 4 * burst)
            sync = aircomp.frame_sync(FORMAT, 1, burst + 128)
            sync.set_max_noutput_items(most)
            server = aircomp.postprocessor(FORMAT, LENGTH, 1, burst + 128, 1, 1, 64)
            top.connect(source, sync)
            top.msg_connect(sync, "windows", server, "windows")
            top.msg_connect(server, "sums", kept, "store")
            top.start()
            self.assertTrue(wait_until(lambda: kept.num_messages() >= 3), most)
            top.stop()
            top.wait()
            for i in range(kept.num_messages()):
                found = np.array(pmt.f32vector_elements(pmt.cdr(kept.get_message(i))))
                np.testing.assert_allclose(found, vector, atol=0.02)

    def bursts(self, vector):
        """Both devices' bursts of half a vector, added."""
        total = 0
        for n in range(2):
            device, kept, top = aircomp.preprocessor(FORMAT, n, LENGTH), blocks.message_debug(), \
                gr.top_block()
            top.msg_connect(device, "bursts", kept, "store")
            device.to_basic_block()._post(pmt.intern("vectors"), pmt.cons(
                dictionary(round=pmt.from_uint64(0)),
                pmt.init_f32vector(LENGTH, (vector / 2).tolist())))
            top.start()
            self.assertTrue(wait_until(lambda: kept.num_messages() == 1))
            top.stop()
            top.wait()
            total = total + np.array(pmt.c32vector_elements(pmt.cdr(kept.get_message(0))))
        return total

    def test_sums_are_right_after_every_start(self):
        for grid in (True, False):
            top = loopback(grid)
            for _ in range(3):
                self.assertLess(top.nmse_db(40), EXPECTED_DB + 3, f"grid {grid}")

    def test_refused_settings_change_no_sum(self):
        top = loopback(True)
        for block, keys in ((top.devices[0], {"scale": 7.0, "clip_level": NAN}),
                            (top.server, {"scale": 7.0, "smallest_part": -1.0}),
                            (top.emulator, {"noise_power": 5.0, "transmitter": NAN})):
            block.set_log_level("off")
            block.to_basic_block()._post(pmt.intern("settings"), dictionary(
                **{key: pmt.from_double(value) for key, value in keys.items()}))
        self.assertLess(top.nmse_db(40), EXPECTED_DB + 3)

    def test_setters_may_be_called_from_many_threads(self):
        top = loopback(True)

        def turn(seed):
            random = np.random.default_rng(seed)
            for _ in range(200):
                top.emulator.set_noise_power(float(random.uniform(0, 0.01)))
                top.emulator.set_carrier_offsets([0.0])
                top.emulator.set_timing_offsets([0.0])
                top.emulator.set_linewidths([0.0])
                top.emulator.set_on([True])
                top.emulator.set_link(0, seed % 2, [0.0], [1.0])

        def meanwhile():
            threads = [threading.Thread(target=turn, args=(seed,)) for seed in range(5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        self.assertLess(top.nmse_db(40, meanwhile), EXPECTED_DB + 3)

    def test_python_blocks_begin_anew_and_the_recorder_records_anew(self):
        with tempfile.TemporaryDirectory() as folder:
            recorder = aircomp.sigmf_recorder(f"{folder}/r", 1, 1e6, 1e9)
            top = gr.top_block()
            idle = aircomp.vector_reader(8)
            top.msg_connect(idle, "vectors", recorder, "bursts")
            for number, path in enumerate(("r", "r.2", "r.3")):
                top.start()
                recorder.to_basic_block()._post(pmt.intern("bursts"), pmt.cons(
                    dictionary(start=pmt.from_uint64(0)),
                    pmt.init_c32vector(number + 1, [1] * (number + 1))))
                self.assertTrue(wait_until(lambda: recorder.samples == number + 1))
                top.stop()
                top.wait()
                self.assertEqual(len(aircomp.read_collection(f"{folder}/{path}")), 1)

    def test_values_compare_copy_and_pickle(self):
        import copy
        import pickle
        form = aircomp.burst_format([1, 2], prefix=20, pilots=6)
        for twin in (copy.copy(form), copy.deepcopy(form), pickle.loads(pickle.dumps(form)),
                     aircomp.burst_format.parse(form.bytes()),
                     eval(repr(form), {"burst_format": aircomp.burst_format})):
            self.assertEqual(twin, form)
            self.assertEqual(hash(twin), hash(form))
        self.assertNotEqual(form, FORMAT)
        self.assertNotEqual(form, "burst_format")


if __name__ == "__main__":
    gr_unittest.run(qa_other_peoples_flowgraphs)
