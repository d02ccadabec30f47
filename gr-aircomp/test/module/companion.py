#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the installed flowgraphs in GNU Radio Companion and executes them, on a screen of its own.

usage: companion.py CMAKE BUILD_FOLDER [--pictures FOLDER] NAME ...

Xvfb is the screen, xdotool presses the keys: F6 executes, F7 kills. A flowgraph runs when its window has come
up and what it shows changes. With --pictures a picture of Companion and one of the flowgraph's window go to
FOLDER. Exits with 1, saying why, where a flowgraph does not open or run; with 77 where Companion, Xvfb or
xdotool is missing.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import installation
import yaml

LIMIT_S = 120
SCREEN, WINDOW = (1500, 900), (1000, 640)  # Companion's window and a flowgraph's, pixels
CHANGES = 5  # of what a flowgraph shows, until it is believed to run


def wait_for(what, found):
    """What found() returns, once that is something."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        value = found()
        if value:
            return value
        time.sleep(0.2)
    sys.exit(f"{what}: not there within {LIMIT_S} s")


@contextlib.contextmanager
def screen():
    """The number of a screen that only this test has."""
    reading, writing = os.pipe()
    size = "x".join(map(str, SCREEN))
    with subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
                          pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as number:
                yield f":{number.readline().strip()}"
        finally:
            server.terminate()


def environment(prefix, display, home):
    """Companion with the module of a prefix, and settings of its own. It asks about a terminal that is
    missing, which only flowgraphs without a window would need: any program will do."""
    return {**{k: v for k, v in installation.environment(prefix).items() if k != "QT_QPA_PLATFORM"},
            "DISPLAY": display, "HOME": home, "XDG_RUNTIME_DIR": home, "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1",
            "GR_CONF_GRC_XTERM_EXECUTABLE": "/bin/true",
            "GRC_BLOCKS_PATH": str(prefix / "share/gnuradio/grc/blocks")}


class Screen:
    """What is seen, and pressed, on a screen."""

    def __init__(self, env):
        self.env = env

    def xdotool(self, *arguments):
        done = subprocess.run(["xdotool", *arguments], env=self.env, capture_output=True, text=True, check=False)
        return done.stdout.split()

    def window(self, title):
        """The window whose title begins so, or None."""
        return next(iter(self.xdotool("search", "--onlyvisible", "--name", f"^{re.escape(title)}")), None)

    def press(self, window, key):
        self.xdotool("windowfocus", "--sync", window)
        self.xdotool("key", "--clearmodifiers", key)

    def picture(self, window, path):
        """Writes a PNG of a window, by Gdk, which Companion is made with; returns its bytes."""
        subprocess.run([sys.executable, "-c", PICTURE, window, str(path)], env=self.env, check=True,
                       stderr=subprocess.DEVNULL)
        return pathlib.Path(path).read_bytes()


PICTURE = """
import sys
import gi
gi.require_version("Gdk", "3.0")
gi.require_version("GdkX11", "3.0")
from gi.repository import Gdk, GdkX11
window = GdkX11.X11Window.foreign_new_for_display(Gdk.Display.get_default(), int(sys.argv[1]))
Gdk.pixbuf_get_from_window(window, 0, 0, window.get_width(), window.get_height()).savev(sys.argv[2], "png", [], [])
"""


def title_of(flowgraph):
    return yaml.safe_load(flowgraph.read_text(encoding="utf-8"))["options"]["parameters"]["title"]


def execute(flowgraph, seen, folder):
    """Opens a flowgraph in Companion, executes it until its window changes, and kills it."""
    name, title, said = flowgraph.stem, title_of(flowgraph), folder / "said"
    with said.open("w", encoding="utf-8") as out, subprocess.Popen(
            ["gnuradio-companion", str(flowgraph)], env=seen.env, cwd=folder, stdout=out,
            stderr=subprocess.STDOUT) as companion:
        def wait(what, holds):
            def look():
                text = said.read_text(encoding="utf-8")
                if companion.poll() is not None or "Traceback" in text or ">>> Failure" in text:
                    sys.exit(f"{name}: Companion said:\n{text}")
                return holds(text)

            return wait_for(f"{name}: {what}", look)

        try:
            wait("opened", lambda text: ">>> Done" in text)
            window = wait("Companion's window", lambda _: seen.window(flowgraph.name))
            seen.xdotool("windowsize", "--sync", window, *map(str, SCREEN))
            seen.press(window, "F6")
            running, picture = wait("its window", lambda _: seen.window(title)), folder / f"{name}.png"
            seen.xdotool("windowsize", "--sync", running, *map(str, WINDOW))
            for _ in range(CHANGES):
                last = seen.picture(running, picture)
                wait("a change of what it shows", lambda _, last=last: seen.picture(running, picture) != last)
            seen.press(window, "F7")
            wait("its end", lambda _: seen.window(title) is None)
            seen.picture(window, folder / f"{name}-companion.png")
        finally:
            companion.terminate()
    print(f"{flowgraph.name} opens in Companion, is executed by F6, shows what changes, and ends by F7")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cmake", metavar="CMAKE")
    parser.add_argument("build", metavar="BUILD_FOLDER")
    parser.add_argument("--pictures", type=pathlib.Path, metavar="FOLDER", help="where pictures go")
    parser.add_argument("names", nargs="+", metavar="NAME", help="a flowgraph's file name without .grc")
    arguments = parser.parse_args()
    for program in ("gnuradio-companion", "Xvfb", "xdotool"):
        if not shutil.which(program):
            print(f"{program} is not installed, nothing was run")
            sys.exit(77)
    with installation.installation(arguments.cmake, arguments.build) as prefix, \
            tempfile.TemporaryDirectory(prefix="aircomp-") as name, screen() as display:
        folder = pathlib.Path(name)
        seen = Screen(environment(prefix, display, name))
        for flowgraph in arguments.names:
            execute(prefix / f"share/gnuradio/examples/aircomp/{flowgraph}.grc", seen, folder)
        if arguments.pictures:
            arguments.pictures.mkdir(parents=True, exist_ok=True)
            for picture in folder.glob("*.png"):
                shutil.copy(picture, arguments.pictures)


if __name__ == "__main__":
    main()
