#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the systemd units start is a coordinator and devices that make text together, with certificates.

usage: units_test.py AIRCOMP SOURCE

systemd is not needed: the commands of the units are run with what it would put into them. Exits with 1, saying why, where
they do not run.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 120


def command_of(unit, values):
    """ExecStart with %i, %d and variables replaced; one that stands alone becomes several words, as in systemd."""
    line, = re.findall(r"^ExecStart=(.*)$", unit.read_text(encoding="utf-8"), re.M)
    words = []
    for word in line.split():
        if word.startswith("$") and not word.startswith("${"):
            words += values[word[1:]].split()
            continue
        for name, value in values.items():
            word = word.replace("${" + name + "}", value).replace("%" + name, value)
        words.append(word.replace("/etc/aircomp/", values["etc"] + "/"))
    return words


def credentials(unit):
    """The files that the process finds in the folder of its credentials."""
    return set(re.findall(r"^LoadCredential=([\w.]+):", unit.read_text(encoding="utf-8"), re.M))


def laboratory(aircomp, source, folder):
    """The folder /etc/aircomp, with four devices."""
    subprocess.run([aircomp, "pki", "init", folder], check=True, stdout=subprocess.DEVNULL)
    for words in (["coordinator", "--coordinator"], *([f"device-{n}"] for n in range(1, 5))):
        subprocess.run([aircomp, "pki", "issue", folder, *words], check=True, stdout=subprocess.DEVNULL)
    text = (source / "configs/laboratory-exact.yaml").read_text(encoding="utf-8")
    (folder / "laboratory.yaml").write_text(text.replace("../inference", f"{source}/inference"), encoding="utf-8")


def main(aircomp, source):
    packaging = source / "packaging"
    with tempfile.TemporaryDirectory(prefix="aircomp-") as name:
        etc = pathlib.Path(name)
        laboratory(aircomp, source, etc)
        processes = []

        def start(unit, values, **options):
            path = packaging / unit
            found = {p.name for p in pathlib.Path(values["d"]).iterdir()}
            if credentials(path) != found:
                sys.exit(f"{unit}: loads {sorted(credentials(path))}, a daemon's folder has {sorted(found)}")
            words = command_of(path, {"etc": name, **values})
            process = subprocess.Popen([aircomp, *words[1:]], text=True, **options)
            processes.append(process)
            return process

        try:
            address = etc / "address"
            coordinator = start("aircomp-coordinator.service", {
                "d": f"{etc}/coordinator", "AIRCOMP_ARGUMENTS": f"--prompt Hello --tokens 4 --listen 127.0.0.1:0 --port-file {address}"},
                stdout=subprocess.PIPE)
            deadline = time.monotonic() + PATIENCE_S
            while not (address.exists() and address.read_text(encoding="utf-8").strip()):
                if coordinator.poll() is not None or time.monotonic() > deadline:
                    sys.exit("the coordinator did not start")
                time.sleep(0.05)
            for n in range(1, 5):
                start("aircomp-device@.service", {
                    "i": f"device-{n}", "d": f"{etc}/device-{n}", "AIRCOMP_ARGUMENTS": "--threads 1",
                    "AIRCOMP_COORDINATOR": address.read_text(encoding="utf-8").strip(),
                    "AIRCOMP_MODEL": f"{source}/inference/models/demo"})
            text, _ = coordinator.communicate(timeout=PATIENCE_S)
            if coordinator.returncode != 0 or not text.startswith("Hello") or len(text.strip()) <= len("Hello"):
                sys.exit(f"expected a text that begins with Hello, found '{text}', exit status {coordinator.returncode}")
        finally:
            for process in processes:
                process.kill()
                process.wait()
    print("coordinator and devices run as the units start them")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], pathlib.Path(sys.argv[2]).resolve())
