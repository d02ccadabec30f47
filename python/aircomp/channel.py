# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel models: path loss, Rayleigh and Rician fading, and how channels move on.

What is random is drawn from a `Random` that is passed on, so that one seed gives one sequence, the same as in C++.
"""
from typing import Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aircomp import _core

__all__ = ["JakesFading", "Random", "doppler_hz", "draw", "draw_path_gains", "jakes_correlation", "path_gain"]


class Random(_core.Random):
    """A source of random numbers, from a seed of 0 to 2^64 - 1.

    >>> draw_path_gains(Random(seed=1), 2) == draw_path_gains(Random(seed=1), 2)
    array([ True,  True])
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)


def draw_path_gains(random: Random, devices: int) -> NDArray[np.float64]:
    """Power gains 10^-u with u uniform in (0, 1), one for each device.

    >>> gains = draw_path_gains(Random(seed=1), 1000)
    >>> bool(gains.min() > 0.1 and gains.max() < 1)
    True
    """
    return _core.draw_path_gains(random, devices)


def draw(
    random: Random,
    path_gains: ArrayLike,
    *,
    receive_antennas: int,
    transmit_antennas: int,
    rician_factor: float = 0.0,
) -> NDArray[np.complex128]:
    """Channels of devices, devices x receive antennas x transmit antennas.

    Args:
        random: where they are drawn from.
        path_gains: the mean power of an entry of each device's channel.
        receive_antennas: of the server.
        transmit_antennas: of each device.
        rician_factor: power of the line of sight over that of scattered waves; 0 is Rayleigh fading.

    Raises:
        ValueError: a gain or factor that is negative or not finite, fewer than one antenna.

    >>> draw(Random(seed=1), [1.0, 0.5], receive_antennas=4, transmit_antennas=2).shape
    (2, 4, 2)
    """
    return _core.draw_channels(
        random, path_gains, receive_antennas=receive_antennas, transmit_antennas=transmit_antennas,
        rician_factor=rician_factor)


def path_gain(
    distance_m: ArrayLike,
    *,
    exponent: float = 2.0,
    reference_gain: float = 1.0,
    reference_distance_m: float = 1.0,
) -> Union[float, NDArray[np.float64]]:
    """Power gain by distance: reference_gain (distance / reference distance)^-exponent, for one distance or many.

    Raises:
        ValueError: a value that is not positive.

    >>> path_gain(10.0, exponent=3)
    0.001
    """
    distances = np.asarray(distance_m, dtype=float)
    gains = _core.path_gains(
        distances.ravel(), exponent=exponent, reference_gain=reference_gain, reference_distance_m=reference_distance_m)
    return float(gains[0]) if distances.ndim == 0 else gains.reshape(distances.shape)


def jakes_correlation(doppler_hz: float, interval_s: float) -> float:
    """How a channel correlates with itself after a time: J0(2 pi f_D interval).

    >>> jakes_correlation(doppler_hz=10, interval_s=0)
    1.0
    """
    return _core.jakes_correlation(doppler_hz, interval_s)


def doppler_hz(speed_m_per_s: float, carrier_hz: float) -> float:
    """The largest Doppler shift, Hz.

    >>> round(doppler_hz(speed_m_per_s=1.5, carrier_hz=2.4e9))
    12
    """
    return _core.doppler_hz(speed_m_per_s, carrier_hz)


class JakesFading:
    """One device's channel as a function of time, with the spectrum of waves that arrive from all around.

    Args:
        random: where the waves are drawn from.
        doppler_hz: the largest Doppler shift.
        receive_antennas: of the server.
        transmit_antennas: of the device.
        path_gain: the mean power of an entry.
        rician_factor: power of the line of sight over that of scattered waves.

    Raises:
        ValueError: a gain, factor or shift that is negative or not finite, fewer than one antenna.

    >>> fading = JakesFading(Random(seed=1), 10.0, receive_antennas=4, transmit_antennas=2)
    >>> fading.at(0.5).shape, fading.at([0, 0.01, 0.02]).shape
    ((4, 2), (3, 4, 2))
    """

    def __init__(
        self,
        random: Random,
        doppler_hz: float,
        *,
        receive_antennas: int,
        transmit_antennas: int,
        path_gain: float = 1.0,
        rician_factor: float = 0.0,
    ) -> None:
        self._core = _core.JakesFading(
            random, doppler_hz, receive_antennas=receive_antennas, transmit_antennas=transmit_antennas,
            path_gain=path_gain, rician_factor=rician_factor)

    def at(self, time_s: ArrayLike) -> NDArray[np.complex128]:
        """The channel at a time, receive antennas x transmit antennas; at many, times x these."""
        times = np.asarray(time_s, dtype=float)
        channels = self._core.at(times.ravel())
        return channels[0] if times.ndim == 0 else channels
