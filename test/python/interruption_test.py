#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long calls give up Python's lock, and Ctrl-C ends them.

Python's threads take turns after a minute here, so that another thread runs while a call computes only if the call has
given up the lock. No test waits for the clock.
"""

import os
import signal
import sys
import threading
import unittest

import numpy as np

import aircomp
import support
from support import MODEL

TEXT = support.text()


def endless_calls():
    """Calls that would compute for hours, by name."""
    cell = aircomp.Cell(model=MODEL, scheme="mmse", seed=1)
    H = aircomp.channel.draw(aircomp.channel.Random(1), np.ones(8), receive_antennas=16, transmit_antennas=4)
    device = aircomp.shares.Device(receive_antennas=4, energy_per_flop_j=1e-10)
    problem = aircomp.shares.Problem([device] * 8, noise_power_w=0.01, token_flops=1e9)
    most = 2**31 - 1
    return {
        "perplexity": lambda: cell.perplexity(100 * TEXT),
        "compare": lambda: cell.compare(100 * TEXT, ["exact", "mmse"]),
        "design by mmse": lambda: aircomp.design(H, 1.0, 0.1, starts=most),
        "design by sdr": lambda: aircomp.design(H, 1.0, 0.1, "sdr", draws=most),
        "assign": lambda: aircomp.shares.assign(problem, tolerance=1e-15, max_iterations=most),
    }


class LongCalls(unittest.TestCase):
    def setUp(self):
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(60)

    def test_end_with_ctrl_c_that_another_thread_sends_meanwhile(self):
        for name, call in endless_calls().items():
            with self.subTest(name):
                begun = threading.Event()

                def interrupt():
                    begun.wait()
                    os.kill(os.getpid(), signal.SIGINT)

                sender = threading.Thread(target=interrupt)
                sender.start()
                with self.assertRaises(KeyboardInterrupt):
                    begun.set()
                    call()
                sender.join()

    def test_of_models_let_other_threads_work(self):
        model = aircomp.Model.load(MODEL)
        ids = model.tokens(TEXT)[:model.sizes.context]
        for name, call in [("logits", lambda: model.logits(ids, first=-1)), ("generate", lambda: model.generate(ids, 1))]:
            with self.subTest(name):
                begun, worked = threading.Event(), threading.Event()

                def work():
                    begun.wait()
                    worked.set()

                worker = threading.Thread(target=work)
                worker.start()
                begun.set()
                call()
                self.assertTrue(worked.is_set())
                worker.join()

    def test_can_be_made_again_after_ctrl_c(self):
        model = aircomp.Model.load(MODEL)
        ids = model.tokens(TEXT)[:40]
        expected = model.logits(ids)

        def interrupt(_):
            signal.raise_signal(signal.SIGINT)

        with self.assertRaises(KeyboardInterrupt):
            model.generate("The captain", 200, on_token=interrupt)
        np.testing.assert_array_equal(model.logits(ids), expected)

    def test_raise_what_another_handler_raises(self):
        class TooLong(Exception):
            pass

        def refuse(_signal, _frame):
            raise TooLong

        self.addCleanup(signal.signal, signal.SIGUSR1, signal.signal(signal.SIGUSR1, refuse))
        cell = aircomp.Cell(model=MODEL, scheme="exact")
        with self.assertRaises(TooLong):
            cell.perplexity(TEXT, context=32, progress=lambda *_: signal.raise_signal(signal.SIGUSR1))


class Threads(unittest.TestCase):
    def test_that_share_a_model_or_a_cell_do_not_disturb_each_other(self):
        model = aircomp.Model.load(MODEL)
        cell = aircomp.Cell(model=MODEL, scheme="mmse", seed=1)
        parts = [model.tokens(TEXT)[40 * i:40 * (i + 1)] for i in range(4)]

        def measure(part):
            return model.logits(part), cell.perplexity(model.text(part))["perplexity"]

        expected = [measure(part) for part in parts]
        found = [None] * len(parts)

        def work(index):
            found[index] = measure(parts[index])

        threads = [threading.Thread(target=work, args=[i]) for i in range(len(parts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for (logits, perplexity), (expected_logits, expected_perplexity) in zip(found, expected):
            np.testing.assert_array_equal(logits, expected_logits)
            self.assertEqual(perplexity, expected_perplexity)


if __name__ == "__main__":
    unittest.main()
