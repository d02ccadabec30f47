# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's whole chain: Frame Sync, Postprocessor and Sounder."""
from gnuradio import gr

from .aircomp_python import frame_sync, postprocessor, sounder


class server(gr.hier_block2):
    """The streams of the server's antennas in, sums and channel estimates out: Frame Sync,
    Postprocessor and Sounder in one.

    Message ports:
      "settings", in: as Postprocessor takes them.
      "sums", "reports", out: as Postprocessor has them. "estimates", out: as Sounder has them.

    Args:
        format : burst format that all share.
        length : reals of a vector.
        window_samples : samples of a window of each antenna, the longest burst at least.
        period : samples from a round to the next; 0: windows are where preambles are.
        antennas : number of inputs.
        streams : spatial streams.
        rotation_seed : that all devices share; None: no rotation.
        channel_reference : sample of a window at which an undelayed burst begins: the emulator's
            latency() on a grid, 64 without one.
    """

    def __init__(self, format, length, window_samples, period=0, antennas=1, streams=1,
                 rotation_seed=1, channel_reference=64):
        gr.hier_block2.__init__(self, "server",
                                gr.io_signature(antennas, antennas, gr.sizeof_gr_complex),
                                gr.io_signature(0, 0, 0))
        self.sync = frame_sync(format, antennas, window_samples, period)
        self.postprocessor = postprocessor(format, length, antennas, window_samples, streams,
                                           rotation_seed, channel_reference)
        self.sounder = sounder(format, antennas, window_samples)
        self.message_port_register_hier_in("settings")
        self.msg_connect(self, "settings", self.postprocessor, "settings")
        for block, port in ((self.postprocessor, "sums"), (self.postprocessor, "reports"),
                            (self.sounder, "estimates")):
            self.message_port_register_hier_out(port)
            self.msg_connect(block, port, self, port)
        for block in (self.postprocessor, self.sounder):
            self.msg_connect(self.sync, "windows", block, "windows")
        for antenna in range(antennas):
            self.connect((self, antenna), (self.sync, antenna))
