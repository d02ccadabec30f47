#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flowgraph of GNU Radio whose air is killed: it stops as with a board whose cable was pulled.

usage: air_ends.py AIRCOMP_AIR

usrp_source and usrp_sink log one error each, and stop() and wait() return; nothing is thrown.
"""
import os
import subprocess
import sys
import tempfile
import threading
import time

from skipping import require_gnuradio

RATES = ("1e6", "4e6")
PATIENCE_S = 60


def flowgraph(air, rate):
    """Receives at one board and sends from another until a line comes on standard input."""
    from gnuradio import analog, blocks, gr, uhd
    top = gr.top_block()
    source = uhd.usrp_source(f"type=aircomp,air={air},name=board0", uhd.stream_args("fc32"))
    sink = uhd.usrp_sink(f"type=aircomp,air={air},name=board1", uhd.stream_args("fc32"))
    for radio in (source, sink):
        radio.set_samp_rate(float(rate))
    end = blocks.null_sink(gr.sizeof_gr_complex)
    top.connect(source, end)
    top.connect(analog.sig_source_c(float(rate), analog.GR_CONST_WAVE, 0, 0.5), sink)
    top.start()
    deadline = time.monotonic() + PATIENCE_S
    while (end.nitems_read(0) == 0 or sink.nitems_read(0) == 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    print("both", flush=True)
    sys.stdin.readline()
    top.stop()
    top.wait()
    print("stopped", flush=True)


def until_both_have_said_so(radios):
    """What is logged until source and sink have seen that the air is gone: stopped before, they need not."""
    watchdog = threading.Timer(PATIENCE_S, radios.kill)
    watchdog.start()
    logged = ""
    while not all(f"nothing is {what} any more" in logged for what in ("received", "sent")):
        line = radios.stderr.readline()
        if not line:
            break
        logged += line
    watchdog.cancel()
    return logged


def kill_air_under(program, rate):
    with tempfile.TemporaryDirectory(prefix="aircomp-") as folder:
        socket = os.path.join(folder, "air")
        with subprocess.Popen([program, "--boards", "2", "--socket", socket],
                              stdout=subprocess.PIPE, text=True) as air:
            air.stdout.readline()
            with subprocess.Popen([sys.executable, __file__, "flowgraph", socket, rate], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as radios:
                while radios.stdout.readline().strip() not in ("both", ""):
                    pass
                air.kill()
                air.wait()
                logged = until_both_have_said_so(radios)
                said, rest = radios.communicate("stop\n", PATIENCE_S)
                logged += rest
    errors = [line for line in (said + logged).splitlines() if "ERROR" in line]
    for line in errors:
        print(line)
    if radios.returncode != 0 or "stopped" not in said:
        sys.exit(f"at {rate} samples a second: ended with exit code {radios.returncode}\n{logged}")
    for what in ("received", "sent"):
        count = sum(f"nothing is {what} any more" in line for line in errors)
        if count != 1:
            sys.exit(f"expected one error that nothing is {what} any more, found {count}:\n{logged}")


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "flowgraph":
        flowgraph(*sys.argv[2:])
    elif len(sys.argv) != 2:
        sys.exit(__doc__)
    else:
        require_gnuradio()
        for rate in RATES:
            kill_air_under(sys.argv[1], rate)


if __name__ == "__main__":
    main()
