# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the aircomp program's part towards the flowgraphs of a device and the server, without any
coordination: for tests of the module alone."""
import os
import socket

import pmt
from gnuradio import aircomp
from gnuradio.aircomp.qa_pmt import dictionary
from gnuradio.aircomp.radio_setup import receive_message, send_message

LIMIT_S = 120
RATE = 1000000


class Radio:
    """The program's end of one flowgraph's link."""

    def __init__(self, name, role, folder, length, args):
        self.setup = dict(aircomp.radio_setup.example(name, role, 1).values)
        self.setup.update(format=bytes(aircomp.burst_format([1]).bytes()), rate=RATE,
                          length=length, args=args, unit_power_dbfs=-20.0, max_mean_dbfs=-12.0)
        # One header tells an offset to some 100 Hz only; these radios have none.
        self.setup.update(carrier_offset_hz=0.1, linewidth_hz=0.01)
        self.name, self.commands = name, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(folder, name))
        self.listener.listen(1)

    def begin(self):
        """Waits until the flowgraph runs."""
        self.listener.settimeout(LIMIT_S)
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(LIMIT_S)
        send_message(self.connection, "setup", dictionary(**self.setup))
        self.wait_for("ready")

    def close(self):
        self.connection.close()

    def wait_for(self, port):
        """The next message of that port; what comes before it is not looked at."""
        while True:
            found, message = receive_message(self.connection)
            if found == "error":
                raise RuntimeError(f"{self.name}: {pmt.symbol_to_string(message)}")
            if found == port:
                return message

    def command(self, what, time=None):
        self.commands += 1
        when = {} if time is None else {"time": time}
        send_message(self.connection, "commands", aircomp.messages.build(
            "Radio Control", "commands", id=self.commands, do=what, **when))
        answer = self.wait_for("answers")
        error = pmt.dict_ref(answer, pmt.intern("error"), pmt.PMT_NIL)
        if not pmt.is_null(error):
            raise RuntimeError(f"{self.name}: {pmt.symbol_to_string(error)}")
        return pmt.s64vector_elements(pmt.dict_ref(answer, pmt.intern("ticks"), pmt.PMT_NIL))

    def order(self, number, begin, burst, vector):
        send_message(self.connection, "rounds", pmt.cons(
            dictionary(round=number, sounding=False, new_reference=number == 0, headers=[begin],
                       header_antenna=0, time=burst, scale=1.0),
            pmt.init_f32vector(len(vector), vector)))


def align(radios):
    """One time for all, as UHD says to: at a pulse, for the next one; then the carriers."""
    seen = radios[0].command("last_pulse")
    while radios[0].command("last_pulse") == seen:
        pass
    seen = radios[0].command("last_pulse")
    for radio in radios:
        radio.command("set_time_at_next_pulse", 0)
    while radios[0].command("last_pulse") == seen:
        pass
    pulses = [radio.command("last_pulse") for radio in radios]
    if any(pulse != pulses[0] for pulse in pulses):
        raise RuntimeError(f"expected one time of the last pulse, found {pulses}")
    when = radios[0].command("now")[0] + RATE // 10
    for radio in radios:
        radio.command("tune", when)


def sum_vectors(server, device, vectors, lead, turnaround):
    """A round a vector, `lead` and `turnaround` in ticks; returns the sums, vectors of floats."""
    sums = []
    for number, vector in enumerate(vectors):
        begin = server.command("now")[0] + lead
        burst = begin + aircomp.burst_format([1]).header_samples() + turnaround
        for radio in (server, device):
            radio.order(number, begin, burst, vector if radio is device else [])
        event = pmt.to_python(pmt.car(pmt.dict_ref(pmt.cdr(device.wait_for("events")),
                                                   pmt.intern("event_code"), pmt.PMT_NIL)))
        if event != "burst_ack":
            raise RuntimeError(f"round {number}: expected burst_ack, found {event}")
        sums.append(pmt.f32vector_elements(pmt.cdr(server.wait_for("sums"))))
    return sums
