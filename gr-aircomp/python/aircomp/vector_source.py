# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of random vectors, one per device, for flowgraphs without a language model."""
import numpy as np
import pmt

from . import messages
from .restartable import restartable


class vector_source(restartable):
    """Sends every device's vector of a round; the next round when one has come back.

    Message ports:
      "reports", in: anything; each message is a round come back.
      "vectors0", "vectors1", ... out, or "vectors" for a single device: PDUs of `length` independent
        normal floats, metadata "round" and "device"; and "sounding", true in rounds in which
        devices sound instead.
      "all", out: the same PDUs of all devices, without sounding rounds.

    A flowgraph that is started again begins at round 0, with the same vectors.

    Args:
        devices : number of devices.
        length : reals of a vector.
        rounds : rounds after which nothing more is sent; 0: no end.
        seed : of the vectors.
        ahead : rounds on their way at once.
        sounding_every : rounds from one sounding to the next; 0: none.
        deviation : standard deviation of each real; sqrt(1/2) makes complex symbols of unit power at a
            scale of 1.
    """

    def __init__(self, devices=4, length=2048, rounds=0, seed=1, ahead=4, sounding_every=0,
                 deviation=0.5 ** 0.5):
        restartable.__init__(self, "vector_source")
        for name, value, least in (("devices", devices, 1), ("length", length, 1),
                                   ("ahead", ahead, 1), ("rounds", rounds, 0),
                                   ("sounding_every", sounding_every, 0)):
            if value < least:
                raise ValueError(f"vector_source: {name}: expected at least {least}, found {value}")
        self.devices, self.length, self.rounds, self.ahead = devices, length, rounds, ahead
        self.sounding_every, self.deviation = sounding_every, deviation
        self.seed = seed
        self.begin_anew()
        self.message_port_register_in(pmt.intern("reports"))
        self.set_msg_handler(pmt.intern("reports"), self.take_reports)
        self.message_port_register_out(pmt.intern("all"))
        self.ports = [pmt.intern(f"vectors{n}" if devices > 1 else "vectors")
                      for n in range(devices)]
        for port in self.ports:
            self.message_port_register_out(port)

    def begin_anew(self):
        self.random = np.random.default_rng(self.seed)
        self.sent = 0
        if self.runs > 0:
            # To itself: handled when every block of the flowgraph has started.
            for _ in range(self.ahead):
                self.gateway._post(pmt.intern("reports"), pmt.PMT_NIL)

    def start(self):
        first = self.runs == 0
        restartable.start(self)
        for _ in range(self.ahead if first else 0):
            self.send_round()
        return True

    def take_reports(self, _report):
        self.send_round()

    def send_round(self):
        if self.rounds and self.sent >= self.rounds:
            return
        sounding = self.sounding_every > 0 and self.sent % self.sounding_every == 0
        for device in range(self.devices):
            vector = self.random.normal(scale=self.deviation, size=self.length)
            pdu = messages.build("Vector Source", "all", vector,
                                 round=self.sent, device=device, sounding=sounding)
            if not sounding:
                self.message_port_pub(pmt.intern("all"), pdu)
            self.message_port_pub(self.ports[device], pdu)
        self.sent += 1
