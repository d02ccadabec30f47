#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs flowgraphs of radios without a screen for the aircomp program, all in this process.

usage: run_radios.py FOLDER

Reads a radio a line, "NAME<tab>FLOWGRAPH<tab>ANTENNAS", and has the flowgraph connect to the socket
FOLDER/NAME, at which the program listens. The end of the input ends all of them and removes the folder.
"""
import gc
import importlib
import os
import shutil
import subprocess
import sys

import yaml


def with_antennas(graph, antennas):
    """The flowgraph with as many antennas: as many streams between the radio and its neighbours."""
    for block in graph["blocks"]:
        if block["name"] == "antennas":
            block["parameters"]["value"] = str(antennas)
        if block["id"] in ("uhd_usrp_source", "uhd_usrp_sink"):
            of_first = {key[:-1]: value for key, value in block["parameters"].items()
                        if key in ("center_freq0", "gain0", "gain_type0", "ant0")}
            block["parameters"].update({f"{key}{n}": value for key, value in of_first.items()
                                        for n in range(antennas)})
    streams = {(a, b) for a, port, b, _ in graph["connections"] if port.isdigit()}
    graph["connections"] = [c for c in graph["connections"] if not c[1].isdigit()]
    graph["connections"] += [[a, str(n), b, str(n)] for a, b in sorted(streams)
                             for n in range(antennas)]
    return graph


def load(name, antennas, folder):
    """The module that grcc makes of NAME.grc."""
    module = f"{name}_{antennas}"
    if module not in sys.modules:
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.grc")
        with open(source, encoding="utf-8") as file:
            graph = with_antennas(yaml.safe_load(file), antennas)
        graph["options"]["parameters"]["id"] = module
        copy = os.path.join(folder, f"{module}.grc")
        with open(copy, "w", encoding="utf-8") as file:
            yaml.safe_dump(graph, file)
        done = subprocess.run(["grcc", "-o", folder, copy], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        if not os.path.exists(os.path.join(folder, f"{module}.py")):
            raise RuntimeError(f"grcc made no program of {name}.grc:\n{done.stdout}{done.stderr}")
        importlib.invalidate_caches()
    return importlib.import_module(module)


def start(radio, name, antennas, folder):
    """Starts one radio's flowgraph, as its own main() would."""
    module = load(name, antennas, folder)
    top = getattr(module, f"{name}_{antennas}")(radio=radio, folder=folder)
    top.link.on_close = lambda: None  # The end of the input comes with it.
    module.snippets_main_after_init(top)
    top.start()
    module.snippets_main_after_start(top)
    return top


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = sys.argv[1]
    sys.path.insert(0, folder)
    running = []
    for line in sys.stdin:
        radio, name, antennas = line.rstrip("\n").split("\t")
        try:
            running.append(start(radio, name, int(antennas), folder))
        except Exception as error:  # Whatever it is, the program hears of it by the closed socket.
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        gc.collect()
    for top in running:
        top.stop()
    for top in running:
        top.wait()
    # The program does so too, unless it was killed.
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
