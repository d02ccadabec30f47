#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completions offer what the program has, and its man pages are what man(1) can show.

usage: pages_test.py AIRCOMP

Exits with 1, saying why, where they do not. Without zsh its completion is left out, which is said.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

BASH = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_aircomp
printf '%s\\n' "${COMPREPLY[@]}"
"""
# zsh's own functions need a terminal: these say what they are asked to offer.
ZSH = """
compadd() { shift; print -l -- "$@" }
_files() { print -l -- FILES }
_describe() { print -l -- ${offered%%:*} }
file=$1; shift
words=("$@") CURRENT=$#
source $file
"""
CASES = (
    (("aircomp", ""), {"generate", "demo", "--version"}),
    (("aircomp", "bench", ""), {"decode", "media"}),
    (("aircomp", "generate", "--"), {"--config", "--scheme", "--prompt"}),
    (("aircomp", "generate", "--scheme", ""), {"exact", "mmse", "auto"}),
    (("aircomp", "tokens", "--"), {"--model", "--prompt", "--text"}),
)


def offered(shell, script, file, words):
    done = subprocess.run([shell, "-c", script, shell, str(file), *words], capture_output=True, text=True, check=False)
    if done.stderr:
        sys.exit(f"{shell}: {' '.join(words)}: {done.stderr}")
    return set(done.stdout.split())


def check_completion(shell, script, file):
    if shutil.which(shell) is None:
        print(f"no {shell}: its completion is left out")
        return
    for words, expected in CASES:
        found = offered(shell, script, file, words)
        if not expected <= found:
            sys.exit(f"{shell}: after {' '.join(words)}: expected {sorted(expected)}, found {sorted(found)}")
        if words[-1] == "" and "--config" in found and "--scheme" in words:
            sys.exit(f"{shell}: a value of --scheme: offers options")
    if "pages" in offered(shell, script, file, CASES[0][0]):
        sys.exit(f"{shell}: offers a command that the help does not show")


def check_man_pages(folder, commands):
    missing = [name for name in commands if not (folder / f"aircomp-{name}.1").exists()]
    if missing:
        sys.exit(f"no man page of {', '.join(missing)}")
    for page in sorted(folder.iterdir()):
        shown = subprocess.run(["groff", "-man", "-Tutf8", "-P-cbou", "-ww", str(page)], capture_output=True, text=True, check=False)
        if shown.returncode != 0 or shown.stderr:
            sys.exit(f"{page.name}: {shown.stderr}")
        for heading in ("NAME", "SYNOPSIS", "OPTIONS"):
            if heading not in shown.stdout:
                sys.exit(f"{page.name}: expected the heading {heading}")


def main(aircomp):
    with tempfile.TemporaryDirectory(prefix="aircomp-") as name:
        folder = pathlib.Path(name)
        subprocess.run([aircomp, "pages", name], check=True)
        check_completion("bash", BASH, folder / "bash/aircomp")
        check_completion("zsh", ZSH, folder / "zsh/_aircomp")
        check_man_pages(folder / "man1", ("generate", "demo", "bench", "bench-decode", "reproduce"))
    print("completions and man pages are what the commands are")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
