# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches rounds: how far the sums are from what the devices sent, and how their phases move."""
import numpy as np
import pmt

from .restartable import logging_errors, restartable


def entry(dictionary, key, default=None):
    """The Python value under `key` of a PMT dictionary."""
    value = pmt.dict_ref(dictionary, pmt.intern(key), pmt.PMT_NIL)
    return default if pmt.is_null(value) else pmt.to_python(value)


def finite(vector, what):
    """The floats of a PMT vector; raises ValueError where one is no number."""
    values = np.array(pmt.f32vector_elements(vector), dtype=float)
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{what}: expected finite numbers")
    return values


def db(ratio):
    return 10 * np.log10(max(ratio, 1e-30))


class round_monitor(restartable):
    """Compares every sum with its devices' vectors and every sounding with the first.

    Message ports:
      "vectors", in: PDUs of floats, metadata "round" and "device"; all devices' make the truth. They
        wait until their round's sum or report comes, so that nothing is skipped however far behind
        the monitor is.
      "sums", in: PDUs of floats as the postprocessor makes them. One whose vectors did not come before
        it is not compared: `skipped` counts such rounds, and the first of a run is logged.
      "reports", in: the postprocessor's reports.
      "estimates", in: the sounder's estimates.
      "nmse", "evm", "lost", out: pairs (symbol, number) for Qt's number sinks: error of the rounds so
        far in decibels (all errors over all sums), error vector magnitude of the last round's
        pilots in percent, rounds in which no burst was found.
      "phase", out: pair ("phase", f64vector): how far each device's channel has turned since the
        first sounding, degrees, NaN where it was not found. Estimates of
        rounds that are no soundings are left out.
      "phasors", out: PDU of complex numbers, one a device, that have turned as far, or 0.
      "symbols", out: PDU of complex numbers, pairs of the sum's reals over the sum's deviation.

    Args:
        devices : number of devices.
        sounding_every : rounds from one sounding to the next; 1: all rounds that have estimates.
    """

    most_rounds_kept = 64

    def __init__(self, devices=4, sounding_every=1):
        restartable.__init__(self, "round_monitor")
        if devices < 1:
            raise ValueError(f"round_monitor: devices: expected at least 1, found {devices}")
        if sounding_every < 1:
            raise ValueError("round_monitor: sounding_every: expected at least 1, "
                             f"found {sounding_every}")
        self.devices, self.sounding_every = devices, sounding_every
        self.error = self.power = 0.0
        self.rounds = self.lost = self.skipped = 0
        self.begin_anew()
        # No handler for vectors: GNU Radio empties one port before the next, whatever came first.
        self.message_port_register_in(pmt.intern("vectors"))
        for port in ("sums", "reports", "estimates"):
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), getattr(self, f"take_{port}"))
        for port in ("nmse", "evm", "lost", "phase", "phasors", "symbols"):
            self.message_port_register_out(pmt.intern(port))

    def begin_anew(self):
        """Figures go on over all runs; rounds and channels are new ones."""
        self.truths = {}
        self.takes_sum = False
        self.has_told = False  # of a round that was skipped
        self.latest = 0  # Round that was compared last.
        self.first_estimates = {}
        self.phases = np.zeros(self.devices)

    def nmse_db(self):
        """Error of all rounds so far over the power of their sums, decibels."""
        return db(self.error / self.power) if self.power > 0 else float("nan")

    @logging_errors
    def take_vectors(self, pdu):
        number = entry(pmt.car(pdu), "round", 0)
        device = entry(pmt.car(pdu), "device", 0)
        vector = finite(pmt.cdr(pdu), f"vector of device {device} in round {number}")
        self.truths.setdefault(number, {})[device] = vector
        while len(self.truths) > self.most_rounds_kept:
            if not self.took_waiting_sum():
                self.skip(min(self.truths))

    def took_waiting_sum(self):
        """Vectors of many rounds may be handed over before the first sum, which waits at its own port."""
        port = pmt.intern("sums")
        if self.takes_sum or self.gateway.nmsgs(port) == 0:
            return False
        self.take_sums(self.gateway.delete_head_nowait(port))
        return True

    def vectors_of(self, number):
        """Those of a round, by device; fetches what was sent before its sum."""
        port = pmt.intern("vectors")
        while len(self.truths.get(number, {})) < self.devices and self.gateway.nmsgs(port) > 0:
            self.take_vectors(self.gateway.delete_head_nowait(port))
        return self.truths.get(number, {})

    def skip(self, number):
        """A round whose vectors and sum do not come together is not compared."""
        self.truths.pop(number, None)
        self.skipped += 1
        if not self.has_told:
            self.logger.warn(f"round {number} is not compared, nor may others be: its vectors and its sum "
                             "did not both come")
        self.has_told = True

    @logging_errors
    def take_sums(self, pdu):
        number = entry(pmt.car(pdu), "round", 0)
        if self.sounds(number):
            return
        found = finite(pmt.cdr(pdu), f"sum of round {number}")
        deviation = np.std(found) or 1.0
        pairs = found[: found.size // 2 * 2] / deviation
        symbols = pairs[0::2] + 1j * pairs[1::2]
        self.publish("symbols", pmt.cons(pmt.make_dict(), pmt.init_c32vector(
            symbols.size, symbols.tolist())))
        self.takes_sum = True
        try:
            parts = self.vectors_of(number)
        finally:
            self.takes_sum = False
        if len(parts) < self.devices:
            self.skip(number)
            return
        truth = sum(self.truths.pop(number).values())
        self.error += np.sum((found - truth) ** 2)
        self.power += np.sum(truth ** 2)
        self.rounds += 1
        self.latest = number
        self.publish_number("nmse", self.nmse_db())

    def sounds(self, number):
        """Whether a round is a sounding among others, which the postprocessor takes for a sum."""
        return self.sounding_every > 1 and number % self.sounding_every == 0

    @logging_errors
    def take_reports(self, report):
        if self.sounds(entry(report, "round", 0)):
            return
        if not entry(report, "found", False):
            self.lost += 1
            number = entry(report, "round", 0)
            self.vectors_of(number)
            self.truths.pop(number, None)
            self.publish_number("lost", self.lost)
            return
        evm = np.array(entry(report, "evm"))
        self.publish_number("evm", 100 * float(np.sqrt(np.mean(evm ** 2))))

    @logging_errors
    def take_estimates(self, estimates):
        sounding = entry(estimates, "round", 0) % self.sounding_every == 0
        if not (sounding and entry(estimates, "found", False)):
            return
        self.phases = np.array([self.phase_of(number, device) for number, device
                                in enumerate(entry(estimates, "devices"))])
        self.publish("phase", pmt.cons(pmt.intern("phase"), pmt.init_f64vector(
            len(self.phases), self.phases.tolist())))
        self.publish("phasors", pmt.cons(pmt.make_dict(), pmt.init_c32vector(
            len(self.phases), np.nan_to_num(np.exp(1j * np.radians(self.phases))).tolist())))

    def phase_of(self, number, device):
        if not device.get("found", True):
            return float("nan")
        now = np.array(device["mmse"])
        return np.degrees(np.angle(np.vdot(self.first_estimates.setdefault(number, now), now)))

    def publish(self, port, message):
        self.message_port_pub(pmt.intern(port), message)

    def publish_number(self, port, value):
        self.publish(port, pmt.cons(pmt.intern(port), pmt.from_double(float(value))))
