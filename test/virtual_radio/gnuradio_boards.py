#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes, two boards: GNU Radio's usrp_sink sends a tagged burst, its usrp_source hears it.

usage: gnuradio_boards.py AIRCOMP_AIR

The burst has a tx_time tag; it must arrive at that tick, with the gain and phase of the link.
"""
import os
import subprocess
import sys
import tempfile
import time

AIR = """
boards: [{name: sender}, {name: listener}]
links: [{between: [sender, listener], given: [{gains: [[[0, 0.5]]]}]}]
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


def listen(air):
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
    received = np.array(found.data())
    expected = np.zeros(4000, complex)
    expected[1000:2000] = 0.5j * np.arange(1000) * (1 - 1j) / 1000
    error = np.abs(received - expected).max()
    print(f"largest difference from what the link makes of the burst: {error:.2g}")
    if not error < 1e-5:
        sys.exit("expected the burst at its tick with the link's gain and phase")


def main():
    if len(sys.argv) == 3 and sys.argv[1] in ("send", "listen"):
        {"send": send, "listen": listen}[sys.argv[1]](sys.argv[2])
        return
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        from gnuradio import uhd  # noqa: F401
    except ImportError:
        print("GNU Radio is not installed, nothing was run")
        return
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        file, socket = os.path.join(folder, "air.yaml"), os.path.join(folder, "air")
        with open(file, "w", encoding="utf-8") as out:
            out.write(AIR)
        with subprocess.Popen([sys.argv[1], file, "--socket", socket], stdout=subprocess.PIPE,
                              text=True) as server:
            server.stdout.readline()
            began = time.monotonic()
            processes = [subprocess.Popen([sys.executable, __file__, role, socket], text=True,
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                         for role in ("listen", "send")]
            for process in processes:
                while process.stdout.readline().strip() not in ("ready", ""):
                    pass
            # Just after an edge, as seen by the server's start: both will set the next one.
            time.sleep((began - time.monotonic()) % 1 + 0.2)
            for process in processes:
                process.stdin.write("go\n")
                process.stdin.flush()
            print(processes[0].stdout.read(), end="")
            codes = [process.wait(60) for process in processes]
            server.terminate()
        if codes != [0, 0]:
            sys.exit(f"listener and sender ended with exit codes {codes}")


if __name__ == "__main__":
    main()
