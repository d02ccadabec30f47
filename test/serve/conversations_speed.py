#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast several conversations are over the air: conversations_speed.py AIRCOMP OPTION...

For 1, 4 and 8 clients, starts `aircomp serve` with the OPTIONs and has so many clients ask for 32 tokens each at once. Prints
the new tokens a second of all clients together, of simulated time and of the clock, and the simulated time that a client waits
for each of its tokens. Prompts, of some five tokens, are part of it.
"""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

TOKENS = 32
BEGINNINGS = ["The capital of France is", "A radio wave is", "In the middle of the night", "Water boils when it",
              "My favourite book is about", "The first computers were", "Every morning the baker", "A long time ago a king"]


def ask(address, model, prompt):
    body = {"model": model, "prompt": prompt, "max_tokens": TOKENS, "temperature": 0}
    request = urllib.request.Request(f"http://{address}/v1/completions", data=json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["usage"]["completion_tokens"]


def model_of(address):
    with urllib.request.urlopen(f"http://{address}/v1/models") as answer:
        return json.load(answer)["data"][0]["id"]


def measure(aircomp, options, clients):
    """New tokens, simulated seconds and seconds of the clock."""
    with tempfile.TemporaryDirectory(prefix="aircomp-conversations-") as folder:
        port, result = pathlib.Path(folder) / "port", pathlib.Path(folder) / "result.json"
        server = subprocess.Popen([aircomp, "serve", "--listen", "127.0.0.1:0", "--port-file", port, "--json", result,
                                   "--log-level", "error", *options])
        try:
            while not port.exists():
                if server.poll() is not None:
                    sys.exit("aircomp serve ended before it listened")
                time.sleep(0.05)
            address = port.read_text(encoding="utf-8").strip()
            model, begin = model_of(address), time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                made = sum(pool.map(lambda prompt: ask(address, model, prompt), BEGINNINGS[:clients]))
            wall_s = time.monotonic() - begin
        finally:
            server.terminate()
            server.wait()
        whole = json.loads(result.read_text(encoding="utf-8"))
        return made, whole["tokens"] * whole["time_per_token"]["total_s"], wall_s


def main(aircomp, *options):
    print("clients  tokens/s, simulated  s a token of a client, simulated  tokens/s, clock")
    for clients in (1, 4, 8):
        made, simulated_s, wall_s = measure(aircomp, options, clients)
        print(f"{clients:7}  {made / simulated_s:19.2f}  {simulated_s * clients / made:32.4f}  {made / wall_s:15.2f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
