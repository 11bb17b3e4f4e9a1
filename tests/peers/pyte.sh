#!/bin/sh
# Feeds what the dashboard writes to pyte, a terminal emulator in Python: at the moment of each
# dump (key D) its screen is what the program meant.
set -u
. "$(dirname "$0")/lib.sh"

need_ours ./rushhour tests/e2e/pty
need_python pyte pyte==0.8.2
# pyte knows what the Linux console knows: no repeated characters (REP), no scrolling (SU).
LC_ALL=C.UTF-8 TERM=linux
export LC_ALL TERM
views=$(sed -n "s/^VIEW([a-z]*, '\(.\)'.*/\1/p" "$here/../../tui/views.def")

for size in "35 120" "24 80"; do
    at=$(echo "$size" | tr ' ' x)
    mkdir -p "$scratch/$at"
    {
        echo 'wait 20 q quit'
        # A dump's file is named by the second: one a second.
        for key in $views '\r' '?'; do
            printf 'keys %s\npause 300\nkeys D\npause 1100\n' "$key"
        done
        echo 'say dumped'
        echo 'pause 3000'
    } | TMPDIR=$scratch/$at timeout 120 tests/e2e/pty --cast "$scratch/$at/cast" $size ./rushhour demo --speed 1 \
        --from 2026-11-21T10:00:00Z >"$scratch/$at/said" 2>&1 &
    pids="$! $pids"
    n=0
    until grep -q dumped "$scratch/$at/said" || [ $n -gt 600 ]; do
        sleep 0.1
        n=$((n + 1))
    done
    cp "$scratch/$at"/rushhour-demo-*/screen-*.txt "$scratch/$at/"
    wait
    "$python" "$here/pyte_screens.py" "$scratch/$at/cast" "$scratch/$at"/screen-*.txt || failed=1
done
exit $failed
