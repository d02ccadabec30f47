# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages out of Python's values and back, for tests: also wrong ones, which aircomp.messages refuses."""
import pmt


def to_pmt(value):
    """Whole numbers from 0 on become uint64, lists of them u64vector; a PMT stays what it is."""
    if isinstance(value, type(pmt.PMT_NIL)):
        return value
    if isinstance(value, bool):
        return pmt.from_bool(value)
    if isinstance(value, int) and value >= 0:
        return pmt.from_uint64(value)
    if isinstance(value, bytes):
        return pmt.init_u8vector(len(value), list(value))
    if isinstance(value, list):
        return pmt.init_u64vector(len(value), value)
    return pmt.to_pmt(value)


def dictionary(**entries):
    """A PMT dictionary of what to_pmt() makes of each value."""
    out = pmt.make_dict()
    for key, value in entries.items():
        out = pmt.dict_add(out, pmt.intern(key), to_pmt(value))
    return out


def plain(value):
    """Python's value of a PMT; pmt.to_python knows no u64vector."""
    if pmt.is_dict(value):
        keys = pmt.dict_keys(value)
        return {plain(key): plain(pmt.dict_ref(value, key, pmt.PMT_NIL))
                for key in (pmt.nth(i, keys) for i in range(pmt.length(keys)))}
    if pmt.is_u64vector(value):
        return pmt.u64vector_elements(value)
    if pmt.is_pair(value):
        return [plain(pmt.car(value)), plain(pmt.cdr(value))]
    if pmt.is_vector(value):
        return [plain(pmt.vector_ref(value, i)) for i in range(pmt.length(value))]
    return pmt.to_python(value)


def keys_of(message):
    """The keys of a dictionary, or of a PDU's metadata."""
    if pmt.is_pair(message) and not pmt.is_dict(message):
        message = pmt.car(message)
    if not pmt.is_dict(message):
        return []
    keys = pmt.dict_keys(message)
    return [pmt.nth(i, keys) for i in range(pmt.length(keys))]
