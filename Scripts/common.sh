# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: where things are, and how they speak.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
# shellcheck disable=SC2034  # used by those that source this
venv=$root/.build/venv
# Runs a test program so that the C library fills memory that is freed, or new, with bytes that are no
# pointer: who reads it all the same is found out each time, not once in a hundred.
# shellcheck disable=SC2034  # used by those that source this
perturbed=(env MALLOC_PERTURB_=165)
# What the compiler and swift test say; names of tests have rego_parse_error: and others of that kind.
trouble='(^|[^_])error:'

say() { printf '==> %s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# The failures in what `swift test` printed.
show_failures() { # FILE [PATTERN]
    grep -E -A 12 "✘|$trouble|Fatal${2:+|$2}" "$1" | head -n 200 >&2 || true
}

# A folder of the test material, which lies beside the checkout or where PORTCULLIS_SHARED says.
shared() { # NAME
    local folder=${PORTCULLIS_SHARED:-$root/../shared}/$1
    [ -d "$folder" ] ||
        fail "no test material at \`$folder\`: set PORTCULLIS_SHARED to the folder that holds $1/"
    printf '%s\n' "$folder"
}

# Runs a command quietly; shows its output when it fails.
quietly() {
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}
