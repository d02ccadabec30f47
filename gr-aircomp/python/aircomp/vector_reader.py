# SPDX-License-Identifier: GPL-3.0-or-later
"""Vectors out of the bytes of a socket: what stands between another program and the Preprocessor."""
import numpy as np
import pmt

from . import messages
from .restartable import logging_errors, restartable


class vector_reader(restartable):
    """Cuts a stream of bytes into vectors, wherever the socket cut it.

    Message ports:
      "bytes", in: PDUs of bytes: 32-bit floats in the host's order, vector after vector.
      "vectors", out: PDUs of floats, metadata "round", counted from 0.

    Args:
        length : reals of a vector.
    """

    def __init__(self, length=2048):
        restartable.__init__(self, "vector_reader")
        if length < 1:
            raise ValueError(f"vector_reader: length: expected at least 1, found {length}")
        self.length = length
        self.begin_anew()
        self.message_port_register_in(pmt.intern("bytes"))
        self.set_msg_handler(pmt.intern("bytes"), self.take_bytes)
        self.message_port_register_out(pmt.intern("vectors"))

    def begin_anew(self):
        self.rounds, self.waiting = 0, b""

    @logging_errors
    def take_bytes(self, pdu):
        self.waiting += bytes(pmt.u8vector_elements(pmt.cdr(pdu)))
        size = 4 * self.length
        while len(self.waiting) >= size:
            vector = np.frombuffer(self.waiting[:size], np.float32)
            self.waiting = self.waiting[size:]
            self.message_port_pub(pmt.intern("vectors"), messages.build(
                "Vector Reader", "vectors", vector, round=self.rounds))
            self.rounds += 1
