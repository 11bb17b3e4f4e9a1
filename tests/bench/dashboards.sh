#!/bin/sh
# The dashboard beside htop and btop, in one run: over a simulated site of four servers polled every
# 5 s (at rest: auto only looks), over one whose APIs never answer, and as the demo, without the
# threads of its site. Nothing passes or fails; ratios of one run mean something, numbers alone do
# not. usage (where rushhour was built): dashboards.sh [ROUNDS [SECONDS]]
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"
TERM=xterm-256color
export TERM

rest='window = ["Sun-Sat 12:00-13:00"]  auto = "dry-run"'
site_start
site_config "$work/site/rh.conf" "$rest"
site_start 0 --faults timeout=1
site_config "$work/hanging/rh.conf" "$rest"
AWS_SHARED_CREDENTIALS_FILE=$work/site/aws # the same keys for both

set -- "${1:-3}" "${2:-30}" \
    "rushhour:$rh --config $work/site/rh.conf --state $work/site/state" \
    "hanging:$rh --config $work/hanging/rh.conf --state $work/hanging/state" \
    "demo:$rh demo --speed 60 --from 2026-11-21T10:00:00Z" --peers
for peer in htop btop; do
    if command -v "$peer" >/dev/null 2>&1; then
        # btop knows its arrows in one form alone.
        [ "$peer" != btop ] || set -- "$@" --keys "$(printf '\033[B')" "$(printf '\033[A')"
        set -- "$@" "$peer:$peer"
    else
        echo "$peer: not installed, left out"
    fi
done
echo "dashboards in 120x35, medians of $1 rounds, $2 s at rest; the last columns: rushhour's share"
tests/bench/bench_tui "$@"
