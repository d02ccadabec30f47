# SPDX-License-Identifier: GPL-3.0-or-later
"""The long timescale: which share of every layer each device holds, once a run."""
from dataclasses import dataclass, field
from typing import List, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aircomp import _core

__all__ = ["Assignment", "Device", "Estimate", "Problem", "apportion", "assign", "expected_nmse"]


@dataclass
class Device:
    """What one device has to offer, and the statistics of its channel."""

    receive_antennas: int = 1
    """Of the server; the same for all devices."""
    transmit_antennas: int = 1
    path_gain: float = 1.0
    """Mean power of an entry of the channel."""
    rician_factor: float = 0.0
    """Power of the line of sight over that of scattered waves; 0 is Rayleigh fading."""
    error_variance: float = 0.0
    """Of an entry of the channel, given what is known."""
    max_power_w: float = 1.0
    min_power_w: float = 0.0
    """What must be left for transmission, W, if it holds anything."""
    energy_j: float = 1.0
    """For a token."""
    energy_per_flop_j: float = 0.0
    flops_per_s: float = 1e12
    memory_bytes: float = 1e12
    name: str = ""
    """For messages; its number where empty."""


@dataclass
class Problem:
    """Devices, and the model that they share."""

    devices: List[Device] = field(default_factory=list)
    streams: int = 1
    """Symbols of one channel use."""
    noise_power_w: float = 1.0
    """Of each receive antenna."""
    model_bytes: float = 0.0
    """Of all layers together."""
    token_flops: float = 0.0
    """Floating-point operations of a token, over all devices."""
    air_time_s: float = 1.0
    """Of a token."""
    compute_time_s: float = 1.0
    """That a token may take."""
    scheme: str = "mmse"
    """The design of the short timescale: one that tells multipliers."""

    def power_w(self, device: int, share: float) -> float:
        """What a device of that index has left to transmit with at a share, W.

        Raises:
            ValueError: a problem that makes no sense, or no such device.

        >>> Problem([Device(energy_j=1, energy_per_flop_j=1e-9)], token_flops=1e9, air_time_s=2).power_w(0, share=0.5)
        0.25
        """
        if not 0 <= device < len(self.devices):
            raise ValueError(f"device: expected 0 to {len(self.devices) - 1}, found {device}")
        return _core.power_left(self, device, share)


class Estimate(NamedTuple):
    """A mean over random channels."""

    mean: float
    standard_error: float


class Trace(NamedTuple):
    """What the search has seen, step by step."""

    nmse: NDArray[np.float64]
    """Running average, steps."""
    stationarity: NDArray[np.float64]
    """What any feasible move still promises to first order, over the NMSE; 0 at a stationary point."""
    shares: NDArray[np.float64]
    """Steps x devices."""


class Assignment(NamedTuple):
    """Shares of the devices, and what they come to."""

    shares: NDArray[np.float64]
    """Of every layer, one for each device, of sum 1."""
    nmse: Estimate
    """Over fresh channels."""
    power_w: NDArray[np.float64]
    """Left for transmission."""
    energy_j: NDArray[np.float64]
    """Of a token, computing and transmitting."""
    converged: bool
    """Whether stationarity reached the tolerance."""
    trace: Trace


def assign(
    problem: Problem,
    *,
    seed: int = 1,
    max_iterations: int = 2000,
    tolerance: float = 0.01,
    batch: int = 8,
    channels: int = 400,
) -> Assignment:
    """Chooses shares by stochastic successive convex approximation.

    Args:
        problem: devices and model.
        seed: of the channels that are drawn.
        max_iterations: steps at most.
        tolerance: the stationarity at which it stops.
        batch: channels drawn for a step.
        channels: draws for the expected NMSE at the end.

    Raises:
        ValueError: a problem that makes no sense, or shares that no devices can hold: it says which limits are too low.

    >>> near = Device(receive_antennas=4, path_gain=1.0, energy_j=1.0, energy_per_flop_j=1e-9)
    >>> far = Device(receive_antennas=4, path_gain=0.1, energy_j=1.0, energy_per_flop_j=1e-9)
    >>> found = assign(Problem([near, far], noise_power_w=0.01, token_flops=1e9))
    >>> bool(found.shares[0] > found.shares[1])  # who computes less has more power left
    True
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance: expected at least 0, found {tolerance}")
    shares, mean, error, power_w, energy_j, converged, trace = _core.assign(
        problem, seed=seed, max_iterations=max_iterations, tolerance=tolerance, batch=batch, channels=channels)
    return Assignment(shares, Estimate(mean, error), power_w, energy_j, converged, Trace._make(trace))


def expected_nmse(problem: Problem, shares: ArrayLike, *, channels: int = 400, seed: int = 1) -> Estimate:
    """NMSE of the problem's scheme at given shares. One seed draws the same channels for any shares.

    Raises:
        ValueError: a problem that makes no sense, or shares that are not one for each device and of sum 1.

    >>> alone = Problem([Device(receive_antennas=4)], noise_power_w=0.01)
    >>> 0 < expected_nmse(alone, [1.0]).mean < 0.01
    True
    """
    return Estimate._make(_core.expected_nmse(problem, shares, channels=channels, seed=seed))


def apportion(shares: ArrayLike, units: int) -> NDArray[np.int64]:
    """Whole units near shares, by largest remainder; they sum to `units`.

    Raises:
        ValueError: shares that are negative or do not sum to 1, or units below 0.

    >>> apportion([0.5, 0.3, 0.2], 9)
    array([4, 3, 2])
    """
    return _core.apportion(shares, units)
