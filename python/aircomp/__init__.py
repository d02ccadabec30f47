# SPDX-License-Identifier: GPL-3.0-or-later
"""One language model over several devices; the radio channel does the summing.

>>> import aircomp
>>> random = aircomp.channel.Random(seed=1)
>>> H = aircomp.channel.draw(random, aircomp.channel.draw_path_gains(random, 8), receive_antennas=16, transmit_antennas=4)
>>> best = aircomp.design(H, power=1.0, noise=0.01)
>>> best.precoders.shape, best.combiner.shape
((8, 4, 4), (4, 16))

| what | where |
| --- | --- |
| transceivers for given channels | `design`, `mean_square_error` |
| channels to draw | `aircomp.channel` |
| shares of a model for devices that differ | `aircomp.shares` |
| a language model | `Model` |
| a simulated cell that runs one | `Cell` |
| results of the program | `read_results`, `to_frame` |

Bad input is a `ValueError` with the message that the program prints. Calls that compute give up Python's lock, and
Ctrl-C ends them.
"""
from aircomp import channel, shares
from aircomp._core import __version__
from aircomp.cell import Cell
from aircomp.model import Generated, Model, Sizes
from aircomp.results import read_results, to_frame
from aircomp.transceiver import Design, design, design_schemes, mean_square_error

__all__ = [
    "Cell", "Design", "Generated", "Model", "Sizes", "__version__", "channel", "design", "design_schemes",
    "mean_square_error", "read_results", "shares", "to_frame"]
