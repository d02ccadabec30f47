#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes, two boards: GNU Radio's usrp_sink sends a tagged burst, its usrp_source hears it.

usage: gnuradio_boards.py AIRCOMP_AIR

The burst has a tx_time tag; it must arrive at that tick, with the gain and phase of the link. Over an
air with every impairment it must arrive the same, byte by byte, in two runs.
"""
import hashlib
import os
import subprocess
import sys
import tempfile
import time

from skipping import require_gnuradio

AIR = """
boards: [{name: sender}, {name: listener}]
links: [{between: [sender, listener], given: [{gains: [[[0, 0.5]]]}]}]
"""
WORSE_AIR = """
seed: 5
noise_power: 0.01
boards:
  - {name: sender, carrier_offset_hz: 300, sampling_offset_ppm: 2, linewidth_hz: 10,
     tune_phase: random, transmitter: {iq_gain_db: 0.5, full_scale: 2, converter_bits: 10}}
  - {name: listener, linewidth_hz: 5, tune_phase: random, receiver: {iq_phase_deg: 1}}
link: {fading: rayleigh, paths: 2, spread_hz: 20}
coherence_time_s: 0.01
"""
RATE = 1e6
SEND_S, LISTEN_S = 102.001, 102.0


def set_time(radio, uhd):
    """100 s at an edge of the pulse per second; both processes say first that they are ready."""
    print("ready", flush=True)
    sys.stdin.readline()
    radio.set_time_next_pps(uhd.time_spec(100.0))
    while radio.get_time_last_pps().get_real_secs() < 100:
        time.sleep(0.001)


def send(air):
    import pmt
    from gnuradio import blocks, gr, uhd
    top = gr.top_block()
    sink = uhd.usrp_sink(f"type=aircomp,air={air},name=sender", uhd.stream_args("fc32"),
                         "packet_len")
    sink.set_samp_rate(RATE)
    sink.set_center_freq(1e9)
    set_time(sink, uhd)
    samples = [complex(n, -n) / 1000 for n in range(1000)]
    tags = []
    for key, value in (("packet_len", pmt.from_long(len(samples))),
                       ("tx_time", pmt.make_tuple(pmt.from_uint64(int(SEND_S)),
                                                  pmt.from_double(SEND_S % 1)))):
        tag = gr.tag_t()
        tag.key, tag.value, tag.offset = pmt.intern(key), value, 0
        tags.append(tag)
    top.connect(blocks.vector_source_c(samples, False, 1, tags), sink)
    top.start()
    while sink.get_time_now().get_real_secs() < SEND_S + 0.1:
        time.sleep(0.01)
    top.stop()
    top.wait()


def listen(air, role):
    import numpy as np
    from gnuradio import blocks, gr, uhd
    top = gr.top_block()
    source = uhd.usrp_source(f"type=aircomp,air={air},name=listener", uhd.stream_args("fc32"))
    source.set_samp_rate(RATE)
    source.set_center_freq(1e9)
    set_time(source, uhd)
    source.set_start_time(uhd.time_spec(LISTEN_S))
    head, found = blocks.head(gr.sizeof_gr_complex, 4000), blocks.vector_sink_c()
    top.connect(source, head, found)
    top.run()
    received = np.array(found.data(), np.complex64)
    print("sha256 of the samples:", hashlib.sha256(received.tobytes()).hexdigest())
    if role == "record":
        return
    expected = np.zeros(4000, complex)
    expected[1000:2000] = 0.5j * np.arange(1000) * (1 - 1j) / 1000
    error = np.abs(received - expected).max()
    print(f"largest difference from what the link makes of the burst: {error:.2g}")
    if not error < 1e-5:
        sys.exit("expected the burst at its tick with the link's gain and phase")


def run(program, air, role):
    """What the listener, in the role of "check" or "record", prints."""
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        file, socket = os.path.join(folder, "air.yaml"), os.path.join(folder, "air")
        with open(file, "w", encoding="utf-8") as out:
            out.write(air)
        with subprocess.Popen([program, file, "--socket", socket], stdout=subprocess.PIPE,
                              text=True) as server:
            server.stdout.readline()
            began = time.monotonic()
            processes = [subprocess.Popen([sys.executable, __file__, part, socket], text=True,
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                         for part in (role, "send")]
            for process in processes:
                while process.stdout.readline().strip() not in ("ready", ""):
                    pass
            # Just after an edge, as seen by the server's start: both will set the next one.
            time.sleep((began - time.monotonic()) % 1 + 0.2)
            for process in processes:
                process.stdin.write("go\n")
                process.stdin.flush()
            said = processes[0].stdout.read()
            codes = [process.wait(60) for process in processes]
            server.terminate()
    print(said, end="")
    if codes != [0, 0]:
        sys.exit(f"listener and sender ended with exit codes {codes}")
    return said


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "send":
        send(sys.argv[2])
    elif len(sys.argv) == 3 and sys.argv[1] in ("check", "record"):
        listen(sys.argv[2], sys.argv[1])
    elif len(sys.argv) != 2:
        sys.exit(__doc__)
    else:
        require_gnuradio()
        run(sys.argv[1], AIR, "check")
        if run(sys.argv[1], WORSE_AIR, "record") != run(sys.argv[1], WORSE_AIR, "record"):
            sys.exit("expected the same samples in two runs")


if __name__ == "__main__":
    main()
