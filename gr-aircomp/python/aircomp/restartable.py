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

    In the second run and later ones, messages that other blocks send before this one's thread has
    started may be dropped, too: GNU Radio does not wait for one block's thread before it starts another's.
    """

    def __init__(self, name):
        gr.basic_block.__init__(self, name, None, None)
        self.runs = 0  # that have begun

    def start(self):
        if self.runs > 0:
            self.drop_messages()
            self.begin_anew()
        self.runs += 1
        return True

    def drop_messages(self):
        # Of GNU Radio's own port as well: that a block of the run before has ended would end this one.
        for port in pmt.to_python(self.gateway.message_ports_in()):
            for _ in range(self.gateway.nmsgs(pmt.intern(port))):
                self.gateway.delete_head_nowait(pmt.intern(port))

    def begin_anew(self):
        """Forgets the run before."""
