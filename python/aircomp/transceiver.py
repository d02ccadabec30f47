# SPDX-License-Identifier: GPL-3.0-or-later
"""The short timescale: a combiner for the server and a precoder for every device, once a coherence block."""
from typing import List, NamedTuple, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aircomp import _core

Matrices = Union[NDArray[np.complex128], List[NDArray[np.complex128]]]


class Design(NamedTuple):
    """A transceiver and what is known about it."""

    precoders: Matrices
    """B_n, devices x transmit antennas x streams; a list of matrices where devices' antennas differ in number."""
    combiner: NDArray[np.complex128]
    """A, streams x receive antennas: the server's estimate of the sum is A y."""
    mse: float
    """E|A y - sum of s_n|^2 over all streams, channel errors included."""
    nmse: float
    """mse over streams times the sum of second moments."""
    power_w: NDArray[np.float64]
    """Spent by each device, W."""
    multipliers: NDArray[np.float64]
    """What a watt more of each device's power would lower mse by, 1/W; empty where the scheme does not tell."""
    iterations: int
    evaluations: int
    """Of the objective."""
    gradient_norm: float
    """Of the objective at the end, relative; 0 for schemes that do not iterate."""


def design(
    H: Union[ArrayLike, Sequence[ArrayLike]],
    power: ArrayLike,
    noise: float,
    scheme: str = "mmse",
    *,
    streams: Optional[int] = None,
    second_moments: ArrayLike = 1.0,
    error_variances: Optional[ArrayLike] = None,
    warm_start: Optional[ArrayLike] = None,
    starts: int = 1,
    seed: int = 1,
    draws: int = 100,
    tolerance: float = 1e-6,
    max_iterations: int = 2000,
) -> Design:
    """Designs precoders and combiner for one coherence block.

    Args:
        H: channels, devices x receive antennas x transmit antennas, complex; or a sequence of matrices, whose numbers of
            transmit antennas may differ. It is read where it lies, whatever its strides.
        power: what each device may transmit with, W; one number for all, or one each. tr(v_n B_n B_n^H) stays within it.
        noise: sigma^2 of each receive antenna, W.
        scheme: one of `design_schemes()`.
        streams: symbols of one channel use; as many as every channel carries where it is left out.
        second_moments: v_n of the devices' symbols; 0 takes a device out of the sum.
        error_variances: of an entry of each channel, given the pilots; none where channels are known perfectly.
        warm_start: combiner of a neighbouring problem, streams x receive antennas, that schemes which iterate begin with.
        starts: local searches of scheme mmse.
        seed: of random starts, and of scheme sdr's draws.
        draws: of scheme sdr.
        tolerance: relative accuracy of the objective that is aimed at.
        max_iterations: for each start.

    Raises:
        ValueError: shapes that disagree, values that are not finite or out of range, a scheme that is not known.

    >>> import numpy as np
    >>> H = np.array([[[1.0], [0.0]], [[0.6], [0.8]]])  # two devices of one antenna, a server of two
    >>> zero_forcing = design(H, power=1.0, noise=0.1, scheme="inversion")
    >>> np.round([zero_forcing.combiner @ h @ b for h, b in zip(H, zero_forcing.precoders)], 9).ravel()
    array([1.+0.j, 1.+0.j])
    >>> design(H, 1.0, 0.1).mse < zero_forcing.mse
    True
    """
    return Design._make(_core.design(
        H, power, noise, scheme, streams=streams, second_moments=second_moments, error_variances=error_variances,
        warm_start=warm_start, starts=starts, seed=seed, draws=draws, tolerance=tolerance, max_iterations=max_iterations))


def design_schemes() -> List[str]:
    """Names that `design` knows.

    >>> design_schemes()
    ['alternating', 'inversion', 'mmse', 'sdr', 'uniform']
    """
    return _core.design_schemes()


def mean_square_error(
    H: Union[ArrayLike, Sequence[ArrayLike]],
    precoders: Union[ArrayLike, Sequence[ArrayLike]],
    combiner: ArrayLike,
    noise: float,
    *,
    second_moments: ArrayLike = 1.0,
    error_variances: Optional[ArrayLike] = None,
) -> float:
    """The error of any transceiver: sum_n v_n ||A H_n B_n - I||^2 + sigma^2 ||A||^2, and what channel errors add.

    Args:
        H: channels, devices x receive antennas x transmit antennas, or a sequence of matrices.
        precoders: devices x transmit antennas x streams, or a sequence of matrices.
        combiner: streams x receive antennas.
        noise: sigma^2 of each receive antenna, W.
        second_moments: v_n, one number or one for each device.
        error_variances: of an entry of each channel; none where channels are known perfectly.

    Raises:
        ValueError: shapes that disagree, values that are not finite or out of range.

    >>> mean_square_error([[[1.0]], [[0.5]]], [[[1.0]], [[2.0]]], [[1.0]], noise=0.1)
    0.1
    """
    return _core.mean_square_error(
        H, precoders, combiner, noise, second_moments=second_moments, error_variances=error_variances)
