#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel emulator a second time, in double precision and sample by sample.

usage: emulator_twin.py SCENARIO.json INPUT OUTPUT

INPUT and OUTPUT hold complex64 streams one after the other. Prints the largest difference between
OUTPUT and what the twin makes of INPUT, relative to the root mean square of the latter.
"""
import json
import sys

import numpy as np

BLOCK, PIECE, TAPS, BETA, STEPS, RAYS = 64, 16, 16, 4.0, 256, 8
MASK = (1 << 64) - 1


def split_mix(z):
    z = (z + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def derive(seed, index):
    return split_mix((seed + 0x9E3779B97F4A7C15 * index) & MASK)


def mix(x):
    """Wellons' triple32 over an array of uint32."""
    x = (x ^ (x >> np.uint32(17))) * np.uint32(0xED5AD4BB)
    x = (x ^ (x >> np.uint32(11))) * np.uint32(0xAC4C1B51)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x31848BAB)
    return x ^ (x >> np.uint32(14))


def gaussian(seed, start, count):
    """CN(0, 1) samples start..start+count of the sequence, within one multiple of 2^32."""
    key = split_mix(split_mix(seed) ^ (start >> 32))
    low = start & 0xFFFFFFFF
    first = mix(np.arange(low, low + count, dtype=np.uint32) ^ np.uint32(key & 0xFFFFFFFF))
    second = mix(first + np.uint32(key >> 32))
    uniform = ((first >> np.uint32(1)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-31)
    radius = np.sqrt(-np.log(uniform.astype(np.float64)))
    return radius * np.exp(2j * np.pi * second.astype(np.float64) / 2**32)


def kernel(fraction):
    half = TAPS / 2
    x = np.arange(TAPS) - (half - 1) - fraction
    taps = np.sinc(x) * np.i0(BETA * np.sqrt(np.maximum(0, 1 - (x / half) ** 2)))
    return taps / taps.sum()


def fractional(delay):
    """First delay and taps of a filter that delays: the table's rows, linear in between."""
    whole = int(np.floor(delay))
    row = int((delay - whole) * STEPS)
    weight = (delay - whole) * STEPS - row
    taps = (1 - weight) * kernel(row / STEPS) + weight * kernel((row + 1) / STEPS)
    return whole - (TAPS // 2 - 1), taps


def branches(x, radio):
    g = 10 ** (radio["iq_gain_db"] / 40)
    half = np.deg2rad(radio["iq_phase_deg"]) / 2
    in_phase = g * (np.cos(half) * x.real + np.sin(half) * x.imag)
    quadrature = (np.sin(half) * x.real + np.cos(half) * x.imag) / g
    return in_phase + 1j * quadrature


def converter(x, radio):
    most = radio["full_scale"]
    if most == 0:
        return x
    if radio["converter_bits"] == 0:
        return np.clip(x.real, -most, most) + 1j * np.clip(x.imag, -most, most)
    step = most / 2 ** (radio["converter_bits"] - 1)

    def part(v):
        return np.rint(np.clip(v, -most, most - step) / step) * step

    return part(x.real) + 1j * part(x.imag)


def walk(seed, steps):
    """A Wiener process at steps 0..steps, variance 1 a step: intervals halved, midpoints drawn."""
    def draw(step):
        return np.sqrt(2) * gaussian(seed, step, 1)[0].real

    known = {0: 0.0, 1 << 56: 2.0**28 * draw(1 << 56)}

    def halve(low, high):
        if high - low == 1 or low > steps:
            return
        middle = (low + high) // 2
        known[middle] = (known[low] + known[high] + np.sqrt(high - low) * draw(middle)) / 2
        halve(low, middle)
        halve(middle, high)

    halve(0, 1 << 56)
    return np.array([known[step] for step in range(steps + 1)])


def oscillator(radio, seed, count, rate):
    """The phase in turns at every sample."""
    pieces = -(-count // PIECE)
    deviation = np.sqrt(2 * np.pi * radio["linewidth_hz"] * PIECE / rate) / (2 * np.pi)
    walked = deviation * walk(seed, pieces)
    n = np.arange(count)
    return radio["carrier_offset_hz"] / rate * n + np.interp(n / PIECE, np.arange(pieces + 1),
                                                             walked)


def path_gain(path, seed, seconds):
    gain = complex(*path["gain"]) * np.exp(2j * np.pi * path["shift_hz"] * seconds)
    if path["spread_hz"] == 0:
        return gain
    draws = np.angle(gaussian(seed, 0, RAYS + 1)) / (2 * np.pi)
    directions = (np.arange(RAYS) + draws[RAYS]) / RAYS
    shifts = path["spread_hz"] * np.cos(2 * np.pi * directions)
    return gain * np.exp(2j * np.pi * (shifts * seconds + draws[:RAYS])).sum() / np.sqrt(RAYS)


def timing(radio, start):
    fast = radio["sampling_offset_ppm"] * 1e-6
    return radio["timing_offset"] - fast * (start + BLOCK / 2)


def emulate(scenario, transmit):
    rate, seed = scenario["sample_rate_hz"], scenario["seed"]
    sent, received = scenario["transmitters"], scenario["receivers"]
    count = transmit.shape[1]
    seeds = [derive(seed, purpose) for purpose in range(4)]
    owner_t = np.repeat(np.arange(len(sent)), [r["antennas"] for r in sent])
    owner_r = np.repeat(np.arange(len(received)), [r["antennas"] for r in received])

    front = np.zeros_like(transmit, dtype=complex)
    for k, n in enumerate(owner_t):
        if sent[n]["on"]:
            turns = oscillator(sent[n], derive(seeds[0], int(n)), count, rate)
            front[k] = branches(converter(transmit[k], sent[n]), sent[n])
            front[k] *= np.exp(2j * np.pi * turns)

    offset = int(np.ceil(2 * scenario["most_offset"]))
    latency = TAPS // 2 + offset
    out = np.zeros((len(owner_r), count), dtype=complex)
    for r, q in enumerate(owner_r):
        for k, n in enumerate(owner_t):
            index = r * len(owner_t) + k
            for start in range(0, count, BLOCK):
                end = min(start + BLOCK, count)
                for p, path in enumerate(scenario["links"][index]):
                    lag = latency + timing(sent[n], start) - timing(received[q], start)
                    first, taps = fractional(lag + path["delay"])
                    gain = path_gain(path, path["fading_seed"] or derive(derive(seeds[3], index), p),
                                     (start + BLOCK / 2) / rate)
                    for m, tap in enumerate(taps):
                        source = np.arange(start, end) - first - m
                        out[r, start:end] += gain * tap * np.where(
                            source >= 0, front[k, np.maximum(source, 0)], 0)
        if not received[q]["on"]:
            out[r] = 0
        out[r] += np.sqrt(scenario["noise_power"]) * gaussian(derive(seeds[2], r), 0, count)
        turns = oscillator(received[q], derive(seeds[1], int(q)), count, rate)
        out[r] *= np.exp(-2j * np.pi * turns)
        out[r] = converter(branches(out[r], received[q]), received[q])
    return out


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        scenario = json.load(file)
    antennas = sum(radio["antennas"] for radio in scenario["transmitters"])
    transmit = np.fromfile(sys.argv[2], np.complex64).reshape(antennas, -1).astype(complex)
    expected = emulate(scenario, transmit)
    found = np.fromfile(sys.argv[3], np.complex64).reshape(expected.shape)
    scale = np.sqrt(np.mean(np.abs(expected) ** 2))
    print(np.abs(found - expected).max() / scale)


if __name__ == "__main__":
    main()
