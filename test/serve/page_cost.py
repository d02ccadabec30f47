#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an open page costs a coordinator: page_cost.py AIRCOMP [SECONDS].

Starts `aircomp demo --testbed --page` with the small model and asks for one text, so that all figures are there. Then it
measures the coordinator's processor time over SECONDS (20) with no page open, with one, and with a hundred: an event has the
same figures and comes as often while a text is made. Prints percentages of one core.
"""

import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from testbed_page_in_chromium import DEMO, Demo


def coordinator_of(demo):
    children = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(demo)], check=True, capture_output=True, text=True)
    return next(int(line.split()[0]) for line in children.stdout.splitlines() if " coordinator " in line)


def processor_s(process):
    """Of all its threads; the kernel counts in nanoseconds."""
    tasks = pathlib.Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="utf-8").split()[0]) for task in tasks) / 1e9


def percent(process, seconds):
    before, begin = processor_s(process), time.monotonic()
    time.sleep(seconds)
    return 100 * (processor_s(process) - before) / (time.monotonic() - begin)


class Watcher:
    """Reads what /live sends, until it is closed."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.sendall(b"GET /live HTTP/1.0\r\nHost: localhost\r\n\r\n")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while self.socket.recv(65536):
            pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)


def main(aircomp, seconds="20"):
    with tempfile.TemporaryDirectory(prefix="aircomp-page-") as folder:
        with Demo(aircomp, pathlib.Path(folder), ["--model", DEMO]) as demo:
            ask = urllib.request.Request(f"http://{demo.address}/v1/completions", headers={"Content-Type": "application/json"},
                                         data=b'{"model": "demo", "prompt": "The server", "max_tokens": 16}')
            pages = [Watcher(demo.address)]
            urllib.request.urlopen(ask).read()
            process = coordinator_of(demo.process.pid)
            print(f"1 page: {percent(process, float(seconds)):.2f} % of a core", flush=True)
            pages += [Watcher(demo.address) for _ in range(99)]
            print(f"100 pages: {percent(process, float(seconds)):.2f} %", flush=True)
            for page in pages:
                page.close()
            time.sleep(1)
            print(f"no page: {percent(process, float(seconds)):.2f} %")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
