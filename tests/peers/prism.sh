#!/bin/sh
# Puts the vendor's own API description (run by Prism, a validating proxy) between our Velostrata
# client and a simulated manager: it rejects every request and every answer that breaks the
# description. First each call to its end, then a week of the controller; and every word of the
# description is given to our client to read.
#
#   VELOSTRATA_DESCRIPTION  the description; it is never part of this source tree
#   VELOSTRATA_UPSTREAM     the manager's base URL; else `rushhour sim` is started
#   VELOSTRATA_VM, VELOSTRATA_EXTENSION, VELOSTRATA_PASSWORD   what to work with
#   VELOSTRATA_TICK_URL, VELOSTRATA_TICK_BODY   posted between two polls
set -u
. "$(dirname "$0")/lib.sh"

version=5.16.0
description=${VELOSTRATA_DESCRIPTION:-${srcdir:-$here/../..}/../shared/reference/velostrata-v25.yaml}
prism=$folder/prism-$version/node_modules/.bin/prism

need_ours tests/peers/velostrata_peer tests/peers/velostrata_week tests/peers/velostrata_words
[ -r "$description" ] || skip "no Velostrata description at $description"
# Every word of its lists, before any of its calls.
awk '
/^definitions:/           { inside = 1 }
inside && /^  [A-Za-z]+:/ { name = $1; sub(":", "", name) }
inside && /^    enum:/    { listed = 1; next }
listed && /^      - /     { print name, $2; next }
                          { listed = 0 }' "$description" | tests/peers/velostrata_words || failed=1
if [ ! -x "$prism" ]; then
    command -v npm >/dev/null 2>&1 || skip "npm is not installed"
    echo "installing Prism $version"
    mkdir -p "$folder/prism-$version"
    timeout 600 npm install --no-audit --no-fund --ignore-scripts \
        --prefix "$folder/prism-$version" "@stoplight/prism-cli@$version" >"$scratch/log" 2>&1 ||
        skip "Prism $version cannot be installed: $(tail -n 1 "$scratch/log")"
fi

upstream=${VELOSTRATA_UPSTREAM:-}
if [ -z "$upstream" ]; then
    start_sim
    upstream=$(sim_url velostrata)
    export VELOSTRATA_PASSWORD="${VELOSTRATA_PASSWORD:-velostrata-demo}"
    VELOSTRATA_TICK_URL=$(sim_url control)/advance VELOSTRATA_TICK_BODY='{"seconds":20}'
fi

"$prism" proxy --errors -p 0 "$description" "$upstream" >"$scratch/prism.log" 2>&1 &
pid=$!
pids="$pids $pid"
base=$(await "$scratch/prism.log" 's|.*is listening on \(http://[0-9.:]*\).*|\1|p' 60) || {
    tail -n 5 "$scratch/prism.log"
    die "Prism does not start"
}

set -- "$base" "${VELOSTRATA_VM:-}"
[ -z "${VELOSTRATA_TICK_URL:-}" ] ||
    set -- "$@" "$VELOSTRATA_TICK_URL" "${VELOSTRATA_TICK_BODY:-}"
timeout 600 tests/peers/velostrata_peer "$@" || failed=1

# A week of the controller, its site behind a checker of its own.
if [ -z "${VELOSTRATA_UPSTREAM:-}" ]; then
    mkfifo "$scratch/week.in" || exit 1
    : >"$scratch/week.out"
    timeout 1200 tests/peers/velostrata_week <"$scratch/week.in" >"$scratch/week.out" 2>&1 &
    week=$!
    pid=$week
    pids="$pids $week"
    exec 8>"$scratch/week.in"
    upstream=$(await "$scratch/week.out" 's/^UPSTREAM=//p' 20) || die "velostrata_week does not start"
    "$prism" proxy --errors -p 0 "$description" "$upstream" >"$scratch/prism.log" 2>&1 &
    pid=$!
    pids="$pids $pid"
    base=$(await "$scratch/prism.log" 's|.*is listening on \(http://[0-9.:]*\).*|\1|p' 60) ||
        die "Prism does not start"
    echo "$base" >&8
    wait "$week" || failed=1
    exec 8>&-
    grep -v '^UPSTREAM=' "$scratch/week.out"
fi
[ "$failed" = 0 ] || grep -i 'violation\|error' "$scratch/prism.log" | tail -n 20
exit $failed
