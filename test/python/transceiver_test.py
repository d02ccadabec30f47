#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Designs of the Python package beside docs/system-model.md section 4 in NumPy."""

import unittest

import numpy as np

import aircomp


def channels(seed=1, devices=8, receive_antennas=16, transmit_antennas=4):
    random = np.random.default_rng(seed)
    shape = (devices, receive_antennas, transmit_antennas)
    gains = 10 ** -random.uniform(size=(devices, 1, 1))
    return np.sqrt(gains / 2) * (random.normal(size=shape) + 1j * random.normal(size=shape))


def error_of(H, precoders, combiner, noise, moments, error_variances):
    """Equation (4), and what channel errors add to it."""
    total = noise * np.linalg.norm(combiner) ** 2
    for h, b, v, e in zip(H, precoders, moments, error_variances):
        total += v * np.linalg.norm(combiner @ h @ b - np.eye(len(combiner))) ** 2
        total += v * e * np.linalg.norm(combiner) ** 2 * np.linalg.norm(b) ** 2
    return total


class Designs(unittest.TestCase):
    def setUp(self):
        self.H = channels()
        random = np.random.default_rng(2)
        self.power = random.uniform(0.5, 2, 8)
        self.moments = random.uniform(0.2, 3, 8)
        self.errors = random.uniform(0, 0.01, 8)

    def design(self, scheme, **options):
        return aircomp.design(self.H, self.power, 0.01, scheme, second_moments=self.moments,
                              error_variances=self.errors, **options)

    def test_of_every_scheme_have_the_error_that_they_tell(self):
        for scheme in aircomp.design_schemes():
            with self.subTest(scheme):
                found = self.design(scheme)
                expected = error_of(self.H, found.precoders, found.combiner, 0.01, self.moments, self.errors)
                self.assertAlmostEqual(found.mse / expected, 1, delta=1e-9)
                self.assertAlmostEqual(found.nmse, found.mse / 4 / self.moments.sum(), delta=1e-12)
                again = aircomp.mean_square_error(self.H, found.precoders, found.combiner, 0.01,
                                                  second_moments=self.moments, error_variances=self.errors)
                self.assertEqual(again, found.mse)

    def test_of_every_scheme_keep_the_devices_power(self):
        for scheme in aircomp.design_schemes():
            with self.subTest(scheme):
                found = self.design(scheme)
                spent = self.moments * np.linalg.norm(found.precoders, axis=(1, 2)) ** 2
                np.testing.assert_allclose(found.power_w, spent, rtol=1e-12)
                self.assertTrue((spent <= self.power * (1 + 1e-9)).all())

    def test_by_zero_forcing_leave_every_device_as_it_is(self):
        for scheme in ["inversion", "sdr"]:
            found = aircomp.design(self.H, self.power, 0.01, scheme)
            for h, b in zip(self.H, found.precoders):
                np.testing.assert_allclose(found.combiner @ h @ b, np.eye(4), atol=1e-9)

    def test_mmse_has_the_best_combiner_for_its_precoders_and_the_least_error(self):
        found = aircomp.design(self.H, 1.0, 0.01, tolerance=1e-12)
        received = [h @ b for h, b in zip(self.H, found.precoders)]
        covariance = sum(r @ r.conj().T for r in received) + 0.01 * np.eye(16)
        best = np.linalg.solve(covariance, sum(received)).conj().T
        # The error is flat there: a gain of 1e-12 leaves about its root in the argument.
        np.testing.assert_allclose(found.combiner, best, atol=1e-5 * np.abs(best).max())
        for scheme in aircomp.design_schemes():
            self.assertLess(found.mse, aircomp.design(self.H, 1.0, 0.01, scheme).mse * (1 + 1e-3))

    def test_tell_what_power_is_worth(self):
        found = aircomp.design(self.H, 1.0, 0.1, tolerance=1e-13)
        for device in [0, 5]:
            step = 1e-4 * np.eye(8)[device]
            more, less = (aircomp.design(self.H, 1.0 + sign * step, 0.1, warm_start=found.combiner, tolerance=1e-13)
                          for sign in [1, -1])
            slope = (more.mse - less.mse) / 2e-4
            self.assertAlmostEqual(-slope, found.multipliers[device], delta=1e-4 * found.multipliers.max() + 1e-7)

    def test_estimate_the_sum_of_symbols_with_that_error(self):
        found = aircomp.design(self.H, 1.0, 0.1)
        random = np.random.default_rng(3)
        count = 20000

        def normal(*shape):
            return (random.normal(size=shape) + 1j * random.normal(size=shape)) / np.sqrt(2)

        symbols = normal(8, 4, count)
        received = np.einsum("nrt,ntl,nlk->rk", self.H, found.precoders, symbols) + np.sqrt(0.1) * normal(16, count)
        errors = np.sum(np.abs(found.combiner @ received - symbols.sum(axis=0)) ** 2, axis=0)
        self.assertAlmostEqual(errors.mean(), found.mse, delta=4 * errors.std() / np.sqrt(count))

    def test_are_the_same_of_any_seed_that_is_the_same(self):
        one, same, other = (self.design("sdr", seed=seed, draws=5) for seed in [1, 1, 2])
        np.testing.assert_array_equal(one.combiner, same.combiner)
        self.assertFalse((one.combiner == other.combiner).all())

    def test_are_those_of_the_cpp_example(self):
        """test/docs/examples/optimizer.cpp prints these."""
        random = aircomp.channel.Random(seed=1)
        H = aircomp.channel.draw(random, np.ones(4), receive_antennas=8, transmit_antennas=2)
        found = [aircomp.design(H, 1.0, 0.01, scheme, streams=1).nmse for scheme in ["inversion", "mmse"]]
        self.assertEqual(["%.5f" % nmse for nmse in found], ["0.00755", "0.00066"])


