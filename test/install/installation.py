# SPDX-License-Identifier: GPL-3.0-or-later
"""An installation in a folder of its own, and programs that run where the source tree cannot be seen."""
import os
import pathlib
import shutil
import subprocess
import sys

HIDE = 'for folder in $HIDDEN; do mount -t tmpfs tmpfs "$folder"; done; exec "$@"'


def run(*command, code=0, **options):
    """What the command wrote to standard output; ends the test where its exit status is another than `code`."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode != code:
        sys.exit(f"{' '.join(words)}\nexpected exit status {code}, found {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout if code == 0 else done.stdout + done.stderr


def install(cmake, build, prefix, *components):
    for component in components:
        run(cmake, "--install", build, "--prefix", prefix, "--component", component)
    # Which file each build installed is said in the build folder; the whole's own record stays.
    for component in components:
        pathlib.Path(build, f"install_manifest_{component}.txt").unlink(missing_ok=True)


def hider(folders):
    """Words before a command that hide the folders from it. Ends the test where no way to hide them is there."""
    environment = {**os.environ, "HIDDEN": " ".join(str(f) for f in folders)}
    for words in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        trial = [*words, "sh", "-ec", HIDE, "-", "true"]
        if shutil.which("unshare") and subprocess.run(trial, env=environment, capture_output=True, check=False).returncode == 0:
            return trial[:-1], environment
    print("skipped: no name space of mounts can be made here")
    sys.exit(77)
