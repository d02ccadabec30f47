#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares of the Python package beside docs/system-model.md section 5 in NumPy."""

import unittest

import numpy as np

import aircomp
from aircomp import channel, shares


def problem(**changes):
    devices = [shares.Device(receive_antennas=4, path_gain=gain, energy_j=1.0, energy_per_flop_j=1e-9)
               for gain in [1.0, 0.3, 0.1]]
    return shares.Problem(devices, **{"noise_power_w": 0.01, "token_flops": 1e9, **changes})


class Problems(unittest.TestCase):
    def test_leave_power_by_equation_9(self):
        given = problem(air_time_s=0.5)
        given.devices[0].max_power_w = 0.4
        for device, share in [(0, 0.1), (1, 0.5), (2, 0.9)]:
            expected = min(given.devices[device].max_power_w, (1 - share) / 0.5)
            self.assertAlmostEqual(given.power_w(device, share), expected, 12)

    def test_have_the_error_of_their_designs(self):
        given = problem()
        m = np.array([0.5, 0.3, 0.2])
        found = shares.expected_nmse(given, m, channels=400)
        random = channel.Random(7)
        gains = [device.path_gain for device in given.devices]
        designs = [aircomp.design(channel.draw(random, gains, receive_antennas=4, transmit_antennas=1), 1 - m, 0.01,
                                  second_moments=3 * m) for _ in range(400)]
        nmse = np.array([design.nmse for design in designs])
        spread = np.hypot(found.standard_error, nmse.std() / np.sqrt(len(nmse)))
        self.assertAlmostEqual(found.mean, nmse.mean(), delta=4 * spread)


class Assignments(unittest.TestCase):
    def test_are_better_than_equal_shares_and_keep_the_limits(self):
        given = problem()
        given.devices[0].memory_bytes = 0.4
        given.model_bytes = 1.0
        found = shares.assign(given, seed=3)
        self.assertTrue(found.converged)
        self.assertAlmostEqual(found.shares.sum(), 1, 9)
        self.assertLessEqual(found.shares[0], 0.4 + 1e-9)
        self.assertLess(shares.expected_nmse(given, found.shares).mean,
                        shares.expected_nmse(given, np.ones(3) / 3).mean)
        np.testing.assert_allclose(found.power_w, np.minimum(1, 1 - found.shares), rtol=1e-9)
        self.assertEqual(found.trace.shares.shape, (len(found.trace.nmse), 3))
        self.assertLessEqual(found.trace.stationarity[-1], 0.01)

    def test_that_are_not_possible_are_explained(self):
        given = problem(model_bytes=1.0)
        for device in given.devices:
            device.memory_bytes = 0.3
        with self.assertRaisesRegex(ValueError, "memory"):
            shares.assign(given)

    def test_of_bad_input_are_value_errors(self):
        with self.assertRaisesRegex(ValueError, "device: expected 0 to 2, found 3"):
            problem().power_w(3, 0.1)
        for call in [lambda: shares.assign(problem(noise_power_w=-1.0)), lambda: shares.assign(problem(), tolerance=-1),
                     lambda: shares.expected_nmse(problem(), [0.5, 0.5]),
                     lambda: shares.expected_nmse(problem(), [0.5, 0.5, 0.5]),
                     lambda: shares.apportion([0.5, 0.6], 3),
                     lambda: shares.apportion([0.5, 0.5], -1), lambda: shares.assign(shares.Problem([]))]:
            with self.assertRaises(ValueError):
                call()


class Units(unittest.TestCase):
    def test_are_whole_near_and_all_there(self):
        random = np.random.default_rng(1)
        for _ in range(50):
            m = random.dirichlet(np.ones(5))
            units = int(random.integers(0, 2000))
            found = shares.apportion(m, units)
            self.assertEqual(found.sum(), units)
            self.assertTrue((np.abs(found - m * units) < 1).all())


if __name__ == "__main__":
    unittest.main()
