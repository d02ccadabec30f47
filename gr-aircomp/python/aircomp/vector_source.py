# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of random vectors, one per device, for flowgraphs without a language model."""
import numpy as np
import pmt
from gnuradio import gr


class vector_source(gr.basic_block):
    """Sends every device's vector of a round; the next round when one has come back.

    Message ports:
      "reports", in: anything; each message is a round come back.
      "vectors0", "vectors1", ... out: PDUs of `length` independent normal floats, metadata "round"
        and "device"; with `sounding` also "sounding", for which devices sound instead.
      "all", out: the same PDUs of all devices.

    `ahead` rounds are on their way at once. After `rounds` rounds nothing more is sent; 0: no end.
    """

    def __init__(self, devices=4, length=2048, rounds=0, seed=1, ahead=4, sounding=False):
        gr.basic_block.__init__(self, "vector_source", None, None)
        for name, value, least in (("devices", devices, 1), ("length", length, 1),
                                   ("ahead", ahead, 1), ("rounds", rounds, 0)):
            if value < least:
                raise ValueError(f"vector_source: {name}: expected at least {least}, found {value}")
        self.devices, self.length, self.rounds, self.ahead = devices, length, rounds, ahead
        self.sounding = sounding
        self.random = np.random.default_rng(seed)
        self.sent = 0
        self.message_port_register_in(pmt.intern("reports"))
        self.set_msg_handler(pmt.intern("reports"), self.take_reports)
        self.message_port_register_out(pmt.intern("all"))
        for device in range(devices):
            self.message_port_register_out(pmt.intern(f"vectors{device}"))

    def start(self):
        for _ in range(self.ahead):
            self.send_round()
        return True

    def take_reports(self, _report):
        self.send_round()

    def send_round(self):
        if self.rounds and self.sent >= self.rounds:
            return
        for device in range(self.devices):
            about = pmt.make_dict()
            about = pmt.dict_add(about, pmt.intern("round"), pmt.from_uint64(self.sent))
            about = pmt.dict_add(about, pmt.intern("device"), pmt.from_uint64(device))
            about = pmt.dict_add(about, pmt.intern("sounding"), pmt.from_bool(self.sounding))
            vector = self.random.normal(size=self.length)
            pdu = pmt.cons(about, pmt.init_f32vector(self.length, vector.tolist()))
            self.message_port_pub(pmt.intern("all"), pdu)
            self.message_port_pub(pmt.intern(f"vectors{device}"), pdu)
        self.sent += 1
