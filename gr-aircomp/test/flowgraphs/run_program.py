#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what the aircomp program does through flowgraphs with what it does through its kernels, on virtual
radios that meet at an aircomp-air.

usage: run_program.py sum|bring_up|companion|medium|daemons|replace AIRCOMP AIRCOMP_AIR

sum: vectors over radios of one process. bring_up: what radios are set to before. companion: the same, one device's flowgraph as Companion runs it.
medium: text of one process. daemons: text of a coordinator and devices, each a process; all by flowgraph, and
both ways of mixing ends. replace: the same, where a flowgraph ends. Exits with 1, saying why, where they differ.
"""
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time

from run_headless import compile_flowgraph, expect

LIMIT_S = 300
MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../inference/models/demo")
# A device of two antennas and one, a server of two; 0.25 s of the wall clock from a header to the bursts.
AIR = """
time_scale: 0.02
noise_power: 1.6e-4
boards:
  - {name: device-1, antennas: 2, carrier_offset_hz: 310}
  - {name: device-2, carrier_offset_hz: -120}
  - {name: server, antennas: 2, automatic_gain: true}
  - {name: unlocked, antennas: 2, reference: false}
"""
CONFIG = """
model: {folder: "MODEL"}
scheme: mmse
medium: radio
threads: 1
shares: [0.5, 0.5]
devices:
  - {name: device-1, compute_flops_per_s: 1e9, energy_j_per_flop: 1e-10, max_power_w: 1, memory_bytes: 1e9, antennas: 2}
  - {name: device-2, compute_flops_per_s: 1e9, energy_j_per_flop: 1e-10, max_power_w: 1, memory_bytes: 1e9, antennas: 1}
radio: {server_antennas: 2, streams: 1, bandwidth_hz: 10e6, coherence_block_s: 10, downlink: control}
frame: {turnaround_s: 5e-3}
waveform: {min_confidence: 0.5}
radios:
  transmit: true
  frequency_hz: 2.45e9
  unit_power_dbfs: -18
  linewidth_hz: 0.1
  lead_s: 4e-3
  interval_s: 1e-3
  limits: {frequency_ranges_hz: [{low: 2.4e9, high: 2.5e9}], max_mean_dbfs: -8, watchdog_s: 60}
  server: {args: "type=aircomp,air=AIR,name=server", chain: SERVER}
  devices:
    - {args: "type=aircomp,air=AIR,name=device-1", chain: DEVICE-1}
    - {args: "type=aircomp,air=AIR,name=device-2", chain: DEVICE-2}
testbed: {heartbeat_s: 5, round_timeout_s: 60, measure: true}
"""


class Program:
    """The aircomp program in a folder with an air of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def config(self, server, device_1, device_2):
        """A configuration whose radios have these chains."""
        name = self.path(f"{server}-{device_1}-{device_2}.yaml")
        text = CONFIG
        for key, value in (("MODEL", MODEL), ("AIR", self.path("air")), ("SERVER", server),
                           ("DEVICE-1", device_1), ("DEVICE-2", device_2)):
            text = text.replace(key, value)
        with open(name, "w", encoding="utf-8") as out:
            out.write(text)
        return name

    def result(self, *arguments):
        """What a command writes as JSON."""
        file = self.path("result.json")
        subprocess.run([self.program, *arguments, "--json", file], check=True, timeout=LIMIT_S)
        with open(file, encoding="utf-8") as found:
            return json.load(found)

    def sum(self, server, device_1, device_2):
        return self.result("sum", self.config(server, device_1, device_2), "--rounds", "3")


# On a busy machine rounds take place at other times. Over 24 seeds of the air the NMSE through the kernels has a standard
# deviation of 0.42 dB, and the difference of two runs one of 0.6 dB: this is four of them.
OTHER_NOISE_DB = 2.4


def same(what, found, expected):
    """Rounds at other times have other noise and phases, but no other errors."""
    found, expected = (10 * math.log10(nmse) for nmse in (found, expected))
    expect(abs(found - expected) < OTHER_NOISE_DB,
           f"{what}: NMSE {found:.2f} dB, through the kernels {expected:.2f} dB")


def compare_sums(program):
    """Where no round was repeated, all took place at the same times: then sums are the same."""
    through = {chain: program.sum(*[chain] * 3) for chain in ("kernels", "flowgraph")}
    same("sums through flowgraphs", *(through[chain]["nmse"] for chain in ("flowgraph", "kernels")))
    times = [[r["time_s"] for r in report["rounds"]] for report in through.values()]
    if times[0] == times[1] and not any(r["repeated_rounds"] for r in through.values()):
        ratios = [a["nmse"] / b["nmse"] for a, b in zip(*(r["rounds"] for r in through.values()))]
        expect(max(ratios) < 1.01 and min(ratios) > 0.99, "every sum the same at the same time")


def compare_bring_up(program):
    """Automatic gain would be 30 dB; the clock source is external, which one board is not connected to."""
    peaks = {chain: program.sum(*[chain] * 3)["server"]["receive_peak_dbfs"]
             for chain in ("kernels", "flowgraph")}
    expect(all(peak < -3 for peak in peaks.values()) and
           abs(peaks["flowgraph"] - peaks["kernels"]) < 3,
           f"automatic gain is off: peaks of {peaks['flowgraph']:.1f} dBFS through flowgraphs, "
           f"{peaks['kernels']:.1f} dBFS through the kernels")
    for chain in ("kernels", "flowgraph"):
        file = program.config(chain, chain, chain)
        with open(file, encoding="utf-8") as config:
            text = config.read().replace("name=server", "name=unlocked")
        with open(file, "w", encoding="utf-8") as config:
            config.write(text)
        failed = subprocess.run([program.program, "sum", file], stderr=subprocess.PIPE, text=True,
                                timeout=LIMIT_S, check=False)
        expect(failed.returncode != 0 and
               "board 0 to lock to clock source 'external' (ref_locked)" in failed.stderr,
               f"a radio without a reference is refused: {failed.stderr.strip()}")


