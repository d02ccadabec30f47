# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts to SigMF: one Recording per antenna, and the Collection that binds them.

The Signal Metadata Format, version 1.0.0: https://github.com/sigmf/SigMF.
"""
import datetime
import hashlib
import json
import os

import numpy as np
import pmt

from .restartable import logging_errors, restartable
from .round_monitor import entry

VERSION = "1.0.0"
EXTENSION = {"name": "aircomp", "version": "0.1.0", "optional": True}


def radio_datetime(seconds, ticks, rate):
    """ISO 8601 of `seconds` since 1970 and `ticks` of a clock of `rate` Hz, to the nanosecond."""
    seconds, ticks = seconds + ticks // rate, ticks % rate
    whole = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + f".{ticks * 10 ** 9 // rate:09d}Z"


def whole(about, key, default=None):
    """The whole number under `key`; raises ValueError where it is something else."""
    value = entry(about, key, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError(f"{key}: expected a whole number, found {value!r}")
    return value


def sha512(path):
    with open(path, "rb") as file:
        return hashlib.sha512(file.read()).hexdigest()


class sigmf_recorder(restartable):
    """Writes the bursts that arrive to PATH-0.sigmf-data, PATH-0.sigmf-meta, PATH-1... one an antenna.

    Message port "bursts", in: PDU of [antennas, samples] complex numbers; metadata "round", "first" and
    "start" (samples of the stream at which the window and the burst in it begin) and, where they are
    known, "rx_time" with "rx_time_at", "device" and "site". Each window is a capture of its own, so
    that its time is exact, and its burst has an annotation. The metadata and PATH.sigmf-collection
    are written when the flowgraph stops.

    Every start of the flowgraph is a recording of its own: the second goes to PATH.2-0.sigmf-data and
    so on, the third to PATH.3.

    Args:
        path : where the files lie, with the beginning of their names.
        antennas : streams of a window.
        sample_rate : whole Hz.
        frequency : of the carrier, Hz.
        start_s : when the radio's time was 0, whole seconds since 1970; where the stream carries no
            times, when its sample 0 was.
    """

    def __init__(self, path, antennas, sample_rate, frequency, start_s=0):
        restartable.__init__(self, "sigmf_recorder")
        if antennas < 1:
            raise ValueError(f"sigmf_recorder: antennas: expected at least 1, found {antennas}")
        if sample_rate <= 0 or int(sample_rate) != sample_rate:
            raise ValueError("sigmf_recorder: sample_rate: expected a whole number above 0, "
                             f"found {sample_rate}")
        self.path, self.antennas = path, antennas
        self.rate, self.frequency, self.start_s = int(sample_rate), frequency, int(start_s)
        self.recordings = 0
        self.open_files()
        self.message_port_register_in(pmt.intern("bursts"))
        self.set_msg_handler(pmt.intern("bursts"), self.take_burst)

    def open_files(self):
        self.recordings += 1
        self.base = self.path + (f".{self.recordings}" if self.recordings > 1 else "")
        self.files = [open(f"{self.base}-{a}.sigmf-data", "wb") for a in range(self.antennas)]
        self.samples = 0
        self.captures, self.annotations = [], []

    def start(self):
        restartable.start(self)
        if not self.files:
            self.try_to("begin a recording", self.open_files)
        return True

    @logging_errors
    def take_burst(self, pdu):
        """Appends a burst to the recordings; one that is none is logged and dropped."""
        if not self.files:
            raise ValueError("no recording was begun")
        about = pmt.car(pdu)
        samples = np.array(pmt.c32vector_elements(pmt.cdr(pdu)), dtype="<c8")
        if samples.size == 0 or samples.size % self.antennas:
            raise ValueError(f"expected a multiple of {self.antennas} samples, found {samples.size}")
        start = whole(about, "start")
        first = whole(about, "first", self.samples if start is None else start)
        known = {key: whole(about, key) for key in ("round", "device")}
        site = entry(about, "site")
        if site is not None and not isinstance(site, str):
            raise ValueError(f"site: expected a symbol, found {site!r}")
        # What stands in for samples of before the stream was never received.
        unreal, first = max(0, -first), max(0, first)
        streams = samples.reshape(self.antennas, -1)[:, unreal:]
        count = streams.shape[1]
        capture = {
            "core:sample_start": self.samples, "core:global_index": first,
            "core:frequency": self.frequency, "core:datetime": self.datetime_of(about, first)}
        before = min(count, max(0, (first if start is None else start) - first))
        annotation = {"core:sample_start": self.samples + before,
                      "core:sample_count": count - before,
                      "core:label": f"round {known['round'] or 0}"}
        annotation.update((f"aircomp:{key}", value) for key, value in
                          {**known, "site": site}.items() if value is not None)
        for file, stream in zip(self.files, streams):
            stream.tofile(file)
        self.captures.append(capture)
        self.annotations.append(annotation)
        self.samples += count

    def datetime_of(self, about, sample):
        """The time of a sample of the stream, in whole ticks of its clock."""
        if entry(about, "rx_time") is None:
            return radio_datetime(self.start_s, sample, self.rate)
        seconds, fraction = entry(about, "rx_time")
        ticks = round(fraction * self.rate) + sample - entry(about, "rx_time_at")
        return radio_datetime(self.start_s + seconds, ticks, self.rate)

    def stop(self):
        """Writes the metadata and the Collection."""
        if self.files:
            self.try_to("end the recording", self.finish)
        return True

    def try_to(self, do, what):
        """An exception here would end the whole process."""
        try:
            what()
        except OSError as error:
            self.files = []
            self.logger.error(f"cannot {do}: {error}")

    def finish(self):
        streams = []
        for antenna, file in enumerate(self.files):
            file.close()
            base = f"{self.base}-{antenna}"
            meta = {
                "global": {
                    "core:datatype": "cf32_le", "core:version": VERSION,
                    "core:sample_rate": self.rate, "core:num_channels": 1,
                    "core:sha512": sha512(base + ".sigmf-data"),
                    "core:recorder": "gr-aircomp", "core:description": f"antenna {antenna}",
                    "core:collection": os.path.basename(self.base),
                    "core:extensions": [EXTENSION]},
                "captures": self.captures, "annotations": self.annotations}
            with open(base + ".sigmf-meta", "w", encoding="utf-8") as out:
                json.dump(meta, out, indent=2)
            streams.append({"name": os.path.basename(base), "hash": sha512(base + ".sigmf-meta")})
        self.files = []
        collection = {"collection": {"core:version": VERSION, "core:streams": streams,
                                     "core:extensions": [EXTENSION]}}
        with open(self.base + ".sigmf-collection", "w", encoding="utf-8") as out:
            json.dump(collection, out, indent=2)
