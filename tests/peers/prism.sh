#!/bin/sh
# Puts the vendor's own API description (run by Prism, a validating proxy) between our
# Velostrata client and a simulated manager: it rejects every request and every answer
# that breaks the description.
#
#   VELOSTRATA_DESCRIPTION  the description; it is never part of this source tree
#   VELOSTRATA_UPSTREAM     the manager's base URL; else `rushhour sim` is started
#   VELOSTRATA_VM, VELOSTRATA_EXTENSION, VELOSTRATA_PASSWORD   what to work with
#   VELOSTRATA_TICK_URL, VELOSTRATA_TICK_BODY   posted between two polls
#   PRISM_DIR               where Prism is installed (default: prism/ in the build folder)
#
# Run in the build folder. Ends with 77 when Prism or the description cannot be had.
set -eu

srcdir=${srcdir:-$(dirname "$0")/../..}
description=${VELOSTRATA_DESCRIPTION:-$srcdir/../shared/reference/velostrata-v25.yaml}
prism_dir=${PRISM_DIR:-$PWD/prism}
peer=./tests/peers/velostrata_peer
sim_pid= prism_pid=
work=$(mktemp -d)

cleanup() {
    for pid in $prism_pid $sim_pid; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

skip() {
    echo "SKIP: $*"
    exit 77
}

# Prints what the sed program $2 finds first in the growing file $1; fails after $3 s.
await() {
    tenths=$(($3 * 10))
    while [ "$tenths" -gt 0 ]; do
        found=$(sed -n "$2" "$1" | head -n 1)
        if [ -n "$found" ]; then
            echo "$found"
            return 0
        fi
        tenths=$((tenths - 1))
        sleep 0.1
    done
    return 1
}

[ -r "$description" ] || skip "no Velostrata description at $description"
[ -x "$peer" ] || skip "$peer is not built (make tests/peers/velostrata_peer)"

if [ ! -x "$prism_dir/node_modules/.bin/prism" ]; then
    command -v npm >/dev/null || skip "no npm to install Prism with"
    mkdir -p "$prism_dir"
    timeout 300 npm install --no-audit --no-fund --prefix "$prism_dir" \
        @stoplight/prism-cli >"$work/npm.log" 2>&1 ||
        skip "npm cannot install Prism here: $(tail -n 1 "$work/npm.log")"
fi

upstream=${VELOSTRATA_UPSTREAM:-}
if [ -z "$upstream" ]; then
    ./rushhour sim --listen 127.0.0.1:0 >"$work/sim.log" 2>&1 &
    sim_pid=$!
    upstream=$(await "$work/sim.log" 's/.*"velostrata": *"\([^"]*\)".*/\1/p' 10) || :
    [ -n "$upstream" ] || skip "rushhour sim does not tell its address"
fi

"$prism_dir/node_modules/.bin/prism" proxy --errors -p 0 "$description" "$upstream" \
    >"$work/prism.log" 2>&1 &
prism_pid=$!
base=$(await "$work/prism.log" 's|.*is listening on \(http://[0-9.:]*\).*|\1|p' 60) || :
[ -n "$base" ] || {
    tail -n 5 "$work/prism.log"
    skip "Prism does not start"
}

status=0
if [ -n "${VELOSTRATA_TICK_URL:-}" ]; then
    "$peer" "$base" "${VELOSTRATA_VM:-}" "$VELOSTRATA_TICK_URL" \
        "${VELOSTRATA_TICK_BODY:-}" || status=$?
else
    "$peer" "$base" "${VELOSTRATA_VM:-}" || status=$?
fi
[ "$status" -eq 0 ] || grep -i 'violation\|error' "$work/prism.log" | tail -n 20
exit "$status"