def compare_companion(program):
    """Companion compiles a flowgraph as grcc does, and runs it as a program of its own."""
    expected = program.sum("kernels", "kernels", "kernels")["nmse"]
    os.environ["AIRCOMP_SOCKETS"] = program.folder
    compile_flowgraph("usrp_device_tx", program.folder)
    flowgraph = subprocess.Popen([sys.executable, program.path("usrp_device_tx.py"),
                                  "--radio", "device-2"])
    try:
        same("one device in Companion",
             program.sum("kernels", "flowgraph", "companion")["nmse"], expected)
        expect(flowgraph.wait(LIMIT_S) == 0, "its flowgraph has ended with the program")
    finally:
        flowgraph.kill()


def compare_medium(program):
    through = {}
    for chain in ("kernels", "flowgraph"):
        through[chain] = program.result("generate", "--config", program.config(*[chain] * 3),
                                        "--prompt", "The", "--tokens", "1")
    same("text through flowgraphs", *(through[c]["nmse"] for c in ("flowgraph", "kernels")))
    expect(through["flowgraph"]["tokens"] == through["kernels"]["tokens"], "the same text")


def read(file):
    with open(file, encoding="utf-8") as found:
        return found.read()


def wait_for(holds, what):
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"waited {LIMIT_S} s in vain for {what}")
        time.sleep(0.1)


class Daemons:
    """A coordinator and two devices, each a process."""

    def __init__(self, program, chains, tokens):
        config, address = program.config(*chains), program.path("address")
        if os.path.exists(address):
            os.remove(address)
        self.result, self.log = program.path("daemons.json"), program.path("coordinator.log")
        self.processes = []
        with open(self.log, "w", encoding="utf-8") as log:
            self.start(program, "coordinator", config, "--prompt", "The", "--tokens", str(tokens),
                       "--listen", "127.0.0.1:0", "--port-file", address, "--json", self.result,
                       stderr=log)
        wait_for(lambda: os.path.exists(address), "the coordinator to listen")
        for name in ("device-1", "device-2"):
            self.start(program, "device", "--coordinator", read(address).strip(), "--name", name,
                       "--model", MODEL, "--threads", "1", "--radio", config, "--once")

    def start(self, program, *arguments, **more):
        self.processes.append(subprocess.Popen([program.program, *arguments], **more))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()

    def times_up(self):
        """How often the radios of both devices have been brought up."""
        return read(self.log).count("radios are up: devices 2")

    def kill_flowgraph(self, device):
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.processes[device].pid)],
                                  capture_output=True, text=True, check=True).stdout.split()
        os.kill(int(children[0]), signal.SIGKILL)

    def end(self):
        """What the coordinator has to say of a run that ended well."""
        for process in self.processes:
            expect(process.wait(LIMIT_S) == 0, "a daemon has ended well")
        return json.loads(read(self.result))


def run_daemons(program, *chains):
    with Daemons(program, chains, 1) as daemons:
        return daemons.end()


def replace_flowgraph(program):
    """A device whose flowgraph has ended is lost, and comes back with another one."""
    with Daemons(program, ("kernels", "kernels", "flowgraph"), 4) as daemons:
        wait_for(lambda: daemons.times_up() == 1, "radios")
        daemons.kill_flowgraph(2)
        wait_for(lambda: daemons.times_up() == 2, "the radio of a new flowgraph")
        result = daemons.end()
    expect(result["new_tokens"] == 4 and result["devices"][1]["losses"] > 0,
           "the run has gone on after a flowgraph had ended")


def compare_daemons(program):
    expected = run_daemons(program, "kernels", "kernels", "kernels")
    for what, chains in (("flowgraphs everywhere", ("flowgraph", "flowgraph", "flowgraph")),
                         ("one device by flowgraph", ("kernels", "flowgraph", "kernels")),
                         ("the server by flowgraph", ("flowgraph", "kernels", "kernels"))):
        found = run_daemons(program, *chains)
        same(what, found["air"]["nmse"], expected["air"]["nmse"])
        expect(found["tokens"] == expected["tokens"], "the same text")
        expect(all(device["air"]["bursts"] > 0 for device in found["devices"]),
               "every device has sent")


CHECKS = {"sum": compare_sums, "bring_up": compare_bring_up, "companion": compare_companion, "medium": compare_medium,
          "daemons": compare_daemons, "replace": replace_flowgraph}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    check, program, air_program = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        file, path = os.path.join(folder, "air.yaml"), os.path.join(folder, "air")
        with open(file, "w", encoding="utf-8") as out:
            out.write(AIR)
        with subprocess.Popen([air_program, file, "--socket", path],
                              stdout=subprocess.PIPE) as air:
            try:
                air.stdout.readline()
                CHECKS[check](Program(program, folder))
            finally:
                air.terminate()


if __name__ == "__main__":
    main()
