# SPDX-License-Identifier: GPL-3.0-or-later
"""Every message that a block takes or makes: its keys, their types and units. build() makes one from
Python's values, read() gives Python's values of one, and both refuse what is none."""
import dataclasses

import numpy as np
import pmt

ROUND = ("round", "uint64", "", "which round; 0 where it is left out")
FROM_ROUND = ("round", "uint64", "", "from which the others hold; left out: at once")
TIME = ("time", "uint64", "ticks", "of the radio's clock: when its first sample is sent or received")
SOUNDING = ("sounding", "bool", "", "whether the devices sound in this round")
FOUND = ("found", "bool", "", "left out are all below where it is false")
DEVICE = ("device", "uint64", "", "whose")
CAPTURE = [
    ROUND,
    ("first", "int64", "samples", "of the stream, with which the window begins; below 0: zeros stand in"),
    ("start", "uint64", "samples", "of the stream, at which the burst begins, or on a grid the window"),
    ("offset", "double", "cycles/sample", "carrier offset by the preamble"),
    ("snr", "double", "", "of the preamble, a ratio"),
    ("statistic", "double", "", "of the detector, over its threshold"),
    ("rx_time", "tuple", "s", "(uint64, double): whole seconds and their fraction, as UHD tags them"),
    ("rx_time_at", "uint64", "samples", "of the stream, that rx_time is the time of")]
RECEIVED = [
    FOUND,
    ("offset", "double", "cycles/sample", "carrier offset by the preamble"),
    ("snr", "double", "", "of the preamble, a ratio"),
    ("noise_power_w", "double", "W", "an antenna, over the used bandwidth"),
    ("pilot_gain", "double", "", "received over expected pilots: 1 where no device is missing"),
    ("confidence", "double", "", "probability that no device is missing and none there twice"),
    ("evm", "f64vector", "", "[streams]: rms error of the pilots over their rms"),
    ("phase", "f64vector", "rad", "[symbols]: common phase that was taken out")]
ORDER = [
    ROUND, SOUNDING,
    ("new_reference", "bool", "", "the first header becomes the reference of all phases"),
    ("begin_anew", "bool", "", "the clocks were set: earlier headers mean nothing any more"),
    ("site", "symbol", "", "kind of site whose partials are summed"),
    ("headers", "u64vector", "ticks", "at which the server's headers begin, ascending"),
    ("header_antenna", "uint64", "", "of the server, that sends them"), TIME,
    ("scale", "double", "", "what every device divides its vector by")]
WINDOW_REPORT = [
    ROUND, ("state", "symbol", "", "whole, overflowed or missing"),
    ("mean_dbfs", "double", "dBFS", "of a whole one, at the loudest antenna's converter"),
    ("peak_dbfs", "double", "dBFS", "of a whole one, the largest |I| or |Q|")]
BURST_REPORT = [
    ROUND, ("clipped", "uint64", "", "reals beyond the clip level"),
    ("mean_power_w", "double", "W", "of all antennas together, between the ramps"),
    ("peak_power_w", "double", "W", "of the antenna with the highest peak"),
    ("papr_db", "double", "dB", "the highest peak over the same antenna's mean")]
LEVEL_REPORT = [
    ROUND, ("passed", "bool", "", "whether the burst did"),
    ("clipped", "uint64", "", "samples of all antennas"),
    ("mean_dbfs", "double", "dBFS", "of the loudest antenna"),
    ("peak_dbfs", "double", "dBFS", "of the loudest antenna: largest |I| or |Q|, before clipping")]
HEADER_REPORT = [
    ROUND, FOUND, ("snr_db", "double", "dB", "of the last header; there in any case"),
    ("offset_hz", "double", "Hz", "that the device's oscillator is predicted to be ahead")]
DEVICE_ESTIMATE = [
    ("found", "bool", "", "whether the device was heard; where not, its channel is 0"),
    ("mmse", "c32vector", "", "[used subcarriers, server antennas, device antennas]: channel"),
    ("least_squares", "c32vector", "", "the same, by least squares"),
    ("least_squares_variance", "double", "", "error of an entry"),
    ("mmse_variance", "f64vector", "", "[resource blocks]: error of an entry"),
    ("path_gain", "double", "", "mean squared entry"),
    ("delay_samples", "double", "samples", "mean delay after the burst's start, power-weighted")]
