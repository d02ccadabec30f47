#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block in a flowgraph of somebody who makes mistakes: wrong messages, samples that are no
numbers, second starts, setters from many threads. After each, a block does what one does that nobody
has mistreated; and what devices and a server make together is right after it, too."""
import inspect
import tempfile
import threading

import numpy as np
import pmt
from gnuradio import aircomp, blocks, gr, gr_unittest
from qa_cases import BURST, FORMAT, LENGTH, bench, every_case, received, wait_until
from qa_mistakes import chance, setters
from qa_pmt import dictionary
from qa_precoders import loopback as hierarchical_loopback

SEED = 20
MESSAGES = 150  # to every port


def same(found, expected):
    """Whether two results agree, but for the rounding of vector units at other addresses."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and found.keys() == expected.keys() and all(
            same(found[key], expected[key]) for key in expected)
    if isinstance(expected, (list, tuple)):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, (np.ndarray, float, complex)):
        return np.shape(found) == np.shape(expected) and np.allclose(
            found, expected, rtol=1e-5, atol=1e-5, equal_nan=True)
    return found == expected


class loopback(gr.top_block):
    """Two devices, the air between, a server."""

    def __init__(self, grid):
        gr.top_block.__init__(self)
        period = BURST + 500
        window = period if grid else BURST + 128
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

    def wait_for(self, rounds):
        until = self.monitor.rounds + rounds
        assert wait_until(lambda: self.monitor.rounds >= until), \
            f"{until - self.monitor.rounds} rounds of {rounds} did not come"

    def nmse_db(self, rounds, meanwhile=lambda: None):
        """Of so many rounds of one run."""
        error, power = self.monitor.error, self.monitor.power
        self.start()
        meanwhile()
        self.wait_for(rounds)
        self.stop()
        self.wait()
        return 10 * np.log10((self.monitor.error - error) / (self.monitor.power - power))


class sender(gr.basic_block):
    """Publishes what a test hands it: a hierarchical block has no thread that messages could be posted to."""

    def __init__(self):
        gr.basic_block.__init__(self, "sender", None, None)
        self.message_port_register_out(pmt.intern("out"))

    def send(self, message):
        self.message_port_pub(pmt.intern("out"), message)


# Noise of 0.01 per sample over 52 of 64 subcarriers, two devices of unit power: 3 dB for few rounds.
EXPECTED_DB = 10 * np.log10(0.01 * 52 / 64 / 2)


