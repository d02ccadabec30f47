#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: PYTHONPATH=BUILD/python design_speed.py BUILD/bin/aircomp_optimizer_benchmark

What a design from Python costs over one in C++: the 25 problems of the benchmark mmse/cold at 20 dB (16 x 4 antennas, eight
devices), each solved eight times, as CPU time of one thread. Both take turns five times; each counts with the least of its
five medians, as whatever else the machine does only adds to them.
"""

import json
import subprocess
import sys
import time

import numpy as np

import aircomp
from aircomp import channel

SNR_DB = 20
ROUNDS = 5


def problem(seed):
    """The benchmark's channels of that seed."""
    random = channel.Random(seed)
    return np.stack([
        channel.draw(random, channel.draw_path_gains(random, 1), receive_antennas=16, transmit_antennas=4)[0]
        for _ in range(8)])


def python_ms(problems):
    """The median of a design, and the mean NMSE, which shows that the work is the same."""
    times, nmse = [], []
    for H in 8 * problems:
        begin = time.thread_time_ns()
        found = aircomp.design(H, 1.0, 10 ** (-SNR_DB / 10))
        times.append(1e-6 * (time.thread_time_ns() - begin))
        nmse.append(found.nmse)
    return np.median(times), np.mean(nmse)


def cpp_ms(benchmark):
    command = [benchmark, f"--benchmark_filter=mmse/cold/snr_db/{SNR_DB}/", "--benchmark_format=json"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.partition("\nmmse/")[0])
    return result["benchmarks"][0]["median_ms"]


def main(benchmark):
    problems = [problem(seed) for seed in range(1, 26)]
    cpp, python = [], []
    for _ in range(ROUNDS):
        cpp.append(cpp_ms(benchmark))
        median, nmse = python_ms(problems)
        python.append(median)
    print(f"C++ {min(cpp):.4f} ms, Python {min(python):.4f} ms: {100 * (min(python) / min(cpp) - 1):+.1f} %, "
          f"mean NMSE {nmse:.6f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
