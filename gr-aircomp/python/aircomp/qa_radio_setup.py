#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Radio setup: the value that a program hands over, and a flowgraph that waits for one."""
import copy
import os
import pickle
import signal
import subprocess
import sys
import tempfile

from gnuradio import aircomp, gr_unittest

WAITING = "from gnuradio import aircomp; aircomp.radio_setup.connect('device-1', 'device', 1)"


class qa_radio_setup(gr_unittest.TestCase):
    def test_control_c_ends_a_flowgraph_that_waits_in_one_line(self):
        with tempfile.TemporaryDirectory(prefix="aircomp-") as folder, \
                subprocess.Popen([sys.executable, "-c", WAITING], stderr=subprocess.PIPE, text=True,
                                 env={**os.environ, "AIRCOMP_SOCKETS": folder}) as waiting:
            self.assertIn("waiting for aircomp", waiting.stderr.readline())
            waiting.send_signal(signal.SIGINT)
            said = waiting.communicate(timeout=60)[1]
        self.assertEqual(said, "device-1: aircomp did not come\n")
        self.assertEqual(waiting.returncode, 1)

    def test_a_setup_compares_copies_and_pickles(self):
        setup = aircomp.radio_setup.example("device-1", "device", 2)
        for twin in (copy.copy(setup), copy.deepcopy(setup), pickle.loads(pickle.dumps(setup))):
            self.assertEqual(twin, setup)
            self.assertEqual(twin.format, setup.format)
        self.assertNotEqual(setup, aircomp.radio_setup.example("device-1", "device", 1))
        self.assertEqual(repr(setup), "device device-1")


if __name__ == "__main__":
    gr_unittest.run(qa_radio_setup)
