# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches rounds: how far the sums are from what the devices sent, and how their phases move."""
import numpy as np
import pmt
from gnuradio import gr


def entry(dictionary, key, default=None):
    """The Python value under `key` of a PMT dictionary."""
    value = pmt.dict_ref(dictionary, pmt.intern(key), pmt.PMT_NIL)
    return default if pmt.is_null(value) else pmt.to_python(value)


def db(ratio):
    return 10 * np.log10(max(ratio, 1e-30))


class round_monitor(gr.basic_block):
    """Compares every sum with its devices' vectors and every sounding with the first.

    Message ports:
      "vectors", in: PDUs of floats, metadata "round" and "device"; all devices' make the truth.
      "sums", in: PDUs of floats as the postprocessor makes them.
      "reports", in: the postprocessor's reports.
      "estimates", in: the sounder's estimates.
      "nmse", "evm", "lost", out: pairs (symbol, number) for Qt's number sinks: error of the rounds so
        far in decibels (all errors over all sums), error vector magnitude of the last round's
        pilots in percent, rounds in which no burst was found.
      "phase", out: pair ("phase", f64vector): how far each device's channel has turned since the
        first sounding, degrees. Only every `sounding_every`-th round is a sounding.
      "phasors", out: PDU of complex numbers, one a device, that have turned as far.
      "symbols", out: PDU of complex numbers, pairs of the sum's reals over the sum's deviation.
    """

    most_rounds_kept = 64

    def __init__(self, devices=4, sounding_every=1):
        gr.basic_block.__init__(self, "round_monitor", None, None)
        if devices < 1:
            raise ValueError(f"round_monitor: devices: expected at least 1, found {devices}")
        if sounding_every < 1:
            raise ValueError("round_monitor: sounding_every: expected at least 1, "
                             f"found {sounding_every}")
        self.devices, self.sounding_every = devices, sounding_every
        self.truths = {}
        self.error = self.power = 0.0
        self.rounds = self.lost = 0
        self.first_estimates = None
        self.phases = np.zeros(devices)
        for port in ("vectors", "sums", "reports", "estimates"):
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), getattr(self, f"take_{port}"))
        for port in ("nmse", "evm", "lost", "phase", "phasors", "symbols"):
            self.message_port_register_out(pmt.intern(port))

    def nmse_db(self):
        """Error of all rounds so far over the power of their sums, decibels."""
        return db(self.error / self.power) if self.power > 0 else float("nan")

    def take_vectors(self, pdu):
        number = entry(pmt.car(pdu), "round", 0)
        device = entry(pmt.car(pdu), "device", 0)
        parts = self.truths.setdefault(number, {})
        parts[device] = np.array(pmt.f32vector_elements(pmt.cdr(pdu)), dtype=float)
        while len(self.truths) > self.most_rounds_kept:
            del self.truths[min(self.truths)]

    def take_sums(self, pdu):
        number = entry(pmt.car(pdu), "round", 0)
        if self.sounding_every > 1 and number % self.sounding_every == 0:
            return
        found = np.array(pmt.f32vector_elements(pmt.cdr(pdu)), dtype=float)
        deviation = np.std(found) or 1.0
        pairs = found[: found.size // 2 * 2] / deviation
        symbols = pairs[0::2] + 1j * pairs[1::2]
        self.publish("symbols", pmt.cons(pmt.make_dict(), pmt.init_c32vector(
            symbols.size, symbols.tolist())))
        parts = self.truths.pop(number, {})
        if len(parts) < self.devices:
            return
        truth = sum(parts.values())
        self.error += np.sum((found - truth) ** 2)
        self.power += np.sum(truth ** 2)
        self.rounds += 1
        self.publish_number("nmse", self.nmse_db())

    def take_reports(self, report):
        if not entry(report, "found", False):
            self.lost += 1
            self.truths.pop(entry(report, "round", 0), None)
            self.publish_number("lost", self.lost)
            return
        evm = np.array(entry(report, "evm"))
        self.publish_number("evm", 100 * float(np.sqrt(np.mean(evm ** 2))))

    def take_estimates(self, estimates):
        sounding = entry(estimates, "round", 0) % self.sounding_every == 0
        if not (sounding and entry(estimates, "found", False)):
            return
        channels = [np.array(device["mmse"]) for device in entry(estimates, "devices")]
        if self.first_estimates is None:
            self.first_estimates = channels
        self.phases = np.array([np.degrees(np.angle(np.vdot(first, now)))
                                for first, now in zip(self.first_estimates, channels)])
        self.publish("phase", pmt.cons(pmt.intern("phase"), pmt.init_f64vector(
            len(self.phases), self.phases.tolist())))
        self.publish("phasors", pmt.cons(pmt.make_dict(), pmt.init_c32vector(
            len(self.phases), np.exp(1j * np.radians(self.phases)).tolist())))

    def publish(self, port, message):
        self.message_port_pub(pmt.intern(port), message)

    def publish_number(self, port, value):
        self.publish(port, pmt.cons(pmt.intern(port), pmt.from_double(float(value))))
