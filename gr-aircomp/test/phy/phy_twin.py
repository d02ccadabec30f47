#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: phy_twin.py data|sounding FOLDER

The signal kernels once more, in NumPy and double precision, for the format of twin_test.cpp: reads
the test's inputs as raw arrays from FOLDER and writes what the kernels should have computed."""
import pathlib
import sys

import numpy as np

SIZE, LOW, HIGH, PREFIX, PERIOD, PERIODS, PILOTS, BLOCK, RAMP = 64, 6, 5, 16, 64, 4, 4, 3, 16
SIGNS = [1, 1, 1, -1]
FREQUENCIES = np.array([f for f in range(-SIZE // 2 + LOW, SIZE // 2 - HIGH) if f != 0])
USED = len(FREQUENCIES)
NULLS = np.array(list(range(-SIZE // 2, -SIZE // 2 + LOW)) + list(range(SIZE // 2 - HIGH, SIZE // 2)))
PILOT_AT = np.array([(2 * i + 1) * USED // (2 * PILOTS) for i in range(PILOTS)])
DATA_AT = np.setdiff1d(np.arange(USED), PILOT_AT)
HEAD = RAMP + 2 * PREFIX + PERIOD * PERIODS
SYMBOL = SIZE + PREFIX
ramp_up = 0.5 - 0.5 * np.cos(np.pi * (np.arange(RAMP) + 0.5) / RAMP)
folder = pathlib.Path(sys.argv[2])


def read(name, kind=np.complex64):
    return np.fromfile(folder / name, kind).astype(complex if kind == np.complex64 else float)


def write(name, values, kind):
    np.ascontiguousarray(values, kind).tofile(folder / name)


def pilot_sign(symbol, pilot):
    value = (symbol * 31 + pilot) * 0x9E3779B1 & 0xFFFFFFFF
    value ^= value >> 15
    return -1 if (value * 0x85EBCA77 & 0xFFFFFFFF) >> 31 else 1


def to_samples(carriers):
    """[..., used] to [..., prefix + size], mean power that of a subcarrier."""
    bins = np.zeros(carriers.shape[:-1] + (SIZE,), complex)
    bins[..., FREQUENCIES] = carriers
    body = np.fft.ifft(bins) * SIZE / np.sqrt(USED)
    return np.concatenate([body[..., -PREFIX:], body], axis=-1)


def to_bins(body):
    return np.fft.fft(body) * np.sqrt(USED) / SIZE


def preamble():
    n = np.arange(PERIOD)
    period = np.exp(-3j * np.pi * n * n / PERIOD)
    sent = np.concatenate([sign * period for sign in SIGNS])
    return np.concatenate([np.tile(period, 2)[-RAMP - PREFIX:], sent, SIGNS[-1] * period[:PREFIX]])


def spread(per_block):
    """[blocks, ...] to [used, ...]."""
    return np.repeat(per_block, BLOCK, axis=0)[:USED]


def data_burst(vector, precoders):
    """[antennas, samples], the count of clipped reals, peak power."""
    limit = 2 * np.sqrt(0.8 / 2)
    reals = vector / 1.5
    clipped = np.sum(np.abs(reals) > limit)
    reals = np.clip(reals, -limit, limit)
    symbols = -(-len(vector) // (4 * len(DATA_AT)))
    reals = np.pad(reals, (0, symbols * 4 * len(DATA_AT) - len(vector)))
    packed = reals.reshape(symbols, 2, len(DATA_AT), 2) @ [1, 1j]
    streams = np.zeros((symbols, 2, USED), complex)
    streams[..., DATA_AT] = packed
    for s in range(symbols):
        streams[s][:, PILOT_AT] = np.sqrt(0.8) * np.array([pilot_sign(s, i) for i in range(PILOTS)])
    carriers = np.einsum("ktl,slk->tsk", spread(precoders.reshape(-1, 2, 2)), streams)
    body = to_samples(carriers)
    burst = np.zeros((2, HEAD + symbols * SYMBOL + RAMP), complex)
    burst[0, :HEAD] = np.sqrt(0.5) * preamble()
    burst[:, HEAD:-RAMP] = body.reshape(2, -1)
    burst[:, -RAMP:] = body[:, -1, PREFIX:PREFIX + RAMP]
    burst[:, :RAMP] *= ramp_up
    burst[:, -RAMP:] *= ramp_up[::-1]
    burst *= np.exp(-1j * (0.3 + 2 * np.pi * 1e-4 * np.arange(burst.shape[1])))
    return burst, clipped, np.max(np.abs(burst[:, RAMP:-RAMP]) ** 2)


def windows(received, begin, symbols, offset=0.0):
    """Fourier bodies, [antennas, symbols, size], of a burst whose windows begin at `begin`."""
    turned = received * np.exp(-2j * np.pi * offset * np.arange(received.shape[1]))
    first = begin + HEAD + PREFIX
    return np.stack([turned[:, first + s * SYMBOL:first + s * SYMBOL + SIZE]
                     for s in range(symbols)], axis=1)


def track(sums):
    """Phase per symbol: a line's slope from neighbours, then the mean of one to either side."""
    symbols = sums.sum(axis=1)
    rate = np.angle(np.sum(np.conj(symbols[:-1]) * symbols[1:])) if len(symbols) > 1 else 0
    phases = []
    for s in range(len(symbols)):
        near = np.arange(max(0, s - 1), min(len(symbols), s + 2))
        phases.append(np.angle(np.sum(symbols[near] * np.exp(1j * rate * (s - near)))))
    return np.array(phases)


def data():
    precoders, combiners = read("precoders"), read("combiners")
    vector = read("vector", np.float32)
    burst, clipped, peak = data_burst(vector, precoders)
    write("samples", burst, np.complex64)

    received = read("received").reshape(2, -1)
    start, breadth, offset, slope = np.fromfile(folder / "known")
    begin = int(np.clip(40 - PREFIX // 2, start + breadth - PREFIX, start))
    symbols = -(-len(vector) // (4 * len(DATA_AT)))
    bins = to_bins(windows(received, begin, symbols, offset))
    noise = np.mean(np.abs(bins[..., NULLS]) ** 2)
    a = spread(combiners.reshape(-1, 2, 2))
    combined = np.einsum("klr,rsk->slk", a, bins[..., FREQUENCIES])
    combined *= np.exp(-1j * (2 * np.pi * (begin - 40) / SIZE) * FREQUENCIES)
    reference = spread(read("reference").reshape(-1, 2))[PILOT_AT]
    signs = np.array([[pilot_sign(s, i) for i in range(PILOTS)] for s in range(symbols)])
    sums = np.einsum("il,sli->si", np.conj(reference), combined[..., PILOT_AT]) * signs
    phases = track(sums)
    combined *= np.exp(-1j * slope * FREQUENCIES) * np.exp(-1j * phases)[:, None, None]
    found = combined[:, 1, PILOT_AT] * signs
    evm = np.sqrt(np.sum(np.abs(found - reference[:, 1]) ** 2) /
                  (symbols * np.sum(np.abs(reference[:, 1]) ** 2)))
    packed = combined[..., DATA_AT].reshape(-1)
    reals = 1.5 * np.stack([packed.real, packed.imag], axis=-1).reshape(-1)[:len(vector)]
    write("sum", reals, np.float32)
    write("figures", [clipped, peak, noise, evm], np.float64)


def sounding():
    received = read("received").reshape(2, -1)
    start, breadth, _, _ = np.fromfile(folder / "known")
    begin = int(start) - max(0, PREFIX - int(breadth)) // 2
    reference = int(start) + int(breadth) // 2
    k = np.arange(USED)
    sent = np.exp(1j * np.pi * k * k / USED)
    bins = to_bins(windows(received, begin, 6)).reshape(2, 3, 2, SIZE).mean(axis=2)
    noise = 2 * np.mean(np.abs(bins[..., NULLS]) ** 2)
    estimates = bins[..., FREQUENCIES] / sent / np.sqrt(0.5)  # [server antennas, slots, used]
    variance = noise / (0.5 * 2)
    powers = np.where(np.arange(SIZE) <= PREFIX, 1, 1e-4)
    powers = powers / powers.sum()
    delays = np.exp(-2j * np.pi * np.outer(FREQUENCIES, np.arange(SIZE)) / SIZE)
    correlation = (delays * powers) @ delays.conj().T
    turn = np.exp(2j * np.pi * (reference - begin) * FREQUENCIES / SIZE)
    for n, slots in enumerate([[0, 1], [2]]):
        least_squares = np.transpose(estimates[:, slots], (2, 0, 1))
        gain = np.mean(np.abs(least_squares) ** 2) - variance
        ratio = 10 ** (np.round(10 * np.log10(variance / gain)) / 10)
        weights = correlation @ np.linalg.inv(correlation + ratio * np.eye(USED))
        smooth = np.einsum("kj,jrt->krt", weights, least_squares)
        write(f"ls{n}", least_squares * turn[:, None, None], np.complex64)
        write(f"mmse{n}", smooth * turn[:, None, None], np.complex64)


{"data": data, "sounding": sounding}[sys.argv[1]]()
