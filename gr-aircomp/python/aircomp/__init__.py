# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums over the air in GNU Radio: pre- and post-processing, synchronisation, channel emulation."""
from gnuradio import blocks  # the bindings' base classes

from . import messages
from .aircomp_python import *
from .burst_samples import burst_samples, message_samples, sounding_samples, training_samples
from .channel_inverter import channel_inverter
from .device import device
from .radio_control import radio_control
from .radio_setup import radio_setup
from .round_link import round_link
from .round_monitor import round_monitor
from .server import server
from .sigmf_reader import read_collection, read_recording
from .sigmf_recorder import sigmf_recorder
from .vector_reader import vector_reader
from .vector_source import vector_source
