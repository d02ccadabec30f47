#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel models of the Python package beside their definitions in NumPy and SciPy."""

import unittest

import numpy as np
from scipy import special

from aircomp import channel


class Draws(unittest.TestCase):
    def test_follow_the_seed(self):
        def one(seed):
            random = channel.Random(seed)
            return channel.draw(random, channel.draw_path_gains(random, 3), receive_antennas=4, transmit_antennas=2)
        np.testing.assert_array_equal(one(1), one(1))
        self.assertFalse((one(1) == one(2)).any())

    def test_go_on_where_the_last_has_ended(self):
        random = channel.Random(1)
        first, second = (channel.draw(random, [1.0], receive_antennas=4, transmit_antennas=2) for _ in range(2))
        self.assertFalse((first == second).any())

    def test_have_the_power_of_the_path_and_no_mean(self):
        gains = [1.0, 0.1]
        H = channel.draw(channel.Random(1), np.repeat(gains, 500), receive_antennas=8, transmit_antennas=2)
        H = H.reshape(2, -1)
        # 8000 entries of each gain: a standard error of 1.1 % of the power.
        np.testing.assert_allclose((np.abs(H) ** 2).mean(axis=1), gains, rtol=0.05)
        np.testing.assert_allclose(np.abs(H.mean(axis=1)), 0, atol=0.05)

    def test_of_a_line_of_sight_are_plane_waves(self):
        h, = channel.draw(channel.Random(1), [4.0], receive_antennas=4, transmit_antennas=3, rician_factor=1e12)
        np.testing.assert_allclose(np.abs(h), 2, rtol=1e-4)
        self.assertLess(np.linalg.svd(h)[1][1], 1e-4)

    def test_of_path_gains_are_uniform_in_decibel(self):
        u = -np.log10(channel.draw_path_gains(channel.Random(1), 20000))
        np.testing.assert_allclose(np.histogram(u, bins=10, range=(0, 1))[0], 2000, rtol=0.1)


class Models(unittest.TestCase):
    def test_lose_power_with_distance(self):
        d = np.array([[1.0, 5.0], [20.0, 300.0]])
        found = channel.path_gain(d, exponent=3.5, reference_gain=1e-4, reference_distance_m=2)
        np.testing.assert_allclose(found, 1e-4 * (d / 2) ** -3.5, rtol=1e-12)
        self.assertIsInstance(channel.path_gain(2.0), float)

    def test_correlate_as_jakes_says(self):
        for interval in [0.0, 0.003, 0.02, 0.5]:
            self.assertAlmostEqual(channel.jakes_correlation(50, interval), special.j0(2 * np.pi * 50 * interval), 12)
        self.assertAlmostEqual(channel.doppler_hz(3.0, 2.4e9), 3.0 * 2.4e9 / 299792458, 9)

    def test_of_time_correlate_so_over_the_ensemble(self):
        random = channel.Random(1)
        times = [0.0, 0.005, 0.01]
        paths = [channel.JakesFading(random, 20.0, receive_antennas=16, transmit_antennas=4, path_gain=0.5).at(times)
                 for _ in range(100)]
        H = np.stack(paths)  # ensemble x times x 16 x 4
        found = (H * H[:, :1].conj()).mean(axis=(0, 2, 3)).real / 0.5
        np.testing.assert_allclose(found, special.j0(2 * np.pi * 20 * np.array(times)), atol=0.05)


class Errors(unittest.TestCase):
    def test_are_value_errors(self):
        random = channel.Random(1)
        for call in [lambda: channel.draw(random, [-1.0], receive_antennas=1, transmit_antennas=1),
                     lambda: channel.draw(random, [1.0], receive_antennas=0, transmit_antennas=1),
                     lambda: channel.draw(random, 1.0, receive_antennas=1, transmit_antennas=1),
                     lambda: channel.draw_path_gains(random, 0), lambda: channel.path_gain(0.0),
                     lambda: channel.JakesFading(random, -1.0, receive_antennas=1, transmit_antennas=1)]:
            with self.assertRaises(ValueError):
                call()


if __name__ == "__main__":
    unittest.main()
