#!/bin/sh
# Puts the vendor's own API description (run by Prism, a validating proxy) between our Velostrata
# client and a simulated manager: it rejects every request and every answer that breaks the
# description.
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

need_ours tests/peers/velostrata_peer
[ -r "$description" ] || skip "no Velostrata description at $description"
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
[ "$failed" = 0 ] || grep -i 'violation\|error' "$scratch/prism.log" | tail -n 20
exit $failed
