# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Signal Metadata Format 1.x asks of a Recording's metadata and of a Collection, as JSON schemas.

Written from the specification, https://github.com/sigmf/SigMF: its core namespace, and ours. What one
key asks of another, or of the data, is no schema's: sigmf_reader checks it.
"""
TEXT = {"type": "string"}
INDEX = {"type": "integer", "minimum": 0, "maximum": 2 ** 64 - 1}
NUMBER = {"type": "number"}
VERSION = {"type": "string", "pattern": r"^1\.\d+\.\d+$", "description": "a version 1.x.x"}
SHA512 = {"type": "string", "pattern": "^[0-9a-fA-F]{128}$", "description": "a SHA512 in hexadecimal"}
DATETIME = {
    "type": "string",
    "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?Z$",
    "description": "a time in UTC, as in 2017-02-01T15:05:03.000Z"}
EXTENSIONS = {"type": "array", "items": {
    "type": "object", "required": ["name", "version", "optional"], "additionalProperties": False,
    "properties": {"name": TEXT, "version": TEXT, "optional": {"type": "boolean"}}}}


def segment(required, properties):
    """An object whose keys are the specification's, or of a namespace that is not core."""
    return {"type": "object", "required": required, "properties": properties,
            "patternProperties": {"^(?!core:)[^:]+:": {}}, "additionalProperties": False}


GLOBAL = segment(["core:datatype", "core:version"], {
    "core:datatype": {"type": "string", "description": "a type of samples such as cf32_le",
                      "pattern": "^[cr]([fiu]32_(le|be)|f64_(le|be)|[iu]16_(le|be)|[iu]8)$"},
    "core:version": VERSION,
    "core:sample_rate": {"type": "number", "exclusiveMinimum": 0},
    "core:num_channels": {"type": "integer", "minimum": 1},
    "core:sha512": SHA512,
    "core:offset": INDEX,
    "core:trailing_bytes": {"type": "integer", "minimum": 1},
    "core:metadata_only": {"type": "boolean"},
    "core:dataset": {"type": "string", "pattern": r"^[^/\\:*?\"<>|]+$", "description": "a file's name"},
    "core:license": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:", "description": "a URL"},
    "core:geolocation": {"type": "object", "required": ["type", "coordinates"]},
    "core:extensions": EXTENSIONS,
    **{f"core:{key}": TEXT for key in ("author", "collection", "data_doi", "description", "hw",
                                       "meta_doi", "recorder")}})

CAPTURE = segment(["core:sample_start"], {
    "core:sample_start": INDEX, "core:global_index": INDEX, "core:header_bytes": INDEX,
    "core:frequency": NUMBER, "core:datetime": DATETIME,
    "core:geolocation": {"type": "object", "required": ["type", "coordinates"]}})

ANNOTATION = segment(["core:sample_start", "core:sample_count"], {
    "core:sample_start": INDEX, "core:sample_count": INDEX,
    "core:freq_lower_edge": NUMBER, "core:freq_upper_edge": NUMBER,
    "core:label": {"type": "string", "maxLength": 20},
    "core:comment": TEXT, "core:generator": TEXT, "core:uuid": TEXT,
    "aircomp:round": INDEX, "aircomp:device": INDEX, "aircomp:site": TEXT})
ANNOTATION["dependentRequired"] = {"core:freq_lower_edge": ["core:freq_upper_edge"],
                                   "core:freq_upper_edge": ["core:freq_lower_edge"]}

METADATA = {
    "type": "object", "required": ["global", "captures", "annotations"],
    "additionalProperties": False,
    "properties": {"global": GLOBAL, "captures": {"type": "array", "items": CAPTURE},
                   "annotations": {"type": "array", "items": ANNOTATION}}}

COLLECTION = {
    "type": "object", "required": ["collection"], "additionalProperties": False,
    "properties": {"collection": segment(["core:version"], {
        "core:version": VERSION, "core:extensions": EXTENSIONS,
        "core:streams": {"type": "array", "items": {
            "type": "object", "required": ["name", "hash"], "additionalProperties": False,
            "properties": {"name": TEXT, "hash": SHA512}}},
        **{f"core:{key}": TEXT for key in ("author", "collection_doi", "description", "license")}})}}