ESTIMATES = [
    ROUND, FOUND,
    ("reference", "int64", "samples", "of the window: a burst that begins there has no phase slope"),
    ("offset", "double", "cycles/sample", "common carrier offset that was taken out"),
    ("noise_power_w", "double", "W", "an antenna, over the used bandwidth"),
    ("devices", "vector", "", "[devices]: a dictionary each, see Device estimate")]
RADIO_SETTINGS = [
    ("carrier_offset_hz", "double", "Hz", "its oscillator above the nominal carrier"),
    ("sampling_offset_ppm", "double", "ppm", "its clock fast, within 1000"),
    ("timing_offset", "double", "samples", "by which it acts late, within most_offset"),
    ("linewidth_hz", "double", "Hz", "of its Wiener phase noise"),
    ("iq_gain_db", "double", "dB", "in-phase over quadrature branch, within 20"),
    ("iq_phase_deg", "double", "degrees", "by which the branches miss quadrature, within 90"),
    ("full_scale", "double", "", "largest |I| and |Q|; 0: no limit"),
    ("converter_bits", "int64", "bits", "2 to 16; 0: not quantised"),
    ("on", "bool", "", "off: it sends nothing, or receives only noise")]
PHASE_SETTINGS = [
    ("phase", "double", "rad", "of the device's oscillator over the server's, at the first sample"),
    ("offset", "double", "cycles/sample", "by which that phase grows")]
MODULATION = [
    ("streams", "uint64", "", "at most as many as antennas"),
    ("bits", "uint64", "bits", "of a symbol: 2, 4, 6 or 8"),
    ("rate", "symbol", "", "1/2, 2/3, 3/4 or 5/6"),
    ("repetitions", "uint64", "", "of every coded bit"),
    ("power_w", "double", "W", "above 0: mean of a burst, all antennas together")]
TRAINING = ("training", "bool", "", "the burst from which devices learn the streams")

