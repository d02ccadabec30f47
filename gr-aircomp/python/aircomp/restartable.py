# SPDX-License-Identifier: GPL-3.0-or-later
"""What the blocks in Python share: a wrong message ends no block, and a second run begins anew."""
import functools

import pmt
from gnuradio import gr


def logging_errors(take):
    """A handler of messages that logs what is wrong with one: an exception would end the block's
    thread, and later messages would do nothing."""
    @functools.wraps(take)  # GNU Radio calls handlers by name.
    def handler(self, message):
        try:
            take(self, message)
        except Exception as error:
            self.logger.error(f"{take.__name__[len('take_'):]} refused: {error}")
    return handler


class restartable(gr.basic_block):
    """A block that begins anew when its flowgraph is started again, after stop() or by unlock():
    begin_anew() is called, and what waited at its inputs is dropped.

    In the second run and later ones, messages that other blocks send from their own start() may be
    dropped, too.
    """

    def __init__(self, name):
        gr.basic_block.__init__(self, name, None, None)
        self.ran = False

    def start(self):
        if self.ran:
            self.drop_messages()
            self.begin_anew()
        self.ran = True
        return True

    def drop_messages(self):
        for port in pmt.to_python(self.gateway.message_ports_in()):
            if port == "system":
                continue
            for _ in range(self.gateway.nmsgs(pmt.intern(port))):
                self.gateway.delete_head_nowait(pmt.intern(port))

    def begin_anew(self):
        """Forgets the run before."""
