# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings and Collections of the Signal Metadata Format, held to its rules while they are read."""
import json
import os

import jsonschema
import numpy as np

from .sigmf_recorder import sha512
from .sigmf_schema import COLLECTION, METADATA


def expect(holds, path, what):
    if not holds:
        raise ValueError(f"{path}: expected {what}")


def read_json(path, schema):
    """What the file holds. Throws ValueError naming file, key, what was expected and found."""
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema).iter_errors(found))
    if error is not None:
        key = ".".join(map(str, error.absolute_path))
        expected = error.schema.get("description", "what SigMF allows")
        raise ValueError(f"{path}: {key}: expected {expected}, found: {error.message}")
    return found


def check_segments(path, name, segments, samples):
    """Captures and annotations: sorted, within the data."""
    starts = [segment["core:sample_start"] for segment in segments]
    expect(all(start < samples for start in starts), path,
           f"{name} with a core:sample_start within the data")
    expect(starts == sorted(starts), path, f"{name} sorted by core:sample_start")


def check_namespaces(path, meta):
    """A namespace other than core has to be declared."""
    declared = {"core"} | {e["name"] for e in meta["global"].get("core:extensions", [])}
    for segment in [meta["global"], *meta["captures"], *meta["annotations"]]:
        used = {key.split(":")[0] for key in segment}
        expect(used <= declared, path, f"core:extensions that name {', '.join(used - declared)}")


def read_recording(base):
    """Samples (complex64) and metadata of BASE.sigmf-data and BASE.sigmf-meta.

    Throws ValueError naming a rule of the specification that the files break.
    """
    path = base + ".sigmf-meta"
    meta = read_json(path, METADATA)
    about = meta["global"]
    expect(about["core:datatype"] == "cf32_le", path, "core:datatype cf32_le")
    samples = np.fromfile(base + ".sigmf-data", "<c8")
    expect(about.get("core:sha512") in (None, sha512(base + ".sigmf-data")), path,
           "the core:sha512 of the data")
    check_segments(path, "captures", meta["captures"], samples.size)
    check_segments(path, "annotations", meta["annotations"], samples.size)
    check_namespaces(path, meta)
    for note in meta["annotations"]:
        expect(note["core:sample_start"] + note["core:sample_count"] <= samples.size, path,
               "annotations that end within the data")
    return samples, meta


def read_collection(path):
    """Samples and metadata of every Recording of PATH.sigmf-collection, in order.

    Throws ValueError as read_recording() does, and where a Recording is not the one it was.
    """
    collection = read_json(path + ".sigmf-collection", COLLECTION)["collection"]
    recordings = []
    for stream in collection.get("core:streams", []):
        base = os.path.join(os.path.dirname(path), stream["name"])
        expect(sha512(base + ".sigmf-meta") == stream["hash"], base + ".sigmf-meta",
               "the hash in the collection")
        recordings.append(read_recording(base))
    return recordings
