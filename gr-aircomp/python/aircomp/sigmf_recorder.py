# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts to SigMF and back: one Recording per antenna, and the Collection that binds them.

The Signal Metadata Format, version 1.0.0: https://github.com/sigmf/SigMF.
"""
import datetime
import hashlib
import json
import os
import re

import numpy as np
import pmt
from gnuradio import gr

from .round_monitor import entry

VERSION = "1.0.0"
EXTENSION = {"name": "aircomp", "version": "0.1.0", "optional": True}
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def radio_datetime(seconds, ticks, rate):
    """ISO 8601 of `seconds` since 1970 and `ticks` of a clock of `rate` Hz, to the nanosecond."""
    seconds, ticks = seconds + ticks // rate, ticks % rate
    whole = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + f".{ticks * 10 ** 9 // rate:09d}Z"


def sha512(path):
    with open(path, "rb") as file:
        return hashlib.sha512(file.read()).hexdigest()


class sigmf_recorder(gr.basic_block):
    """Writes the bursts that arrive to PATH-0.sigmf-data, PATH-0.sigmf-meta, PATH-1... one an antenna.

    Message port "bursts", in: PDU of [antennas, samples] complex numbers; metadata "round", "start" (a
    sample of the stream) and, where they are known, "device" and "site". Each burst is a capture of
    its own, so that its time is exact, and has an annotation. The metadata and PATH.sigmf-collection are
    written when the flowgraph stops.

    `start_s` is the radio's time of the stream's sample 0, seconds since 1970.
    """

    def __init__(self, path, antennas, sample_rate, frequency, start_s=0):
        gr.basic_block.__init__(self, "sigmf_recorder", None, None)
        if antennas < 1:
            raise ValueError(f"sigmf_recorder: antennas: expected at least 1, found {antennas}")
        if sample_rate <= 0 or int(sample_rate) != sample_rate:
            raise ValueError("sigmf_recorder: sample_rate: expected a whole number above 0, "
                             f"found {sample_rate}")
        self.path, self.antennas = path, antennas
        self.rate, self.frequency, self.start_s = int(sample_rate), frequency, int(start_s)
        self.files = [open(f"{path}-{a}.sigmf-data", "wb") for a in range(antennas)]
        self.samples = 0
        self.captures, self.annotations = [], []
        self.message_port_register_in(pmt.intern("bursts"))
        self.set_msg_handler(pmt.intern("bursts"), self.take_burst)

    def take_burst(self, pdu):
        """Appends a burst to the recordings; one of the wrong size is logged and dropped."""
        about = pmt.car(pdu)
        samples = np.array(pmt.c32vector_elements(pmt.cdr(pdu)), dtype="<c8")
        if samples.size == 0 or samples.size % self.antennas:
            self.logger.error(f"burst refused: expected a multiple of {self.antennas} samples, "
                              f"found {samples.size}")
            return
        for file, stream in zip(self.files, samples.reshape(self.antennas, -1)):
            stream.tofile(file)
        count = samples.size // self.antennas
        start = entry(about, "start", self.samples)
        self.captures.append({
            "core:sample_start": self.samples, "core:global_index": start,
            "core:frequency": self.frequency,
            "core:datetime": radio_datetime(self.start_s, start, self.rate)})
        annotation = {"core:sample_start": self.samples, "core:sample_count": count,
                      "core:label": f"round {entry(about, 'round', 0)}"}
        for key in ("round", "device", "site"):
            value = entry(about, key)
            if value is not None:
                annotation[f"aircomp:{key}"] = value
        self.annotations.append(annotation)
        self.samples += count

    def stop(self):
        """Writes the metadata and the Collection."""
        if self.files:
            self.finish()
        return True

    def finish(self):
        streams = []
        for antenna, file in enumerate(self.files):
            file.close()
            base = f"{self.path}-{antenna}"
            meta = {
                "global": {
                    "core:datatype": "cf32_le", "core:version": VERSION,
                    "core:sample_rate": self.rate, "core:num_channels": 1,
                    "core:sha512": sha512(base + ".sigmf-data"),
                    "core:recorder": "gr-aircomp", "core:description": f"antenna {antenna}",
                    "core:collection": os.path.basename(self.path),
                    "core:extensions": [EXTENSION]},
                "captures": self.captures, "annotations": self.annotations}
            with open(base + ".sigmf-meta", "w", encoding="utf-8") as out:
                json.dump(meta, out, indent=2)
            streams.append({"name": os.path.basename(base), "hash": sha512(base + ".sigmf-meta")})
        self.files = []
        collection = {"collection": {"core:version": VERSION, "core:streams": streams,
                                     "core:extensions": [EXTENSION]}}
        with open(self.path + ".sigmf-collection", "w", encoding="utf-8") as out:
            json.dump(collection, out, indent=2)


def expect(holds, path, what):
    if not holds:
        raise ValueError(f"{path}: expected {what}")


def check_segments(path, name, segments, samples):
    """Captures and annotations: sorted, within the data."""
    starts = [s.get("core:sample_start") for s in segments]
    expect(all(isinstance(s, int) and 0 <= s < samples for s in starts), path,
           f"{name} with a core:sample_start within the data")
    expect(starts == sorted(starts), path, f"{name} sorted by core:sample_start")


def read_recording(base):
    """Samples (complex64) and metadata of BASE.sigmf-data and BASE.sigmf-meta.

    Throws ValueError naming the first rule of the specification that the files break.
    """
    path = base + ".sigmf-meta"
    with open(path, encoding="utf-8") as file:
        meta = json.load(file)
    expect(set(meta) >= {"global", "captures", "annotations"}, path,
           "global, captures and annotations")
    about = meta["global"]
    expect(about.get("core:datatype") == "cf32_le", path, "core:datatype cf32_le")
    expect(re.fullmatch(r"\d+\.\d+\.\d+", about.get("core:version", "")), path, "a core:version")
    expect(about.get("core:sample_rate", 0) > 0, path, "a core:sample_rate above 0")
    for extension in about.get("core:extensions", []):
        expect(set(extension) == {"name", "version", "optional"}, path,
               "extensions with name, version and optional")
    samples = np.fromfile(base + ".sigmf-data", "<c8")
    expect(about.get("core:sha512", "") in ("", sha512(base + ".sigmf-data")), path,
           "the core:sha512 of the data")
    check_segments(path, "captures", meta["captures"], samples.size)
    check_segments(path, "annotations", meta["annotations"], samples.size)
    for capture in meta["captures"]:
        expect(DATETIME.fullmatch(capture.get("core:datetime", "1970-01-01T00:00:00Z")), path,
               "core:datetime in UTC")
    for note in meta["annotations"]:
        expect(note["core:sample_start"] + note.get("core:sample_count", 0) <= samples.size, path,
               "annotations that end within the data")
    return samples, meta


def read_collection(path):
    """Samples and metadata of every Recording of PATH.sigmf-collection, in order.

    Throws ValueError as read_recording() does, and where a Recording is not the one it was.
    """
    with open(path + ".sigmf-collection", encoding="utf-8") as file:
        collection = json.load(file)["collection"]
    recordings = []
    for stream in collection["core:streams"]:
        base = os.path.join(os.path.dirname(path), stream["name"])
        expect(sha512(base + ".sigmf-meta") == stream["hash"], base + ".sigmf-meta",
               "the hash in the collection")
        recordings.append(read_recording(base))
    return recordings
