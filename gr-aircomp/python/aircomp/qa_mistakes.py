# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody may do wrong to a block: messages of every kind, samples that are no numbers, sizes of
buffers, setters at any time. For qa_other_peoples_flowgraphs.py; all of it is drawn from a seed."""
import re

import numpy as np
import pmt
from qa_pmt import keys_of

NUMBERS = (0, 1, 5, 1000, 2 ** 31, 2 ** 62, 2 ** 63, 2 ** 64 - 1)
REALS = (0.0, 1e-3, 5.0, -1.0, 1e300, 1e-320, float("nan"), float("inf"), -float("inf"))
SAMPLES = np.array([0, 1, -1j, 1e-30, 1e20, 3e38, float("nan"), float("inf"), complex(0, -float("inf"))],
                   np.complex64)


class chance:
    """Random values, the same for a seed."""

    def __init__(self, seed):
        self.draw = np.random.default_rng(seed)

    def pick(self, values):
        return values[int(self.draw.integers(len(values)))]

    def vector(self):
        """A uniform vector of any type and of a few elements."""
        count = int(self.draw.integers(7))
        kind = self.pick(("u8", "s16", "u32", "s64", "u64", "f32", "f64", "c32", "c64"))
        if kind[0] == "c":
            values = [complex(self.pick(SAMPLES)) for _ in range(count)]
        elif kind[0] == "f":
            values = [min(self.pick(REALS), 3e38) for _ in range(count)]
        else:
            values = [self.pick(NUMBERS[:3]) for _ in range(count)]
            if kind == "u64":
                values = sorted(self.pick(NUMBERS) for _ in range(count))
        return getattr(pmt, f"init_{kind}vector")(count, values)

    def value(self, depth=2):
        """A PMT of any type."""
        makers = [lambda: pmt.PMT_NIL, lambda: pmt.PMT_T, lambda: pmt.PMT_F,
                  lambda: pmt.from_long(int(self.draw.integers(-3, 70))),
                  lambda: pmt.from_uint64(self.pick(NUMBERS)),
                  lambda: pmt.from_double(self.pick(REALS)),
                  lambda: pmt.from_complex(complex(self.pick(SAMPLES))),
                  lambda: pmt.intern(self.pick(("", "round", "text"))), self.vector, self.vector]
        if depth > 0:
            makers += [lambda: pmt.make_tuple(self.value(depth - 1), self.value(depth - 1)),
                       lambda: pmt.cons(self.value(depth - 1), self.value(depth - 1)),
                       lambda: pmt.make_vector(2, self.value(depth - 1))]
        return self.pick(makers)()

    def message(self, right):
        """A wrong message: any value, or one of the `right` messages with something wrong in it."""
        if not right or self.draw.random() < 0.3:
            return self.value()
        message = self.pick(right)
        payload = None
        if pmt.is_pair(message) and not pmt.is_dict(message):
            message, payload = pmt.car(message), pmt.cdr(message)
        keys = keys_of(message)
        if keys and (payload is None or self.draw.random() < 0.6):
            message = pmt.dict_add(message, self.pick(keys), self.value())
        elif payload is not None:
            payload = self.value()
        return message if payload is None else pmt.cons(message, payload)

    def samples(self, count):
        """Samples that are no numbers, huge ones and silence among ordinary ones."""
        samples = self.draw.normal(size=(count, 2)) @ [1, 1j]
        wrong = self.draw.random(count) < 0.02
        samples[wrong] = self.draw.choice(SAMPLES, int(np.count_nonzero(wrong)))
        return samples.astype(np.complex64)

    def argument(self, kind):
        """An argument of a setter whose signature says so."""
        inner = re.fullmatch(r"(?:typing\.)?(?:List|list|Sequence)\[(.*)\]", kind)
        if inner:
            return [self.argument(inner[1]) for _ in range(int(self.draw.integers(4)))]
        if kind in ("float", "complex", "SupportsFloat"):
            return self.pick(REALS)
        if kind == "bool":
            return bool(self.draw.integers(2))
        if kind == "int":
            return int(self.draw.integers(4))
        raise TypeError(f"a setter takes a {kind}: tell {__name__} what that may be")


def setters(block):
    """The block's own setters, not GNU Radio's, each with the types of its arguments."""
    found = {}
    for name, value in vars(type(block)).items():
        if name.startswith("set_") and callable(value):
            signature = value.__doc__.split("\n")[0]
            found[name] = re.findall(r"\w+: ([\w.]+(?:\[[^\]]*\])?)", signature)[1:]
    return found
