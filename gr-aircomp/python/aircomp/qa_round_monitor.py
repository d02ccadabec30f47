#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Round monitor and vector source: figures of known rounds, and who waits for whom."""
import numpy as np
import pmt
from gnuradio import aircomp, gr, gr_unittest
from qa_cases import wait_until
from qa_pmt import dictionary


def pdu(vector, **entries):
    return pmt.cons(dictionary(**entries), pmt.init_f32vector(len(vector), list(map(float, vector))))


def post(block, port, message):
    block.to_basic_block()._post(pmt.intern(port), message)


class qa_round_monitor(gr_unittest.TestCase):
    def listen(self, block):
        """What the block publishes, as (port, message)."""
        sent = []
        block.message_port_pub = lambda port, message: sent.append(
            (pmt.symbol_to_string(port), message))
        return sent

    def test_nmse_is_all_errors_over_all_sums(self):
        monitor = aircomp.round_monitor(2)
        sent = self.listen(monitor)
        for number, (a, b, found) in enumerate([([1, 2], [3, 4], [4, 6.5]),
                                                ([0, 1], [2, 0], [2.5, 1])]):
            monitor.take_vectors(pdu(a, round=number, device=0))
            monitor.take_vectors(pdu(b, round=number, device=1))
            monitor.take_sums(pdu(found, round=number))
        expected = 10 * np.log10((0.25 + 0.25) / (16 + 36 + 4 + 1))
        self.assertAlmostEqual(monitor.nmse_db(), expected)
        values = [pmt.to_double(pmt.cdr(m)) for port, m in sent if port == "nmse"]
        self.assertEqual(len(values), 2)
        self.assertAlmostEqual(values[-1], expected)

    def test_sums_without_their_vectors_do_not_count(self):
        monitor = aircomp.round_monitor(2)
        self.listen(monitor)
        monitor.take_vectors(pdu([1, 2], round=0, device=0))
        monitor.take_sums(pdu([1, 2], round=0))
        self.assertEqual((monitor.rounds, monitor.skipped), (0, 1))
        self.assertTrue(np.isnan(monitor.nmse_db()))

    def test_a_monitor_that_is_behind_skips_no_round(self):
        monitor, rounds = aircomp.round_monitor(2), 300
        top = gr.top_block()
        top.msg_connect(aircomp.vector_reader(8), "vectors", monitor, "vectors")
        # All of it waits before the monitor's thread begins, at every port.
        for number in range(rounds):
            lost = number % 10 == 0
            for device in range(2):
                post(monitor, "vectors", pdu([number, 1], round=number, device=device))
            if not lost:
                post(monitor, "sums", pdu([2 * number, 2.5], round=number))
            post(monitor, "reports", dictionary(round=number, found=not lost, evm=pmt.init_f64vector(1, [0])))
        top.start()
        ok = wait_until(lambda: all(monitor.nmsgs(pmt.intern(p)) == 0 for p in ("vectors", "sums", "reports")))
        top.stop()
        top.wait()
        self.assertTrue(ok)
        compared = [n for n in range(rounds) if n % 10 != 0]
        self.assertEqual((monitor.rounds, monitor.lost, monitor.skipped), (len(compared), rounds // 10, 0))
        power = sum((2 * n) ** 2 + 2 ** 2 for n in compared)
        self.assertAlmostEqual(monitor.nmse_db(), 10 * np.log10(len(compared) * 0.5 ** 2 / power))

    def test_lost_rounds_are_counted(self):
        monitor = aircomp.round_monitor(1)
        sent = self.listen(monitor)
        monitor.take_reports(dictionary(round=0, found=False))
        self.assertEqual(monitor.lost, 1)
        self.assertEqual(sent[-1][0], "lost")

    def test_a_sounding_is_no_lost_round(self):
        monitor = aircomp.round_monitor(1, sounding_every=8)
        self.listen(monitor)
        for number in range(16):
            monitor.take_reports(dictionary(round=number, found=False))
        self.assertEqual(monitor.lost, 14)

    def test_a_device_that_was_not_found_has_no_phase(self):
        monitor = aircomp.round_monitor(2)
        self.listen(monitor)
        devices = pmt.make_vector(2, pmt.PMT_NIL)
        for n in range(2):
            pmt.vector_set(devices, n, dictionary(
                found=n == 0, mmse=pmt.init_c32vector(4, [n == 0] * 4)))
        monitor.take_estimates(dictionary(round=0, found=True, devices=devices))
        np.testing.assert_array_equal(monitor.phases, [0, np.nan])

    def test_one_sum_that_is_no_number_does_not_spoil_the_figures(self):
        monitor = aircomp.round_monitor(1)
        monitor.set_log_level("off")
        self.listen(monitor)
        for number, found in enumerate(([1, 2.5], [float("nan"), 0], [1, 2.5])):
            monitor.take_vectors(pdu([1, 2], round=number, device=0))
            monitor.take_sums(pdu(found, round=number))
        self.assertEqual(monitor.rounds, 2)
        self.assertAlmostEqual(monitor.nmse_db(), 10 * np.log10(0.25 / 5))

    def test_phases_are_relative_to_the_first_sounding(self):
        monitor = aircomp.round_monitor(2)
        self.listen(monitor)
        for turn in (0, 30):
            devices = pmt.make_vector(2, pmt.PMT_NIL)
            for n in range(2):
                h = np.full(4, (1 + n) * np.exp(1j * np.radians(turn * n + 77)))
                pmt.vector_set(devices, n, dictionary(mmse=pmt.init_c32vector(4, h.tolist())))
            monitor.take_estimates(dictionary(round=turn, found=True, devices=devices))
        np.testing.assert_allclose(monitor.phases, [0, 30], atol=1e-4)

    def test_old_rounds_are_forgotten(self):
        monitor = aircomp.round_monitor(2)
        self.listen(monitor)
        for number in range(1000):
            monitor.take_vectors(pdu([1], round=number, device=0))
        self.assertEqual(len(monitor.truths), monitor.most_rounds_kept)
        self.assertEqual(monitor.skipped, 1000 - monitor.most_rounds_kept)

    def test_the_source_sends_a_round_for_every_report(self):
        source = aircomp.vector_source(3, 10, rounds=6, ahead=2)
        sent = self.listen(source)
        source.start()
        self.assertEqual(source.sent, 2)
        for _ in range(10):
            source.take_reports(pmt.PMT_NIL)
        self.assertEqual(source.sent, 6)
        self.assertEqual(sum(port == "all" for port, _ in sent), 18)
        self.assertEqual(sum(port == "vectors2" for port, _ in sent), 6)

    def test_blocks_refuse_nonsense(self):
        with self.assertRaisesRegex(ValueError, "devices: expected at least 1, found 0"):
            aircomp.round_monitor(0)
        with self.assertRaisesRegex(ValueError, "length: expected at least 1, found 0"):
            aircomp.vector_source(1, 0)


if __name__ == "__main__":
    gr_unittest.run(qa_round_monitor)
