# SPDX-License-Identifier: GPL-3.0-or-later
"""A device's whole chain: Preprocessor and Burst Timer."""
from gnuradio import gr

from .aircomp_python import burst_timer, preprocessor


class device(gr.hier_block2):
    """Vectors in, a stream of bursts for the emulator out: Preprocessor and Burst Timer in one.

    Message ports:
      "vectors", in, "settings", in, "reports", out: as Preprocessor has them.

    Args:
        format : burst format that all share.
        number : of this device, from 0; it has an output for each of its antennas.
        length : reals of a vector.
        period : samples from a round to the next.
        rate : sampling rate, whole Hz.
        streams : spatial streams.
        rotation_seed : that all devices and the server share; None: no rotation.
    """

    def __init__(self, format, number, length, period, rate=1000000, streams=1, rotation_seed=1):
        outputs = format.device_antennas[number] if 0 <= number < len(format.device_antennas) else 1
        gr.hier_block2.__init__(self, "device", gr.io_signature(0, 0, 0),
                                gr.io_signature(outputs, outputs, gr.sizeof_gr_complex))
        self.preprocessor = preprocessor(format, number, length, streams, rotation_seed)
        self.timer = burst_timer(int(rate), int(period), antennas=outputs)
        for port in ("vectors", "settings"):
            self.message_port_register_hier_in(port)
            self.msg_connect(self, port, self.preprocessor, port)
        self.message_port_register_hier_out("reports")
        self.msg_connect(self.preprocessor, "reports", self, "reports")
        self.msg_connect(self.preprocessor, "bursts", self.timer, "bursts")
        for antenna in range(outputs):
            self.connect((self.timer, antenna), (self, antenna))
