#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs unmodified programs of UHD on virtual radios and looks for what they print on real ones.

usage: stock_programs.py AIRCOMP_AIR

UHD finds the radios by UHD_MODULE_PATH. Programs that are not installed are named and left out.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

EXAMPLES = "/usr/libexec/uhd/examples/"
LIMIT_S = 60
missing = []


def run(program, *arguments):
    """What a program prints; fails where it does."""
    path = shutil.which(program) or shutil.which(EXAMPLES + program)
    if path is None:
        missing.append(program)
        return None
    done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=LIMIT_S,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{program} {' '.join(arguments)}: exit code {done.returncode}:\n"
                 f"{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def expect(output, pattern, program, count=1):
    if output is None:
        return
    found = len(re.findall(pattern, output))
    if found < count:
        sys.exit(f"{program}: expected {count} times {pattern!r}, found {found}:\n{output}")
    print(f"{program}: {pattern!r} {found} times")


def check_messages(air):
    """Every kind of message, as often as the program happened to try it; no failure."""
    output = run("test_messages", "--args", air, "--test-chain", "--ntests", "20")
    if output is None:
        return
    for kind in ("Burst ACK", "Underflow", "Time Error", "Late Command", "Broken Chain"):
        expect(output, rf"Test {kind} +-> +\d+ successes, +0 failures", "test_messages")
    expect(output, r"success:", "test_messages", 20)


def check_boards(air):
    """What looks at boards."""
    expect(run("uhd_find_devices", "--args", air), "name: board", "uhd_find_devices")
    probe = run("uhd_usrp_probe", "--args", air + ",boards=2")
    expect(probe, "Mboard: aircomp virtual radio", "uhd_usrp_probe", 2)
    expect(probe, "Sensors: ref_locked", "uhd_usrp_probe", 2)
    expect(run("test_pps_input", "--args", air), "Success!", "test_pps_input")


def check_streams(air):
    """What sends and receives."""
    expect(run("tx_timed_samples", "--args", air, "--rate", "1e6", "--secs", "0.3", "--nsamps",
               "4000"), r"burst ACK\.\.\. success", "tx_timed_samples")
    received = run("rx_timed_samples", "--args", air, "--rate", "1e6", "--secs", "0.3",
                   "--nsamps", "10000")
    expect(received, r"0 full secs, 0\.30\d+ frac secs", "rx_timed_samples", 5)
    expect(received, "Done!", "rx_timed_samples")
    both = run("rx_multi_samples", "--args", air + ",boards=2", "--rate", "1e6", "--channels",
               "0,1", "--nsamps", "6000", "--sync", "pps", "--secs", "1.5")
    expect(both, r"Received packet: \d+ samples", "rx_multi_samples", 3)


def check_short_bursts(air):
    """It waits for the burst's beginning, not its end: short ones are acknowledged in time, where
    time passes between two calls."""
    expect(run("tx_bursts", "--args", air, "--rate", "10e6", "--freq", "1e9", "--nsamps", "100",
               "--secs", "0.3"), r"burst ACK\.\.\. success", "tx_bursts")


def check_event_clock(program):
    """A sender and a receiver beside each other on an event clock: each ends well, and the clock
    waits for neither once it has ended."""
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        socket = os.path.join(folder, "air")
        with subprocess.Popen([program, "--boards", "2", "--clock", "event", "--socket", socket],
                              stdout=subprocess.PIPE, text=True) as server:
            try:
                print(server.stdout.readline().strip())
                with concurrent.futures.ThreadPoolExecutor() as pool:
                    sent = pool.submit(run, "tx_timed_samples", "--args",
                                       f"type=aircomp,air={socket},name=board0", "--rate", "1e6",
                                       "--secs", "0.3", "--nsamps", "4000")
                    received = pool.submit(run, "rx_timed_samples", "--args",
                                           f"type=aircomp,air={socket},name=board1", "--rate",
                                           "1e6", "--secs", "0.3", "--nsamps", "10000")
                    expect(sent.result(), r"burst ACK\.\.\. success", "tx_timed_samples")
                    expect(received.result(), "Done!", "rx_timed_samples")
            finally:
                server.terminate()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    check_boards("type=aircomp")
    check_messages("type=aircomp")
    check_streams("type=aircomp")
    check_short_bursts("type=aircomp")
    check_messages("type=aircomp,clock=event")
    check_streams("type=aircomp,clock=event")
    check_event_clock(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        socket = os.path.join(folder, "air")
        with subprocess.Popen([sys.argv[1], "--boards", "2", "--socket", socket],
                              stdout=subprocess.PIPE, text=True) as server:
            try:
                print(server.stdout.readline().strip())
                check_messages(f"type=aircomp,air={socket},name=board1")
            finally:
                server.terminate()
            if server.wait(LIMIT_S) != 0 or os.path.exists(socket):
                sys.exit("aircomp-air: expected a clean end on SIGTERM")
    for program in missing:
        print(f"{program}: not installed, not run")


if __name__ == "__main__":
    main()