class qa_other_peoples_flowgraphs(gr_unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="aircomp-")
        self.addCleanup(self.folder.cleanup)

    def mistreated(self, mistake):
        """Makes the mistake with every block, and expects the right result of it after that."""
        for number, (name, own) in enumerate(every_case(self.folder.name).items()):
            with self.subTest(name):
                with bench(name, own) as fresh:
                    expected = fresh.run()
                with bench(name, own) as block:
                    mistake(block, chance((SEED, number)))
                    self.assertTrue(same(block.run(), expected), name)

    def dirty(self, block, luck, count=3000):
        return [luck.samples(count) for _ in block.taps]

    def test_every_block_of_the_module_is_tried(self):
        made = {name for name, value in vars(aircomp).items() if inspect.isclass(value) and (
            issubclass(value, gr.basic_block) or hasattr(value, "message_ports_in"))}
        self.assertEqual(made - {"restartable"}, set(every_case(self.folder.name)))

    def test_wrong_messages_to_every_port(self):
        def mistake(block, luck):
            block.start(self.dirty(block, luck))
            block.open()
            for port in block.ports:
                right = [message for own, message in [*block.case.messages, *block.case.settings]
                         if own == port]
                for _ in range(MESSAGES):
                    self.assertTrue(block.send(port, luck.message(right)), f"port {port} is dead")
            block.stop()

        self.mistreated(mistake)

    def test_samples_that_are_no_numbers_in_pieces_of_any_size(self):
        def mistake(block, luck):
            for most in (1, 7, int(luck.draw.integers(2, 8192)), 8191):
                block.block.set_max_noutput_items(most)
                block.start(self.dirty(block, luck))
                for port, message in block.case.messages:
                    block.send(port, message)
                block.open()
                if block.taps:
                    wait_until(lambda: block.taps[0].sent == 3000)
                block.stop()

        self.mistreated(mistake)

    def test_second_starts_and_unlocking_with_all_on_its_way(self):
        def mistake(block, luck):
            for number in range(3):
                block.start([luck.samples(100000) for _ in block.taps])
                block.open()
                for port, message in block.case.messages[:number + 1]:
                    block.block.to_basic_block()._post(pmt.intern(port), message)
                if number == 1:
                    block.top.lock()
                    block.top.unlock()
                block.stop()

        self.mistreated(mistake)

    def test_setters_from_five_threads(self):
        tried = set()

        def turn(block, luck):
            for name, kinds in setters(block).items():
                tried.add(name)
                for _ in range(100):
                    try:
                        getattr(block, name)(*map(luck.argument, kinds))
                    except ValueError:
                        pass  # As it should where the value is none.

        def mistake(block, luck):
            block.start(self.dirty(block, luck, 50000))
            block.open()
            threads = [threading.Thread(target=turn, args=(block.block, chance((SEED, number))))
                       for number in range(5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            block.stop()

        self.mistreated(mistake)
        self.assertIn("set_link", tried)

    def test_samples_that_are_no_numbers_cost_their_own_round(self):
        vector = np.linspace(-1, 1, LENGTH)
        stream = np.tile(received(False), 6)
        step = len(stream) // 6
        for number, wrong in ((1, float("nan")), (2, float("inf")), (3, 1e38)):
            stream[number * step + step // 2] = wrong
        kept, top = blocks.message_debug(), gr.top_block()
        sync = aircomp.frame_sync(FORMAT, 1, BURST + 128)
        server = aircomp.postprocessor(FORMAT, LENGTH, 1, BURST + 128)
        top.connect(blocks.vector_source_c(stream.tolist() + [0] * 4 * BURST), sync)
        top.msg_connect(sync, "windows", server, "windows")
        top.msg_connect(server, "sums", kept, "store")
        top.start()
        self.assertTrue(wait_until(lambda: kept.num_messages() >= 3))
        top.stop()
        top.wait()
        for i in range(kept.num_messages()):
            found = np.array(pmt.f32vector_elements(pmt.cdr(kept.get_message(i))))
            np.testing.assert_allclose(found, 2 * vector, atol=0.02)

    def test_sums_are_right_after_every_start(self):
        for grid in (True, False):
            top = loopback(grid)
            for _ in range(3):
                self.assertLess(top.nmse_db(40), EXPECTED_DB + 3, f"grid {grid}")

    def test_sums_stay_right_over_lock_and_unlock(self):
        for grid in (True, False):
            top = loopback(grid)

            def meanwhile():
                for _ in range(3):
                    top.wait_for(20)
                    top.lock()
                    # Another reader of the stream, as a display is.
                    top.connect(top.emulator, blocks.null_sink(gr.sizeof_gr_complex))
                    top.unlock()

            self.assertLess(top.nmse_db(40, meanwhile), EXPECTED_DB + 3, f"grid {grid}")
            self.assertEqual(top.monitor.lost, 0)

    def test_sums_are_right_while_five_threads_set_what_is_set(self):
        top = loopback(True)

        def turn(port):
            for _ in range(200):
                top.emulator.set_noise_power(0.01)
                top.emulator.set_carrier_offsets([0.0])
                top.emulator.set_timing_offsets([0.0])
                top.emulator.set_on([True])
                top.emulator.set_link(0, port, [0.0], [1.0])

        def meanwhile():
            threads = [threading.Thread(target=turn, args=(n % 2,)) for n in range(5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        self.assertLess(top.nmse_db(40, meanwhile), EXPECTED_DB + 3)

    def test_refused_settings_change_no_sum(self):
        top = loopback(True)
        nan = float("nan")
        for block, settings in ((top.devices[0], {"scale": 7.0, "clip_level": nan}),
                                (top.server, {"scale": 7.0, "smallest_part": -1.0}),
                                (top.emulator, {"noise_power": 5.0, "transmitter": nan})):
            block.set_log_level("off")
            block.to_basic_block()._post(pmt.intern("settings"), dictionary(**settings))
        self.assertLess(top.nmse_db(40), EXPECTED_DB + 3)

    def test_wrong_messages_to_the_hierarchical_blocks_change_no_sum(self):
        top, luck = hierarchical_loopback([0, 0, 0, 0], False), chance((SEED, 1000))
        device, server, monitor = top.devices[0], top.server, top.monitor
        for block in (device.preprocessor, device.timer, server.postprocessor):
            block.set_log_level("off")
        senders = []
        for block, port in ((device, "vectors"), (device, "settings"), (server, "settings")):
            senders.append(sender())
            top.msg_connect(senders[-1], "out", block, port)
        top.start()
        began = wait_until(lambda: monitor.rounds >= 10)
        error, power, until = monitor.error, monitor.power, monitor.rounds + 40
        for _ in range(MESSAGES):
            for own in senders:
                own.send(luck.value())
        done = wait_until(lambda: monitor.rounds >= until)
        top.stop()
        top.wait()
        self.assertTrue(began and done)
        nmse_db = 10 * np.log10((monitor.error - error) / (monitor.power - power))
        self.assertLess(nmse_db, EXPECTED_DB)  # which is that of two devices: here are four

    def test_each_start_of_the_recorder_is_a_recording_of_its_own(self):
        recorder = aircomp.sigmf_recorder(f"{self.folder.name}/r", 1, 1e6, 1e9)
        top, idle = gr.top_block(), aircomp.vector_reader(8)
        top.msg_connect(idle, "vectors", recorder, "bursts")
        for number, path in enumerate(("r", "r.2", "r.3")):
            top.start()
            recorder.to_basic_block()._post(pmt.intern("bursts"), pmt.cons(
                dictionary(start=0), pmt.init_c32vector(number + 1, [1] * (number + 1))))
            self.assertTrue(wait_until(lambda: recorder.samples == number + 1))
            top.stop()
            top.wait()
            (recorded, _), = aircomp.read_collection(f"{self.folder.name}/{path}")
            self.assertEqual(len(recorded), number + 1)

    def test_values_compare_copy_and_pickle(self):
        import copy
        import pickle
        form = aircomp.burst_format([1, 2], prefix=20, pilots=6, data_preamble=False, dc_null=False,
                                    sync_period=128, sync_periods=2, ramp=8)
        for twin in (copy.copy(form), copy.deepcopy(form), pickle.loads(pickle.dumps(form)),
                     aircomp.burst_format.parse(form.bytes()),
                     eval(repr(form), {"burst_format": aircomp.burst_format})):
            self.assertEqual(twin, form)
            self.assertEqual(hash(twin), hash(form))
        self.assertNotEqual(form, FORMAT)
        self.assertNotEqual(form, "burst_format")


if __name__ == "__main__":
    gr_unittest.run(qa_other_peoples_flowgraphs)
