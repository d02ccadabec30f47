# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands a flowgraph's radio: its clock, its carrier, and when it receives."""
import time

import pmt
from gnuradio import gr, uhd

from . import messages
from .restartable import logging_errors
from .round_monitor import entry

POLL_S = 0.01
LOCK_PATIENCE_S = 10
# What a front end may be off the carrier asked for: steps of its oscillators are finer.
MOST_CARRIER_ERROR_HZ = 10


class radio_control(gr.basic_block):
    """What usrp_source and usrp_sink do not do by message. use() names them once they run.

    Message ports:
      "commands", in: dictionaries "id" and "do": "last_pulse", "set_time_at_next_pulse", "tune" and
        "now", the second and third with "time" (ticks).
      "answers", out: dictionaries "id" and "ticks" (s64vector) or "error" (symbol).
      "rounds", in: orders, as Round Link passes them on.
      "expect", out: dictionaries as Window Cutter takes them, of the window that the radio was told
        to receive: a device's of the headers, the server's of the devices' bursts.
      "late", out: dictionary "round" of an order whose window had begun.

    Args:
        setup : the radio's Radio Setup.
    """

    def __init__(self, setup):
        gr.basic_block.__init__(self, "radio_control", None, None)
        self.setup, self.rate = setup, setup.rate
        self.source = self.sink = None
        for port in ("commands", "rounds"):
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), getattr(self, f"take_{port}"))
        for port in ("answers", "expect", "late"):
            self.message_port_register_out(pmt.intern(port))

    # ---- bring-up ----

    def use(self, source, sink):
        """Takes hold of the radio's blocks, sets what no block of Companion does, and ends the stream
        that usrp_source began: only windows are received."""
        self.source, self.sink = source, sink
        try:
            self.wait_for_reference()
            self.check_rates()
        except RuntimeError as error:
            self.setup.fail(str(error))
        source.issue_stream_cmd(uhd.stream_cmd(uhd.STREAM_MODE_STOP_CONTINUOUS))

    def choose_front_end(self, source, sink):
        """Subdevice, connectors and fixed gains of all channels; before the flowgraph runs."""
        setup = self.setup
        for block, port, gain_db in ((sink, setup.transmit_port, setup.transmit_gain_db),
                                     (source, setup.receive_port, setup.receive_gain_db)):
            if setup.subdevice:
                block.set_subdev_spec(setup.subdevice)
            for channel in range(setup.antennas):
                # Only B200 and E3xx front ends have automatic gain; others warn of being asked.
                if block is source and \
                        source.get_usrp_info(channel)["rx_subdev_name"].startswith("FE-"):
                    source.set_rx_agc(False, channel)
                block.set_gain(gain_db, channel)
                if port:
                    block.set_antenna(port, channel)

    def boards(self):
        return range(self.source.get_num_mboards())

    def channels(self):
        return ((block, channel) for block in (self.sink, self.source)
                for channel in range(self.setup.antennas))

    def wait_for(self, what, holds):
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while not holds():
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited {LOCK_PATIENCE_S} s in vain for {what}")
            time.sleep(POLL_S)

    def wait_for_reference(self):
        if self.setup.clock_source == "internal":
            return
        for board in self.boards():
            self.wait_for(f"board {board} to lock to clock source '{self.setup.clock_source}' "
                          "(ref_locked)",
                          lambda: self.source.get_mboard_sensor("ref_locked", board).to_bool())

    def check_rates(self):
        for block in (self.sink, self.source):
            if abs(block.get_samp_rate() / self.setup.rate - 1) > 1e-9:
                raise RuntimeError(f"expected a sample rate of {self.setup.rate} Hz, "
                                   f"found {block.get_samp_rate()} Hz")

    # ---- clock and carrier ----

    def time_of(self, ticks):
        return uhd.time_spec(ticks // self.rate, ticks % self.rate / self.rate)

    def ticks_of(self, when):
        return int(when.get_full_secs()) * self.rate + round(when.get_frac_secs() * self.rate)

    @logging_errors
    def take_commands(self, command):
        command = pmt.to_python(command)
        try:
            came_to = {"ticks": self.obey(command["do"], command.get("time", 0))}
        except Exception as error:  # Who has sent the command waits for an answer.
            came_to = {"error": str(error)}
        self.message_port_pub(pmt.intern("answers"), messages.build(
            "Radio Control", "answers", id=command["id"], **came_to))

    def obey(self, what, when):
        if what == "last_pulse":
            return [self.ticks_of(self.source.get_time_last_pps(board)) for board in self.boards()]
        if what == "now":
            return [self.ticks_of(self.source.get_time_now())]
        if what == "set_time_at_next_pulse":
            self.source.set_time_next_pps(self.time_of(when))
        elif what == "tune":
            self.tune(when)
        else:
            raise RuntimeError(f"a radio cannot '{what}'")
        return []

    def tune(self, when):
        """Both directions at once; returns when every oscillator has locked."""
        frequency = self.setup.frequency
        for block in (self.sink, self.source):
            for board in self.boards():
                block.set_command_time(self.time_of(when), board)
        for block, channel in self.channels():
            block.set_center_freq(frequency, channel)
        for block in (self.sink, self.source):
            for board in self.boards():
                block.clear_command_time(board)
        while self.ticks_of(self.source.get_time_now()) < when:
            time.sleep(POLL_S)
        for block, channel in self.channels():
            # A front end without the sensor has no oscillator that could be unlocked.
            if "lo_locked" in block.get_sensor_names(channel):
                self.wait_for("the oscillators of all channels (lo_locked)",
                              lambda: block.get_sensor("lo_locked", channel).to_bool())
            found = block.get_center_freq(channel)
            if abs(found - frequency) > MOST_CARRIER_ERROR_HZ:
                raise RuntimeError(f"expected a carrier of {frequency} Hz, found {found} Hz")

    # ---- windows ----

    @logging_errors
    def take_rounds(self, pdu):
        order = pmt.car(pdu)
        number, sounding = entry(order, "round"), entry(order, "sounding", False)
        begin, samples = self.window(order, sounding)
        if self.ticks_of(self.source.get_time_now()) >= begin:
            self.message_port_pub(pmt.intern("late"),
                                  messages.build("Radio Control", "late", round=number))
            return
        self.message_port_pub(pmt.intern("expect"), messages.build(
            "Radio Control", "expect", round=number, time=begin, samples=samples, sounding=sounding))
        command = uhd.stream_cmd(uhd.STREAM_MODE_NUM_SAMPS_AND_DONE)
        command.num_samps = samples
        command.stream_now = False
        command.time_spec = self.time_of(begin)
        self.source.issue_stream_cmd(command)

    def window(self, order, sounding):
        """First tick and length of what this radio receives in a round."""
        setup = self.setup
        if setup.role == "device":
            headers = pmt.u64vector_elements(pmt.dict_ref(order, pmt.intern("headers"),
                                                          pmt.PMT_NIL))
            first, length = headers[0], headers[-1] - headers[0] + setup.format.header_samples()
        else:
            first = entry(order, "time")
            length = setup.sounding_samples if sounding else setup.burst_samples
        return first - setup.window_lead, setup.window_lead + length + setup.window_tail
