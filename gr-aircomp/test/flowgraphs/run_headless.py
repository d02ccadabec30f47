#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles a flowgraph, runs its windows without a screen and checks what comes out.

usage: run_headless.py loopback|multicast|precoders|sounding|replay
       run_headless.py radios AIRCOMP_AIR
       run_headless.py compile NAME ...

The first runs one flowgraph; replay records rounds of four devices to SigMF before. The second runs a
device and the server on virtual radios, without the aircomp program. The last only compiles. Exits with 1,
saying why, where a flowgraph does not compile, does not run or shows wrong figures.
"""
import importlib
import math
import os
import random
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples")
LIMIT_S = 60
# Slower than the wall clock: a busy machine has time for each round.
AIR = """
time_scale: 0.1
noise_power: 1e-6
boards: [{name: server}, {name: device}]
"""
LENGTH, ROUNDS = 2048, 5
LEAD = 50000  # samples of 1 us: half a second of the wall clock


def compile_flowgraph(name, folder):
    """Lets grcc write NAME.py into the folder."""
    source = os.path.join(EXAMPLES, f"{name}.grc")
    done = subprocess.run(["grcc", "-o", folder, source], capture_output=True, text=True,
                          check=False)
    if not os.path.exists(os.path.join(folder, f"{name}.py")):
        sys.exit(f"{name}.grc: grcc made no program:\n{done.stdout}{done.stderr}")


def load(name, folder):
    """The class of a flowgraph."""
    compile_flowgraph(name, folder)
    sys.path.insert(0, folder)
    return getattr(importlib.import_module(name), name)


def wait_for(done, meanwhile=lambda: None):
    """Returns once done() holds."""
    deadline = time.monotonic() + LIMIT_S
    while not done():
        if time.monotonic() > deadline:
            sys.exit(f"nothing came out within {LIMIT_S} s")
        meanwhile()
        time.sleep(0.02)


def run(application, done):
    """Lets the windows live until done() holds."""
    wait_for(done, application.processEvents)


def expect(holds, what):
    if not holds:
        sys.exit(f"expected {what}")
    print(what)


def measure(top, application):
    """NMSE in dB of rounds that began after what was on its way has come out."""
    monitor = top.monitor
    # Differences: the monitor adds up in a thread of its own, where a reset from here may be lost.
    for rounds in (60, 60):
        error, power = monitor.error, monitor.power
        until = monitor.rounds + rounds
        run(application, lambda end=until: monitor.rounds >= end)
    return 10 * math.log10((monitor.error - error) / (monitor.power - power))


def set_every_variable(top):
    """Gives each variable the value that it has: Companion's setters must know all names."""
    names = [name[len("set_"):] for name in vars(type(top)) if name.startswith("set_")]
    for name in names:
        getattr(top, f"set_{name}")(getattr(top, f"get_{name}")())
    expect(len(names) > 0, f"{len(names)} variables can be set")


def loopback(top, application):
    """With no offsets, the sum is as good as its noise; with offsets phases turn."""
    monitor = top.monitor
    top.set_cfo_hz(0)
    # Four devices of unit power at 20 dB, 52 of 64 subcarriers: 0.01 * 52 / 64 / 4.
    clean = measure(top, application)
    expect(-27.43 < clean < -26.43, f"NMSE of the sum at 20 dB: {clean:.2f} dB, by (4) -26.93 dB")
    expect(monitor.lost == 0, "no round lost")
    top.set_snr_db(10)
    noisy = measure(top, application)
    expect(-17.43 < noisy < -16.43, f"NMSE of the sum at 10 dB: {noisy:.2f} dB, by (4) -16.93 dB")
    top.set_cfo_hz(100)
    run(application, lambda: abs(monitor.phases).max() > 20)
    expect(True, "with 100 Hz the devices' phases turn")


