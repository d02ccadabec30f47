# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts share: where they run, how they speak, how they build. Sourced, not run.

script=$(realpath "$0")
name=scripts/$(basename "$0")
cd "$(dirname "$script")/.." || exit

shopt -s extglob
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

# The last commit's date, in seconds: that of what is made from it. An unpacked archive has the changelog's.
date_of_sources() { git log -1 --format=%ct 2>/dev/null || stat --format=%Y CHANGELOG.md; }

# run_cmake ARGUMENT ...: configures; quiet unless it fails.
run_cmake() {
    local log
    log=$(cmake "$@" 2>&1) || {
        echo "$log" >&2
        die "cmake could not configure; its last lines say why"
    }
}

# configure FOLDER PRESET [-DOPTION=VALUE ...]
configure() {
    local folder=$1 preset=$2
    shift 2
    run_cmake --preset "$preset" -B "$folder" "$@"
}

# Tests are built with warnings as errors, but for compilers other than Debian 12's, which warn of other things.
strictness() {
    if [[ $(g++ -dumpversion) == 12* ]]; then echo -DAIRCOMP_WARNINGS_AS_ERRORS=ON; else echo -DAIRCOMP_WARNINGS_AS_ERRORS=OFF; fi
}

# Passes on a build's lines, and of its progress ([12/345] ...) one in twenty seconds where nobody sees a terminal.
sparse_progress() {
    local line shown=$SECONDS
    while IFS= read -r line; do
        if [[ $line == \[+([0-9])/+([0-9])\]* ]]; then
            ((SECONDS - shown >= 20)) || continue
            shown=$SECONDS
        fi
        printf '%s\n' "$line"
    done
}

# build FOLDER [TARGET ...]: on a terminal a line that counts, elsewhere a line of progress now and then; in both what
# the compiler has to say.
build() {
    local folder=$1 command
    shift
    command=(cmake --build "$folder" --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(jobs_that_fit)}" ${1:+--target "$@"})
    if [[ -t 1 ]]; then "${command[@]}"; else "${command[@]}" | sparse_progress; fi ||
        die "the build in $folder failed; the compiler's lines above say where"
}

# sources PATTERN ...: our files of these names, NUL-terminated. No git: an unpacked archive has none.
sources() {
    local pattern names=()
    for pattern; do names+=(-o -name "$pattern"); done
    find . \( -path ./build -o -path ./out -o -path ./.git -o -path ./.cache \) -prune -o \
        -type f \( "${names[@]:1}" \) -print0 | sort -z
}

cpp_sources() { sources '*.cpp' '*.hpp' '*.cc' '*.h'; }
