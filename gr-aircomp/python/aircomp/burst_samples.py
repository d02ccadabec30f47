# SPDX-License-Identifier: GPL-3.0-or-later
"""Lengths of bursts as functions: Companion's setters follow a variable that is an argument, not one
whose method is called."""


def burst_samples(burst_format, length, streams=1):
    """Samples of an antenna's burst that carries a vector of `length` floats over `streams` streams."""
    return burst_format.burst_samples(burst_format.data_symbols(length, streams))


def sounding_samples(burst_format):
    """Samples of an antenna's sounding burst."""
    return burst_format.sounding_samples()


def message_samples(burst_format, message_bytes, streams=1, bits=2, rate="1/2", repetitions=1):
    """Samples of an antenna's burst with a message of the server, as Multicast Source makes it."""
    return burst_format.message_samples(message_bytes, streams, bits, rate, repetitions)


def training_samples(burst_format, streams=1):
    """Samples of an antenna's burst from which devices learn the server's streams."""
    return burst_format.training_samples(streams)