def precoders(top, application):
    """Delays within the prefix cost nothing: the sum is as good as its noise and the soundings'."""
    monitor = top.monitor
    for delay in (0, 8):
        top.set_delay(delay)
        # By then two soundings have come back, and what was on its way has been compared.
        settled = top.source.sent + 64
        run(application, lambda: monitor.latest >= settled)
        found = measure(top, application)
        expect(-27.43 < found < -25.93, f"NMSE at 20 dB, devices up to {delay} samples late: "
               f"{found:.2f} dB, by (4) -26.93 dB with exact precoders")


def multicast(top, application):
    """Messages come where there is signal enough; QPSK at rate 1/2 needs some 3 dB a subcarrier."""
    messages = top.messages

    def lost_percent(snr_db):
        """Of each device, of rounds that were sent after the noise was set."""
        top.set_snr_db(snr_db)
        # By then what was on its way has come, and the 100 messages after that: 15 in 16 rounds.
        settled = messages.sent + 120
        run(application, lambda: messages.sent >= settled)
        return [messages.lost_percent(device) for device in range(2)]

    for snr_db, expected in ((20, [0, 0]), (5, [0, 100]), (-3, [100, 100])):
        found = lost_percent(snr_db)
        expect(found == expected, f"at {snr_db} dB, and 6 dB less at device 1, {found[0]:.0f} and {found[1]:.0f} "
               f"of 100 messages lost, expected {expected[0]} and {expected[1]}")


def sounding(top, application):
    """Phases move as the devices' offsets say: 0, f, -f and f / 2."""
    monitor = top.monitor
    run(application, lambda: monitor.phases[1] > 10)
    a, b, c, d = monitor.phases
    expect(abs(a) < 4, f"device 0 stands still: {a:+.1f} degrees")
    expect(abs(b + c) < 6, f"devices 1 and 2 turn against each other: {b:+.1f}, {c:+.1f} degrees")
    expect(abs(d - b / 2) < 4, f"device 3 turns half as fast as device 1: {d:+.1f} degrees")


def record(path):
    """Rounds of four devices at 20 dB, as frame sync finds them, in a Collection; their monitor."""
    from gnuradio import aircomp, gr
    top = gr.top_block()
    burst_format = aircomp.burst_format([1] * 4)
    source = aircomp.vector_source(4, LENGTH, rounds=ROUNDS + 2, ahead=ROUNDS + 2)
    emulator = aircomp.channel_emulator(1e6, [1] * 4, [1], 0.01)
    monitor = aircomp.round_monitor(4)
    for n in range(4):
        device = aircomp.preprocessor(burst_format, n, LENGTH)
        timer = aircomp.burst_timer(1000000, device.burst_samples() + 700)
        top.msg_connect(source, f"vectors{n}", device, "vectors")
        top.msg_connect(device, "bursts", timer, "bursts")
        top.connect(timer, (emulator, n))
    sync = aircomp.frame_sync(burst_format, 1, device.burst_samples() + 128)
    recorder = aircomp.sigmf_recorder(path, 1, 1e6, 2.45e9, 1700000000)
    top.msg_connect(source, "all", monitor, "vectors")
    top.connect(emulator, sync)
    top.msg_connect(sync, "windows", recorder, "bursts")
    top.start()
    wait_for(lambda: len(recorder.annotations) >= ROUNDS)
    top.stop()
    top.wait()
    return {number: monitor.vectors_of(number) for number in range(ROUNDS + 2)}


