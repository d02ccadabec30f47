# SPDX-License-Identifier: GPL-3.0-or-later
"""Lengths of bursts as functions: Companion's setters follow a variable that is an argument, not one
whose method is called."""


def burst_samples(burst_format, length, streams=1):
    """Samples of an antenna's burst that carries a vector of `length` floats over `streams` streams."""
    return burst_format.burst_samples(burst_format.data_symbols(length, streams))


def sounding_samples(burst_format):
    """Samples of an antenna's sounding burst."""
    return burst_format.sounding_samples()