class Arrays(unittest.TestCase):
    def test_are_read_whatever_their_strides_and_types(self):
        H = channels(devices=4, receive_antennas=6, transmit_antennas=2)
        expected = aircomp.design(H, 1.0, 0.1).combiner
        wide = np.zeros((8, 6, 4), complex)
        wide[::2, :, ::2] = H
        reverse = H[::-1].copy()
        records = np.zeros(H.shape, [("h", complex), ("age", np.int64)])
        records["h"] = H
        for same in [np.asfortranarray(H), records["h"], H.astype(">c16"), wide[::2, :, ::2], reverse[::-1], list(H), tuple(H), H.tolist()]:
            np.testing.assert_array_equal(aircomp.design(same, 1.0, 0.1).combiner, expected)
        real = H.real
        np.testing.assert_array_equal(aircomp.design(real, 1.0, 0.1).combiner,
                                      aircomp.design(real.astype(complex), 1.0, 0.1).combiner)
        np.testing.assert_array_equal(aircomp.design(H.astype(np.complex64), 1, 0.1).combiner,
                                      aircomp.design(H.astype(np.complex64).astype(complex), 1.0, 0.1).combiner)

    def test_of_devices_that_differ_are_lists(self):
        H = [channels(devices=1, receive_antennas=4, transmit_antennas=t)[0] for t in [1, 2, 3]]
        found = aircomp.design(H, [1.0, 2.0, 3.0], 0.1)
        self.assertEqual([b.shape for b in found.precoders], [(1, 1), (2, 1), (3, 1)])
        expected = error_of(H, found.precoders, found.combiner, 0.1, [1, 1, 1], [0, 0, 0])
        self.assertAlmostEqual(found.mse, expected, delta=1e-12)

    def test_that_are_returned_take_over_what_was_computed(self):
        found = aircomp.design(channels(), 1.0, 0.1)
        for array in [found.combiner, found.power_w, found.multipliers]:
            self.assertFalse(array.flags.owndata)
            self.assertEqual(type(array.base).__name__, "PyCapsule")
        self.assertTrue(found.precoders.flags.c_contiguous)


class Errors(unittest.TestCase):
    def expect(self, message, *arguments, **options):
        with self.assertRaises(ValueError) as caught:
            aircomp.design(*arguments, **options)
        self.assertEqual(str(caught.exception), message)

    def test_say_what_was_expected_and_found(self):
        H = channels(devices=2, receive_antennas=3, transmit_antennas=2)
        shape = "H: expected devices x receive antennas x transmit antennas, found "
        self.expect(shape + "3 x 2", H[0], 1.0, 0.1)
        self.expect(shape + "one number", 1.0, 1.0, 0.1)
        self.expect(shape + "elements of <U1", "H", 1.0, 0.1)
        self.expect(shape + "elements of object", None, 1.0, 0.1)
        self.expect("H[1]: expected receive antennas x transmit antennas, found 2", [H[0], H[1][0]], 1.0, 0.1)
        self.expect("power: expected one number or 2, one for each device, found 3", H, [1, 1, 1], 0.1)
        self.expect("power: expected real numbers, found elements of complex128", H, [1j, 1], 0.1)
        self.expect("power: expected real numbers, found elements of <U4", H, "much", 0.1)
        self.expect("no transceiver design named 'best'; there are: alternating, inversion, mmse, sdr, uniform",
                    H, 1.0, 0.1, "best")
        self.expect("warm_start: expected streams x receive antennas, found 3", H, 1.0, 0.1, warm_start=[1, 2, 3])
        self.expect("design options: starts: expected at least 1, found 0", H, 1.0, 0.1, starts=0)

    def test_of_values_are_those_of_the_library(self):
        H = channels(devices=2, receive_antennas=3, transmit_antennas=2)
        H[1, 0, 0] = np.nan
        for wrong in [dict(H=H), dict(power=-1.0), dict(noise=0.0), dict(streams=3), dict(second_moments=-1.0),
                      dict(H=[]), dict(H=np.zeros((2, 0, 0)))]:
            arguments = dict(H=channels(devices=2, receive_antennas=3, transmit_antennas=2), power=1.0, noise=0.1)
            with self.subTest(wrong), self.assertRaises(ValueError):
                aircomp.design(**{**arguments, **wrong})

    def test_of_evaluating_name_the_argument(self):
        with self.assertRaisesRegex(ValueError, "combiner: expected streams x receive antennas, found 2"):
            aircomp.mean_square_error(channels(devices=1), np.ones((1, 4, 1)), [1, 2], 0.1)


if __name__ == "__main__":
    unittest.main()