def replay(folder):
    """The sums that come out of a recording are those of the vectors that went into it."""
    from gnuradio import aircomp
    path = os.path.join(folder, "run")
    truths = record(path)
    (_, metadata), = aircomp.read_collection(path)
    rounds = len(metadata["annotations"])
    top = load("replay_sigmf", folder)(recording=f"{path}-0.sigmf-data")
    set_every_variable(top)
    monitor = aircomp.round_monitor(4)
    monitor.truths = truths
    top.msg_connect(top.server, "sums", monitor, "sums")
    top.msg_connect(top.server, "reports", monitor, "reports")
    top.start()
    try:
        wait_for(lambda: monitor.rounds >= rounds)
    finally:
        top.stop()
        top.wait()
    expect(monitor.rounds == rounds and monitor.lost == 0, f"all of {rounds} recorded rounds found")
    # As in the loopback: 0.01 * 52 / 64 / 4 by (4).
    error = monitor.nmse_db()
    expect(-27.43 < error < -26.43, f"NMSE of the replayed sums: {error:.2f} dB, by (4) -26.93 dB")


def sums_of(vectors, folder, path):
    """What one device's vectors become, each alone, over radios that meet at the socket `path`."""
    from stand_in import Radio, align, sum_vectors
    radios = [Radio(role, role, folder, LENGTH, f"type=aircomp,air={path},name={role}")
              for role in ("server", "device")]
    runner = os.path.join(EXAMPLES, "run_radios.py")
    with subprocess.Popen([sys.executable, runner, folder], stdin=subprocess.PIPE,
                          text=True) as flowgraphs:
        try:
            for radio, name in zip(radios, ("usrp_server_rx", "usrp_device_tx")):
                flowgraphs.stdin.write(f"{radio.name}\t{name}\t1\n")
                flowgraphs.stdin.flush()
                radio.begin()
            align(radios)
            sums = sum_vectors(*radios, vectors, lead=LEAD, turnaround=LEAD)
        finally:
            flowgraphs.stdin.close()
            flowgraphs.wait(LIMIT_S)
    for radio in radios:
        radio.close()
    return sums


def radios(program, folder):
    """One device's vectors come out of the server as they went in, but for the noise."""
    file, path = os.path.join(folder, "air.yaml"), os.path.join(folder, "air")
    with open(file, "w", encoding="utf-8") as out:
        out.write(AIR)
    generator = random.Random(1)
    vectors = [[generator.gauss(0, 0.5 ** 0.5) for _ in range(LENGTH)] for _ in range(ROUNDS)]
    with subprocess.Popen([program, file, "--socket", path], stdout=subprocess.PIPE) as air:
        try:
            air.stdout.readline()
            meeting = os.path.join(folder, "radios")
            os.mkdir(meeting)
            sums = sums_of(vectors, meeting, path)
        finally:
            air.terminate()
    error = sum((a - b) ** 2 for s, v in zip(sums, vectors) for a, b in zip(s, v))
    power = sum(b ** 2 for v in vectors for b in v)
    nmse_db = 10 * math.log10(error / power)
    # 1e-6 a sample, over 52 of 64 subcarriers, of a device that is -20 dBFS loud is -40.9 dB.
    expect(nmse_db < -39, f"NMSE over virtual radios at 40 dB: {nmse_db:.1f} dB")


def run_checked(name, check, folder):
    from PyQt5 import Qt
    flowgraph = load(f"aircomp_{name}", folder)
    application = Qt.QApplication(sys.argv)
    top = flowgraph()
    set_every_variable(top)
    if name == "sounding":
        top.set_cfo_hz(0.1)  # slow enough that a late look at the phases sees the same
    top.start()
    try:
        check(top, application)
    finally:
        top.stop()
        top.wait()


def main():
    checks = {"loopback": loopback, "multicast": multicast, "precoders": precoders, "sounding": sounding}
    arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        if len(arguments) > 1 and arguments[0] == "compile":
            for name in arguments[1:]:
                compile_flowgraph(name, folder)
                print(f"{name}.grc compiles")
        elif len(arguments) == 2 and arguments[0] == "radios":
            radios(arguments[1], folder)
        elif arguments == ["replay"]:
            replay(folder)
        elif len(arguments) == 1 and arguments[0] in checks:
            run_checked(arguments[0], checks[arguments[0]], folder)
        else:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
