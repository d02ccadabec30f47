# SPDX-License-Identifier: GPL-3.0-or-later
"""Precoders that make all devices' channels alike: what stands between Sounder and the devices."""
import numpy as np
import pmt

from . import messages
from .restartable import logging_errors, restartable


def all_found(estimates):
    """Whether every device was found."""
    def entry(dictionary, key):
        return pmt.dict_ref(dictionary, pmt.intern(key), pmt.PMT_NIL)

    devices = entry(estimates, "devices")
    return pmt.is_vector(devices) and all(
        pmt.is_true(entry(pmt.vector_ref(devices, n), "found")) for n in range(pmt.length(devices)))


class channel_inverter(restartable):
    """Turns channel estimates into settings, so that every device arrives with gain 1, at the same
    time and phase. For devices and a server of one antenna, and one stream.

    A device whose channel is deeply faded on a subcarrier is cut off at the largest gain.

    Message ports:
      "estimates", in: the sounder's. Those in which a device was not found change nothing.
      "settings0", "settings1", ... out: each device's "precoders", as Preprocessor takes them.
      "server", out: "channel_reference", as Postprocessor takes it.

    Both hold from the same round on, so that no sum has old precoders and the new reference.

    Args:
        format : burst format that all share.
        rounds_ahead : rounds from a sounding to the first that its precoders hold for; more than are on
            their way at once.
        most_gain : largest magnitude of a precoder.
    """

    def __init__(self, format, rounds_ahead=8, most_gain=4.0):
        restartable.__init__(self, "channel_inverter")
        if set(format.device_antennas) != {1}:
            raise ValueError("channel_inverter: format: expected devices of one antenna, "
                             f"found {format.device_antennas}")
        for name, value, least in (("rounds_ahead", rounds_ahead, 1), ("most_gain", most_gain, 1)):
            if not value >= least:
                raise ValueError(f"channel_inverter: {name}: expected at least {least}, "
                                 f"found {value}")
        self.devices, self.blocks = len(format.device_antennas), format.resource_blocks()
        self.of_block = np.arange(format.used_subcarriers()) // format.resource_block
        self.rounds_ahead, self.most_gain = rounds_ahead, most_gain
        self.message_port_register_in(pmt.intern("estimates"))
        self.set_msg_handler(pmt.intern("estimates"), self.take_estimates)
        for number in range(self.devices):
            self.message_port_register_out(pmt.intern(f"settings{number}"))
        self.message_port_register_out(pmt.intern("server"))

    @logging_errors
    def take_estimates(self, message):
        if not all_found(message):
            return  # Most rounds are no soundings: what Python makes of all of them is too late.
        estimates = messages.read("Sounder", "estimates", message)
        devices = estimates["devices"]
        if len(devices) != self.devices:
            raise ValueError(f"devices: expected {self.devices}, found {len(devices)}")
        precoders = [self.inverse(np.array(device["mmse"])) for device in devices]
        first = estimates["round"] + self.rounds_ahead
        for number, precoder in enumerate(precoders):
            self.message_port_pub(pmt.intern(f"settings{number}"), messages.build(
                "Preprocessor", "settings", precoders=precoder, round=first))
        self.message_port_pub(pmt.intern("server"), messages.build(
            "Postprocessor", "settings", channel_reference=estimates["reference"], round=first))

    def inverse(self, channel):
        """One precoder a resource block."""
        if channel.shape != self.of_block.shape or not np.all(np.isfinite(channel)):
            raise ValueError(f"mmse: expected {self.of_block.size} finite numbers")
        mean = np.bincount(self.of_block, channel.real) + 1j * np.bincount(self.of_block, channel.imag)
        mean /= np.bincount(self.of_block)
        size = np.maximum(np.abs(mean), 1 / self.most_gain)
        return np.conj(mean) / size ** 2