# (block, port, direction): payload of a PDU or None for a dictionary, keys.
TABLE = {
    ("Vector Source", "vectors*, all", "out"): ("f32vector", "[length]", [ROUND, DEVICE, SOUNDING]),
    ("Vector Source", "reports", "in"): (None, "any message: a round has come back", []),
    ("Vector Reader", "bytes", "in"): ("u8vector", "32-bit floats in the host's order", []),
    ("Vector Reader", "vectors", "out"): ("f32vector", "[length]", [ROUND]),
    ("Preprocessor", "vectors", "in"): ("f32vector", "[length]; anything in a sounding",
                                        [ROUND, SOUNDING]),
    ("Preprocessor", "settings", "in"): (None, "", [
        FROM_ROUND, ("scale", "double", "", "above 0: what the vector is divided by"),
        ("second_moment", "double", "W", "above 0: power of the symbols before precoding"),
        ("clip_level", "double", "", "largest real, in units of sqrt(second_moment / 2)"),
        ("precoders", "c32vector", "", "[resource blocks, antennas, streams]"),
        ("preamble_power_w", "double", "W", "of the first antenna, which alone sends the preamble"),
        *PHASE_SETTINGS,
        ("sounding_power_w", "double", "W", "above 0: an antenna, in soundings")]),
    ("Preprocessor", "bursts", "out"): ("c32vector", "[antennas, samples], sqrt(W); none: silence",
                                        [ROUND, SOUNDING]),
    ("Preprocessor", "reports", "out"): (None, "", BURST_REPORT),
    ("Burst Timer", "bursts", "in"): ("c32vector", "[antennas, samples]", [ROUND, TIME]),
    ("Burst Timer", "start", "in"): (None, "a uint64 alone: whole second of round 0", []),
    ("Channel Emulator", "settings", "in"): (None, "", [
        ("at", "uint64", "samples", "input sample from which the others hold; left out: at once"),
        ("noise_power", "double", "W", "a sample at every receive antenna"),
        ("transmitter", "uint64", "", "radio that the keys of a radio, below, are for"),
        ("receiver", "uint64", "", "the same"), *RADIO_SETTINGS,
        ("receive_stream", "uint64", "", "link that delays and gains are for"),
        ("transmit_stream", "uint64", "", "the same"),
        ("delays", "f64vector", "samples", "[paths]"), ("gains", "c64vector", "", "[paths]")]),
    ("Frame Sync", "windows", "out"): ("c32vector", "[antennas, window_samples]", CAPTURE),
    ("Postprocessor", "windows", "in"): ("c32vector", "[antennas, window_samples]",
                                         [*CAPTURE, SOUNDING]),
    ("Postprocessor", "settings", "in"): (None, "", [
        FROM_ROUND, ("scale", "double", "", "above 0: what the devices divide by"),
        ("combiners", "c32vector", "", "[resource blocks, streams, antennas]"),
        ("pilot_reference", "c32vector", "", "[resource blocks, streams]: pilots of a whole round"),
        ("smallest_part", "double", "", "0 to 1: a device's least part in the pilots"),
        ("channel_reference", "int64", "samples", "of the window, as the sounder's reference")]),
    ("Postprocessor", "sums", "out"): ("f32vector", "[length]", [*CAPTURE, *RECEIVED]),
    ("Postprocessor", "reports", "out"): (None, "", [ROUND, *RECEIVED]),
    ("Sounder", "windows", "in"): ("c32vector", "[antennas, window_samples]", [*CAPTURE, SOUNDING]),
    ("Sounder", "settings", "in"): (None, "", [
        FROM_ROUND, ("power_w", "f64vector", "W", "[devices]: an antenna; 0: it does not sound")]),
    ("Sounder", "estimates", "out"): (None, "", ESTIMATES),
    ("Sounder", "Device estimate", "out"): (None, "an entry of devices", DEVICE_ESTIMATE),
    ("Channel Inverter", "estimates", "in"): (None, "", ESTIMATES),
    ("Channel Inverter", "settings*", "out"): (None, "", [
        FROM_ROUND, ("precoders", "c32vector", "", "[resource blocks]")]),
    ("Channel Inverter", "server", "out"): (None, "", [
        FROM_ROUND, ("channel_reference", "int64", "samples", "as the sounder's reference")]),
    ("Round Monitor", "vectors", "in"): ("f32vector", "[length]", [ROUND, DEVICE, SOUNDING]),
    ("Round Monitor", "sums", "in"): ("f32vector", "[length]", [*CAPTURE, *RECEIVED]),
    ("Round Monitor", "reports", "in"): (None, "", [ROUND, *RECEIVED]),
    ("Round Monitor", "estimates", "in"): (None, "", ESTIMATES),
    ("Round Monitor", "nmse, evm, lost", "out"): (
        None, "a pair (symbol, double): dB, percent, rounds", []),
    ("Round Monitor", "phase", "out"): (
        None, "a pair (symbol, f64vector): [devices], degrees", []),
    ("Round Monitor", "symbols, phasors", "out"): ("c32vector", "for a constellation sink", []),
    ("SigMF Recorder", "bursts", "in"): ("c32vector", "[antennas, samples]", [
        *CAPTURE, DEVICE, ("site", "symbol", "", "kind of site")]),
    ("Window Cutter", "expect", "in"): (None, "", [
        ROUND, TIME, ("samples", "uint64", "samples", "an antenna, at most 2^24"), SOUNDING,
        TRAINING]),
    ("Window Cutter", "windows", "out"): ("c32vector", "[antennas, samples], sqrt(W)", [
        ROUND, TIME, ("samples", "uint64", "samples", "an antenna"), SOUNDING, TRAINING]),
    ("Window Cutter", "reports", "out"): (None, "", WINDOW_REPORT),
    ("Header Source", "rounds", "in"): ("any", "not looked at", ORDER),
    ("Header Source", "bursts", "out"): ("c32vector", "[antennas, samples], sqrt(W)", [ROUND, TIME]),
    ("Multicast Source", "messages", "in"): ("u8vector", "bytes; not looked at in a training", [
        ROUND, TIME, ("header_antenna", "uint64", "", "that sends the header"), TRAINING]),
    ("Multicast Source", "settings", "in"): (None, "", [
        FROM_ROUND, *MODULATION,
        ("beams", "c32vector", "", "[antennas, streams]: columns of norm 1")]),
    ("Multicast Source", "bursts", "out"): ("c32vector", "[antennas, samples], sqrt(W)", [ROUND, TIME]),
    ("Multicast Receiver", "windows", "in"): ("c32vector", "[antennas, lead + burst + tail]", [
        ROUND, TRAINING, *PHASE_SETTINGS]),
    ("Multicast Receiver", "settings", "in"): (None, "", [FROM_ROUND, *MODULATION]),
    ("Multicast Receiver", "messages", "out"): ("u8vector", "bytes; none where none was decoded", [
        ROUND, TRAINING, ("found", "bool", "", "checksum right, or training heard"),
        ("evm", "double", "", "of the pilots, mean over streams"),
        ("noise_power_w", "double", "W", "an antenna, over the used bandwidth")]),
    ("Header Tracker", "rounds", "in"): ("f32vector", "[length]", ORDER),
    ("Header Tracker", "windows", "in"): ("c32vector", "[antennas, samples]", [ROUND, TIME, SOUNDING]),
    ("Header Tracker", "settings", "out"): (None, "", [FROM_ROUND, *PHASE_SETTINGS]),
    ("Header Tracker", "vectors", "out"): ("f32vector", "[length]", ORDER),
    ("Header Tracker", "reports", "out"): (None, "", HEADER_REPORT),
    ("Transmit Guard", "bursts", "in"): ("c32vector", "[antennas, samples], sqrt(W)",
                                         [ROUND, TIME, SOUNDING]),
    ("Transmit Guard", "bursts", "out"): ("c32vector", "[antennas, samples], 1 is full scale",
                                          [ROUND, TIME, SOUNDING]),
    ("Transmit Guard", "reports", "out"): (None, "", LEVEL_REPORT),
    ("Radio Control", "commands", "in"): (None, "", [
        ("id", "int64", "", "which comes back with the answer"),
        ("do", "symbol", "", "last_pulse, set_time_at_next_pulse, tune or now"),
        ("time", "int64", "ticks", "of set_time_at_next_pulse and tune")]),
    ("Radio Control", "answers", "out"): (None, "", [
        ("id", "int64", "", "of the command"),
        ("ticks", "s64vector", "ticks", "[boards] of last_pulse, [1] of now, else []"),
        ("error", "symbol", "", "why not, where there are no ticks")]),
    ("Radio Control", "rounds", "in"): ("any", "not looked at", ORDER),
    ("Radio Control", "expect", "out"): (None, "", [
        ROUND, TIME, ("samples", "uint64", "samples", "an antenna"), SOUNDING]),
    ("Radio Control", "late", "out"): (None, "", [ROUND]),
    ("Round Link", "rounds", "out"): ("f32vector", "[length]", ORDER),
    ("Round Link", "settings", "out"): (None, "those of Preprocessor, Postprocessor or Sounder", []),
    ("Round Link", "commands", "out"): (None, "those of Radio Control", []),
    ("Round Link", "answers, late, windows, headers, transmitter, levels, events, sums, receiver, "
     "estimates", "in"): (None, "each as the block makes it that sends it", []),
}


