# SPDX-License-Identifier: GPL-3.0-or-later
"""What a flowgraph's radio is set up with: the aircomp program hands it over at a local socket."""
import os
import socket
import struct
import sys
import time

import pmt

from .aircomp_python import burst_format

# A message: four bytes of length, in network order, and a pair (port, message) as PMT serialises it.
MOST_BYTES = 1 << 26


def socket_folder():
    """Where the aircomp program listens for flowgraphs that are opened in Companion."""
    return os.environ.get("AIRCOMP_SOCKETS") or f"/tmp/aircomp-{os.getuid()}"


def send_message(connection, port, message):
    """Sends one message; raises OSError where the other end is gone."""
    data = pmt.serialize_str(pmt.cons(pmt.intern(port), message))
    connection.sendall(struct.pack("!I", len(data)) + data)


def receive_message(connection):
    """The next message as (port, message); raises OSError where there will be none."""
    size, = struct.unpack("!I", receive_bytes(connection, 4))
    if size > MOST_BYTES:
        raise OSError(f"expected a message of at most {MOST_BYTES} bytes, found one of {size}")
    pair = pmt.deserialize_str(receive_bytes(connection, size))
    return pmt.symbol_to_string(pmt.car(pair)), pmt.cdr(pair)


def receive_bytes(connection, count):
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise OSError("the aircomp program has closed the connection")
        data += piece
    return bytes(data)


class radio_setup:
    """The values of one radio, by name; times in ticks of a sample.

    Made by connect() where a flowgraph runs, by example() where it is edited. Two are equal where their
    values are; a copy has no connection.
    """

    def __init__(self, values, connection=None):
        self.values, self.connection = {**values, "format": bytes(values["format"])}, connection
        self.format = burst_format.parse(list(self.values["format"]))

    def __getattr__(self, name):
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(f"a radio's setup has no '{name}'") from None

    @classmethod
    def connect(cls, radio, role, antennas, folder=""):
        """Waits for the aircomp program at the socket FOLDER/RADIO and takes what it hands over.

        Raises ValueError where the flowgraph is for another role or another number of antennas. Ctrl-C
        ends the process.
        """
        connection = socket.socket(socket.AF_UNIX)
        try:
            cls.wait_for(connection, os.path.join(folder or socket_folder(), radio), radio)
            _, message = receive_message(connection)
        except KeyboardInterrupt:
            raise SystemExit(f"{radio}: aircomp did not come") from None
        setup = cls(pmt.to_python(message), connection)
        for what, expected, found in (("role", setup.role, role),
                                      ("antennas", setup.antennas, antennas)):
            if expected != found:
                setup.fail(f"{what}: expected {expected}, as the configuration says, "
                           f"found {found} in the flowgraph")
        return setup

    @staticmethod
    def wait_for(connection, path, radio):
        """Connects once somebody listens at `path`."""
        told = False
        while True:
            try:
                return connection.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                if not told:
                    print(f"{radio}: waiting for aircomp at {path}", file=sys.stderr, flush=True)
                told = True
                time.sleep(0.1)

    @classmethod
    def example(cls, radio, role, antennas):
        """What connect() might return, without a connection."""
        return cls({"radio": radio, "role": role, "device": 0, "antennas": antennas,
                    "format": burst_format([1] * 4).bytes(), "length": 1024,
                    "streams": 1, "rotation_seed": 1, "rate": 1000000, "frequency": 2.45e9,
                    "args": "", "clock_source": "external", "time_source": "external",
                    "subdevice": "", "transmit_port": "", "receive_port": "",
                    "transmit_gain_db": 0.0, "receive_gain_db": 0.0, "unit_power_dbfs": -12.0,
                    "max_mean_dbfs": -6.0, "linewidth_hz": 1.0, "carrier_offset_hz": 1000.0,
                    "header_power_w": 1.0, "window_lead": 128, "window_tail": 256})

    def __repr__(self):
        return f"{self.role} {self.radio}"

    def __eq__(self, other):
        return isinstance(other, radio_setup) and self.values == other.values

    def __getstate__(self):
        """Copies are not connected."""
        return {**self.__dict__, "connection": None}

    @property
    def burst_samples(self):
        return self.format.burst_samples(self.format.data_symbols(self.length, self.streams))

    @property
    def sounding_samples(self):
        return self.format.sounding_samples()

    def fail(self, why):
        """Tells the aircomp program why there will be no radio, and raises ValueError."""
        if self.connection is not None:
            try:
                send_message(self.connection, "error", pmt.intern(why))
            except OSError:
                pass
        raise ValueError(f"{self.radio}: {why}")
