# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the aircomp program and a flowgraph: orders and settings in, reports and sums out."""
import os
import signal
import threading

import pmt
from gnuradio import gr

from .radio_setup import receive_message, send_message


class round_link(gr.basic_block):
    """The flowgraph's end of the local socket that a radio_setup came by.

    Message ports, out, as the aircomp program sends them:
      "rounds": PDU of a round's vector of floats under its order: "round", "sounding",
        "new_reference", "site", "headers" (u64vector, ticks), "header_antenna", "time" (tick at which
        the devices' bursts begin), "scale".
      "settings": dictionaries with the round from which they hold.
      "commands": dictionaries for the Radio Control.
    Message ports, in, each passed on to the aircomp program under its name: "answers" and "late" of
      the Radio Control, "windows" of the Window Cutter, "headers" of the Header Tracker,
      "transmitter" of the Preprocessor, "levels" of the Transmit Guard, "events" of the radio's sink,
      "sums" and "receiver" of the Postprocessor, "estimates" of the Sounder.

    Once the program has closed the connection, on_close() is called, which ends the flowgraph.

    Args:
        setup : the radio's Radio Setup, connected.
    """

    ports_out = ("rounds", "settings", "commands")
    ports_in = ("answers", "late", "windows", "headers", "transmitter", "levels", "events", "sums",
                "receiver", "estimates")

    def __init__(self, setup):
        gr.basic_block.__init__(self, "round_link", None, None)
        self.setup = setup
        self.on_close = lambda: os.kill(os.getpid(), signal.SIGTERM)
        self.sending = threading.Lock()
        for port in self.ports_out:
            self.message_port_register_out(pmt.intern(port))
        for port in self.ports_in:
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), self.handler(port))

    def handler(self, port):
        # GNU Radio calls handlers by name.
        def take(message):
            self.send(port, message)

        take.__name__ = f"take_{port}"
        setattr(self, take.__name__, take)
        return take

    def send(self, port, message):
        try:
            with self.sending:
                send_message(self.setup.connection, port, message)
        except OSError:
            pass  # The thread that receives sees it too.

    def begin(self):
        """Says that the flowgraph runs, and from now on passes on what the program sends."""
        threading.Thread(target=self.receive, name=f"{self.setup.radio} link", daemon=True).start()
        self.send("ready", pmt.PMT_T)

    def receive(self):
        try:
            while True:
                port, message = receive_message(self.setup.connection)
                if port in self.ports_out:
                    self.message_port_pub(pmt.intern(port), message)
        except OSError:
            self.on_close()
        except Exception as error:
            self.logger.error(f"expected a message of aircomp: {error}")
            self.on_close()
