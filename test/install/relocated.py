#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the program, moves it, hides source and build, and runs the main jobs.

usage: relocated.py CMAKE BUILD SOURCE

Exits with 1, saying why, where something refers to what is hidden or does not run; with 77 where nothing can be hidden.
"""
import json
import pathlib
import sys
import tempfile

from installation import hider, install, run

FIRST_STEPS = ("aircomp demo", "aircomp demo --testbed", "aircomp reproduce")
MODEL = "inference/models/demo"
TEXT = f"{MODEL}/evaluation.txt"


def names_no_place(prefix, folders):
    """No installed file names the folders that it came from."""
    for path in sorted(p for p in prefix.rglob("*") if p.is_file()):
        content = path.read_bytes()
        for folder in folders:
            if f"{folder}/".encode() in content:
                sys.exit(f"{path.relative_to(prefix)}: names {folder}")


def main_jobs(aircomp, work):
    steps = aircomp()
    missing = [step for step in FIRST_STEPS if step not in steps]
    if missing:
        sys.exit(f"aircomp alone does not say {', '.join(missing)}:\n{steps}")
    measured = json.loads(aircomp("perplexity", "--model", MODEL, "--text", TEXT, "--limit-tokens", 256, "--scheme",
                                  "mmse", "--json", "-"))
    if not 1 < measured["perplexity"] < 100:
        sys.exit(f"perplexity: expected 1 to 100, found {measured['perplexity']}")
    aircomp("compare", "--config", "configs/wired-mpi.yaml", "--text", TEXT, "--schemes", "exact,digital", "--limit-tokens",
            64, "--json", "compare.json", "--plot", "compare.png")
    if not (work / "compare.png").read_bytes().startswith(b"\x89PNG"):
        sys.exit("compare.png: expected a picture")
    if "mmse" not in aircomp("list"):
        sys.exit("aircomp list: expected the scheme mmse")
    if "headline: " not in aircomp("reproduce", "--list"):
        sys.exit("aircomp reproduce --list: expected the experiment headline")
    aircomp("reproduce", "convergence", "--quick", "--workers", 1, "--out", "results")
    aircomp("report", "results")
    for name in ("convergence/table.csv", "convergence/figure.png", "report.html"):
        if not (work / "results" / name).stat().st_size:
            sys.exit(f"results/{name}: expected something, found an empty file")


def other_python(aircomp):
    """Which Python draws is said by AIRCOMP_PYTHON; what it lacks is said by the program."""
    words = aircomp("report", "results", code=2, AIRCOMP_PYTHON="/bin/false")
    if "expected a python3 with the module matplotlib (Debian's python3-matplotlib), asked /bin/false" not in words:
        sys.exit(f"with another Python: expected a line that says what it lacks, found\n{words}")


def virtual_radios(aircomp, prefix):
    """UHD finds the module of the installation without being told."""
    if not (prefix / "bin/aircomp-air").exists():
        print("built without UHD: virtual radios are left out")
        return
    found = json.loads(aircomp("sum", "configs/virtual-radio.yaml", "--rounds", 1, "--json", "-",
                               cwd=prefix / "share/aircomp"))
    if not 0 < found["nmse"] < 0.1:
        sys.exit(f"aircomp sum: expected an NMSE of 0 to 0.1, found {found['nmse']}")


def part_of_libtorch(aircomp, prefix, work):
    """What libtorch computes is found where it was moved to; who does not need it does without."""
    (work / "torch.yaml").write_text("scheme: exact\ncompute: {backend: torch}\n")
    generate = ("generate", "--model", MODEL, "--prompt", "The captain", "--tokens", 2, "--temperature", 0)
    with_it = aircomp(*generate, "--config", "torch.yaml")
    part, = prefix.rglob("libaircomp_torch.so")
    part.unlink()
    words = aircomp(*generate, "--config", "torch.yaml", code=2)
    if "libtorch cannot be used: libaircomp_torch.so" not in words:
        sys.exit(f"without libaircomp_torch.so: expected a line that says so, found\n{words}")
    without = aircomp(*generate, "--scheme", "exact")
    if without.split("\n")[0] != with_it.split("\n")[0]:
        sys.exit(f"generate: expected one text, found with libtorch\n{with_it}\nand without\n{without}")


def without_data(aircomp, prefix):
    """The program says what is missing, and where it looked."""
    (prefix / "share").rename(prefix / "elsewhere")
    words = aircomp("reproduce", "--list", code=2)
    if f"{prefix}/share/aircomp: expected the program's data" not in words:
        sys.exit(f"without its data: expected a line that says so, found\n{words}")


def main(cmake, build, source):
    folders = [pathlib.Path(source).resolve(), pathlib.Path(build).resolve()]
    if folders[0] in folders[1].parents:
        folders.pop()
    with tempfile.TemporaryDirectory(prefix="aircomp-") as name:
        folder = pathlib.Path(name).resolve()
        prefix, work = folder / "moved", folder / "work"
        install(cmake, build, folder / "first", "program", "gnuradio")
        (folder / "first").rename(prefix)
        work.mkdir()
        (work / "aircomp").symlink_to(prefix / "bin/aircomp")
        names_no_place(prefix, [source, build])
        hide, environment = hider(folders)
        environment.update(HOME=str(work))
        for variable in ("AIRCOMP_PYTHON", "UHD_MODULE_PATH", "LD_LIBRARY_PATH", "XDG_CACHE_HOME"):
            environment.pop(variable, None)

        def aircomp(*words, code=0, cwd=work, **variables):
            return run(*hide, work / "aircomp", *words, code=code, cwd=cwd, env={**environment, **variables})

        main_jobs(aircomp, work)
        other_python(aircomp)
        virtual_radios(aircomp, prefix)
        part_of_libtorch(aircomp, prefix, work)
        without_data(aircomp, prefix)
    print("what was installed and moved does the main jobs; source and build were hidden")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
