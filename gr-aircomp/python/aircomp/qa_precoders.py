#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices and server as one block each, and precoders from their soundings: what delays cost."""
import numpy as np
from gnuradio import aircomp, gr, gr_unittest
from qa_cases import wait_until

DEVICES, LENGTH, SOUNDING_EVERY, NOISE_POWER = 4, 500, 8, 0.01
# Noise over 52 of 64 subcarriers, four devices of unit power.
EXPECTED_DB = 10 * np.log10(NOISE_POWER * 52 / 64 / DEVICES)


class loopback(gr.top_block):
    def __init__(self, delays, with_precoders):
        gr.top_block.__init__(self)
        form = aircomp.burst_format([1] * DEVICES, sounding_symbols=16)
        burst = max(aircomp.burst_samples(form, LENGTH), aircomp.sounding_samples(form))
        period = burst + 400
        self.source = aircomp.vector_source(DEVICES, LENGTH, sounding_every=SOUNDING_EVERY)
        self.monitor = aircomp.round_monitor(DEVICES, SOUNDING_EVERY)
        self.air = aircomp.channel_emulator(1e6, [1] * DEVICES, [1], NOISE_POWER)
        self.air.set_timing_offsets(delays)
        self.inverter = aircomp.channel_inverter(form)
        self.server = aircomp.server(form, LENGTH, period, period,
                                     channel_reference=self.air.latency())
        self.devices = [aircomp.device(form, n, LENGTH, period) for n in range(DEVICES)]
        for n, device in enumerate(self.devices):
            self.msg_connect(self.source, f"vectors{n}", device, "vectors")
            self.connect(device, (self.air, n))
            if with_precoders:
                self.msg_connect(self.inverter, f"settings{n}", device, "settings")
        self.connect(self.air, self.server)
        if with_precoders:
            self.msg_connect(self.server, "estimates", self.inverter, "estimates")
            self.msg_connect(self.inverter, "server", self.server, "settings")
        self.msg_connect(self.source, "all", self.monitor, "vectors")
        self.msg_connect(self.server, "sums", self.monitor, "sums")
        for block in (self.source, self.monitor):
            self.msg_connect(self.server, "reports", block, "reports")

    def nmse_db(self):
        """Of rounds that the first sounding's precoders hold for."""
        self.start()
        ok = wait_until(lambda: self.monitor.rounds >= 40)
        error, power, until = self.monitor.error, self.monitor.power, self.monitor.rounds + 80
        ok = ok and wait_until(lambda: self.monitor.rounds >= until)
        self.stop()
        self.wait()
        assert ok, f"{self.monitor.rounds} rounds, {self.monitor.lost} lost"
        return 10 * np.log10((self.monitor.error - error) / (self.monitor.power - power))


class qa_precoders(gr_unittest.TestCase):
    def test_delays_within_the_prefix_cost_nothing_with_precoders(self):
        for delays in ([0, 0, 0, 0], [0, 8, 4, 2], [0, 10.5, -1, 3.3]):
            found = loopback(delays, True).nmse_db()
            print(f"{delays}: {found:.2f} dB, by (4) {EXPECTED_DB:.2f} dB")
            # Precoders err by what the soundings' noise leaves of 16 symbols.
            self.assertLess(found, EXPECTED_DB + 0.7)
            self.assertGreater(found, EXPECTED_DB - 0.5)

    def test_without_precoders_they_cost_everything(self):
        self.assertLess(loopback([0, 0, 0, 0], False).nmse_db(), EXPECTED_DB + 0.5)
        self.assertGreater(loopback([0, 8, 4, 2], False).nmse_db(), -6)

    def test_what_no_inverter_can_do_is_refused(self):
        with self.assertRaisesRegex(ValueError, "expected devices of one antenna"):
            aircomp.channel_inverter(aircomp.burst_format([1, 2]))
        with self.assertRaisesRegex(ValueError, "rounds_ahead: expected at least 1, found 0"):
            aircomp.channel_inverter(aircomp.burst_format([1]), 0)
        with self.assertRaisesRegex(ValueError, "device: expected below 1, found 1"):
            aircomp.device(aircomp.burst_format([1]), 1, 8, 4000)


if __name__ == "__main__":
    gr_unittest.run(qa_precoders)