@dataclasses.dataclass(frozen=True)
class message:
    """What one port takes or makes: payload is the type of a PDU's, "any", or None where it takes a
    dictionary alone; keys give each entry's (type, unit, meaning)."""
    payload: object
    note: str
    keys: dict


def is_whole(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_real(value):
    return is_whole(value) or isinstance(value, (float, np.floating))


# Of a type: whether a Python value fits, how it becomes a PMT, whether a PMT is one.
TYPES = {
    "bool": (lambda v: isinstance(v, bool), pmt.from_bool, pmt.is_bool),
    "uint64": (lambda v: is_whole(v) and 0 <= v < 2 ** 64, pmt.from_uint64,
               lambda p: pmt.is_uint64(p) or pmt.is_integer(p) and pmt.to_long(p) >= 0),
    "int64": (lambda v: is_whole(v) and -2 ** 63 <= v < 2 ** 63, pmt.from_long,
              lambda p: pmt.is_integer(p) or pmt.is_uint64(p)),
    "double": (is_real, lambda v: pmt.from_double(float(v)), pmt.is_real),
    "symbol": (lambda v: isinstance(v, str), pmt.intern, pmt.is_symbol),
    "tuple": (lambda v: isinstance(v, tuple) and len(v) == 2,
              lambda v: pmt.make_tuple(pmt.from_uint64(v[0]), pmt.from_double(v[1])), pmt.is_tuple),
    "vector": (lambda v: isinstance(v, (list, tuple)), lambda v: to_vector(v), pmt.is_vector),
}


def to_vector(devices):
    """The sounder's list of devices, a dictionary each."""
    out = pmt.make_vector(len(devices), pmt.PMT_NIL)
    for number, entries in enumerate(devices):
        pmt.vector_set(out, number, build("Sounder", "Device estimate", **entries))
    return out


def add_uniform(name, convert):
    make, test = getattr(pmt, f"init_{name}"), getattr(pmt, f"is_{name}")
    TYPES[name] = (lambda v: np.ndim(v) >= 1,
                   lambda v: make(int(np.size(v)), [convert(x) for x in np.ravel(v)]), test)


for uniform, python_type in (("u8vector", int), ("u64vector", int), ("s64vector", int),
                             ("f32vector", float), ("f64vector", float), ("c32vector", complex),
                             ("c64vector", complex)):
    add_uniform(uniform, python_type)


def of(block, port, direction=None):
    """The message of a block's port, by the names of docs: of("Preprocessor", "settings"). A direction,
    "in" or "out", is needed where a port goes both ways."""
    for (own, ports, way), (payload, note, keys) in TABLE.items():
        if own == block and direction in (None, way) and any(
                port == name or name.endswith("*") and port.startswith(name[:-1])
                for name in ports.split(", ")):
            return message(payload, note, {key: rest for key, *rest in keys})
    raise ValueError(f"{block}: has no port '{port}'")


def require(holds, where, expected, found):
    if not holds:
        raise ValueError(f"{where}: expected {expected}, found {found!r}")


def build(block, port, payload=None, **entries):
    """The PMT of a message, from Python's values: build("Preprocessor", "settings", scale=2.0).

    Vectors are anything that NumPy takes, in the order of their shape. Raises ValueError on a key that
    the port does not know and on a value of another type.
    """
    form = of(block, port)
    out = pmt.make_dict()
    for key, value in entries.items():
        require(key in form.keys, f"{block}: {port}", f"one of {', '.join(form.keys)}", key)
        kind = form.keys[key][0]
        fits, make, _ = TYPES[kind]
        require(fits(value), f"{block}: {port}: {key}", kind, value)
        out = pmt.dict_add(out, pmt.intern(key), make(value))
    if form.payload is None:
        return out
    if form.payload == "any":
        return pmt.cons(out, pmt.PMT_NIL if payload is None else payload)
    fits, make, _ = TYPES[form.payload]
    require(payload is not None and fits(payload), f"{block}: {port}", form.payload, payload)
    return pmt.cons(out, make(payload))


def read(block, port, found, direction=None):
    """Python's values of a message, a dictionary; a PDU's payload is under "payload".

    Raises ValueError on a message of another form, an unknown key, and a value of another type.
    """
    form = of(block, port, direction)
    where = f"{block}: {port}"
    entries, out = found, {}
    if form.payload is not None:
        require(pmt.is_pair(found), where, "a PDU", str(found))
        entries = pmt.car(found)
        if form.payload != "any":
            require(TYPES[form.payload][2](pmt.cdr(found)), where, form.payload,
                    str(pmt.cdr(found))[:80])
            out["payload"] = np.array(to_python(pmt.cdr(found)))
    require(pmt.is_dict(entries), where, "a dictionary", str(entries)[:80])
    names = pmt.dict_keys(entries)
    for number in range(pmt.length(names)):
        key = pmt.symbol_to_string(pmt.nth(number, names))
        value = pmt.dict_ref(entries, pmt.intern(key), pmt.PMT_NIL)
        require(key in form.keys, where, f"one of {', '.join(form.keys)}", key)
        kind = form.keys[key][0]
        require(TYPES[kind][2](value), f"{where}: {key}", kind, str(value)[:80])
        out[key] = to_python(value)
    return out


def to_python(value):
    """Of any PMT; pmt.to_python knows no u64vector."""
    if pmt.is_u64vector(value):
        return np.array(pmt.u64vector_elements(value), np.uint64)
    return pmt.to_python(value)


def page():
    """The tables of docs/gnuradio-messages.md, a section a block."""
    lines, last = [], None
    for (block, port, way), (payload, note, keys) in TABLE.items():
        if block != last:
            lines += [f"## {block}", ""]
        last = block
        what = f"PDU of {payload}" if payload else "dictionary" if keys else ""
        title = f"**{port}**, {way}: " + ": ".join(part for part in (what, note) if part)
        lines += [title, ""]
        if keys:
            lines += ["| key | type | unit | |", "| --- | --- | --- | --- |"]
            lines += [f"| `{key}` | {kind} | {unit} | {text} |" for key, kind, unit, text in keys]
            lines += [""]
    return "\n".join(lines)
