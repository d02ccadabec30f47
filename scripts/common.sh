# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts share: where they run, how they speak, how they build. Sourced, not run.

script=$(realpath "$0")
name=scripts/$(basename "$0")
cd "$(dirname "$script")/.." || exit

if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

say() { printf '%s%s: %s%s\n' "$bold" "$name" "$*" "$plain"; }

die() {
    printf '%s: %s\n' "$name" "$*" >&2
    exit 1
}

# The comment at the head of the script is its help: from the third line to the first that is none.
usage() { sed -n '3,/^[^#]/ { s/^# \{0,1\}//p }' "$script"; }

# Compilers at once: one a core, but no more than memory holds (libtorch's headers take 1.5 GB each).
jobs_that_fit() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ { print int($2 / 1.5e6) }' /proc/meminfo)
    echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}

# configure FOLDER PRESET [-DOPTION=VALUE ...]: quiet unless it fails. The demo and the tests configure alike, so
# that they share objects. Warnings are errors under the compiler of Debian 12; others warn of other things.
configure() {
    local folder=$1 preset=$2 strict=OFF log
    shift 2
    [[ $(g++ -dumpversion) == 12* ]] && strict=ON
    log=$(cmake --preset "$preset" -B "$folder" -DAIRCOMP_WARNINGS_AS_ERRORS=$strict \
        -DAIRCOMP_ENABLE_OPTIMIZER=ON -DAIRCOMP_ENABLE_INFERENCE=ON -DAIRCOMP_ENABLE_RADIO=ON \
        -DAIRCOMP_ENABLE_RUNTIME=ON "$@" 2>&1) || {
        echo "$log" >&2
        die "cmake could not configure $folder; its last lines say why"
    }
}

# configure_module FOLDER [-DOPTION=VALUE ...]: gr-aircomp alone, with its GNU Radio module, for Debian's Python.
configure_module() {
    local folder=$1 strict=OFF log
    shift
    [[ $(g++ -dumpversion) == 12* ]] && strict=ON
    log=$(cmake -S gr-aircomp -B "$folder" -G Ninja -DPYTHON_EXECUTABLE=/usr/bin/python3 \
        -DAIRCOMP_WARNINGS_AS_ERRORS=$strict "$@" 2>&1) || {
        echo "$log" >&2
        die "cmake could not configure $folder; its last lines say why"
    }
}

# build FOLDER [TARGET ...]: a line of progress on a terminal, only warnings and errors elsewhere.
build() {
    local folder=$1 quiet=()
    shift
    [[ -t 1 ]] || quiet=(-- --quiet)
    cmake --build "$folder" --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(jobs_that_fit)}" \
        ${1:+--target "$@"} "${quiet[@]}" || die "the build in $folder failed; the compiler's lines above say where"
}

# sources PATTERN ...: our files of these names, NUL-terminated. No git: an unpacked archive has none.
sources() {
    local pattern names=()
    for pattern; do names+=(-o -name "$pattern"); done
    find . \( -path ./build -o -path ./out -o -path ./.git -o -path ./.cache \) -prune -o \
        -type f \( "${names[@]:1}" \) -print0 | sort -z
}

cpp_sources() { sources '*.cpp' '*.hpp' '*.cc' '*.h'; }
