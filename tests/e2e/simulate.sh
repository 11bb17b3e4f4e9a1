#!/bin/sh
# simulate: text, JSON, --set, --compare, recorded prices, a year, and what is refused.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

# fields FILE NAME...: their values, a line each
fields() {
    file=$1
    shift
    "$peek" "$@" <"$file"
}
simulate() {
    bounded "$rh" simulate --json --for 7d "$@" >"$work/got" 2>"$work/err" </dev/null
    rc=$?
    cp "$work/got" "$work/out"
}

# Without a configuration: the built-in story.
simulate
cp "$work/out" "$work/one"
judge "a week" 0 '"trace"'
names="seed from to servers days moves.out moves.back moves.failed interruptions requeued_builds
lost_builds window_ready_percent ready_late_s.p50 ready_late_s.p99 ready_late_s.max cost.total
cost.spot cost.extension cost.disks cost.same_hours_on_demand invariant_violations trace
prices.source"
# shellcheck disable=SC2086
check "has every field of its contract" sh -c "'$peek' $(echo $names) <'$work/one'"
[ "$(fields "$work/one" days servers invariant_violations prices.source | tr '\n' ' ')" = \
    "7 4 0 simulated " ] && ok "of seven days" || bad "of seven days" "$(cat "$work/one")"
[ "$(fields "$work/one" moves.out)" -ge 20 ] && ok "out on five days" ||
    bad "out on five days" "$(cat "$work/one")"
check "nothing is written" test ! -e "$HOME/.local"
simulate
check "twice is the same, to the byte" cmp "$work/one" "$work/got"
simulate --set 'policy.window=["Sun-Thu 09:00-18:00"]' --set policy.max_moves=2
check "what --set does not change is the same, to the byte" cmp "$work/one" "$work/got"
simulate --trace
tail -n 1 "$work/got" >"$work/last"
check "--trace changes nothing" cmp "$work/one" "$work/last"
[ "$(wc -l <"$work/got")" -gt 100 ] && [ "$(sed -n 1p "$work/got" | "$peek" action)" != "" ] &&
    ok "--trace tells the journal" || bad "--trace tells the journal" "$(wc -l <"$work/got") lines"
simulate --seed 2
[ "$(fields "$work/one" trace)" != "$(fields "$work/out" trace)" ] && ok "another seed" ||
    bad "another seed" "the same trace"
simulate --set 'policy.window=["Sun-Thu 09:00-12:00"]'
judge "another window" 0 '"trace"'
[ "$(fields "$work/out" cost.total | tr -d .)" -lt "$(fields "$work/one" cost.total | tr -d .)" ] &&
    ok "shorter rush hours cost less" || bad "shorter rush hours cost less" "$(cat "$work/out")"
expect "as text" 0 "^ready in rush hours +[0-9.]+ %" "$rh" simulate --for 2d
expect "with its prices" 0 "^prices +simulated, seed 1" "$rh" simulate --for 2d
expect "a year" 0 '"days":365' "$rh" simulate --json --for 365d
expect "more servers" 0 '"servers":9' "$rh" simulate --json --servers 9 --for 2d
expect "a period by its ends" 0 '"from":"2026-12-01T00:00:00Z","to":"2026-12-03T00:00:00Z"' \
    "$rh" simulate --json --from 2026-12-01T00:00:00Z --to 2026-12-03T00:00:00Z
expect "faults" 0 '"trace"' "$rh" simulate --json --for 2d --faults timeout=0.05,no-capacity=50%
expect "their names" 0 "^no-capacity " "$rh" simulate --faults list

# What is refused.
expect "a fault that nobody knows" 2 "no fault 'nope'" "$rh" simulate --faults nope=1
expect "a fault of bytes" 2 "'loose-shapes' has no meaning here" "$rh" simulate --faults loose-shapes=1
expect "a wrong value" 2 "^--set policy.max_moves: policy.max_moves: .* write max_moves" \
    "$rh" simulate --set 'policy.max_moves="many"'
expect "a value without quotes" 2 "^--set policy.lead: .* is no value: write it as in the file" \
    "$rh" simulate --set policy.lead=25m
expect "an option that is none" 2 "^--set policy.windo: .* did you mean window" \
    "$rh" simulate --set 'policy.windo=["Sun 09:00-10:00"]'
expect "a section that is none" 2 "^--set polic.window: .* did you mean policy" \
    "$rh" simulate --set 'polic.window=["Sun 09:00-10:00"]'
expect "no option at all" 2 "^--set nonsense: write --set SECTION.OPTION=VALUE" \
    "$rh" simulate --set nonsense
expect "what does not fit together" 2 "^--set policy.retry_min: .* longer than retry_max" \
    "$rh" simulate --set 'policy.retry_min="2h"'
expect "a period that ends first" 2 "ends before it begins" \
    "$rh" simulate --from 2026-12-03T00:00:00Z --to 2026-12-01T00:00:00Z
expect "a period that says too much" 2 "two of them say it all" \
    "$rh" simulate --from 2026-12-01T00:00:00Z --to 2026-12-03T00:00:00Z --for 2d
expect "no time" 2 "soon" "$rh" simulate --from soon
expect "no seed" 2 "x" "$rh" simulate --seed x
expect "too long" 2 "longer than" "$rh" simulate --for 9999d

# With a configuration: README's, cheaper and dearer.
sed -n '/^    site  /,/^$/p' "$src/README.md" | sed 's/^    //' >"$work/one.conf"
for secret in velostrata.secret jenkins.token vsphere.secret; do
    (umask 077 && echo canary >"$work/$secret")
    sed -i "s,/etc/rushhour/$secret,$secret," "$work/one.conf"
done
sed 's/09:00-18:00/07:00-20:00/' "$work/one.conf" >"$work/two.conf"
echo 'cost = { cloud_extension_hour = 0.266 }' >>"$work/one.conf"
echo 'cost = { cloud_extension_hour = 0.266 }' >>"$work/two.conf"
expect "of a configuration" 0 '"servers":1' "$rh" --config "$work/one.conf" simulate --json --for 7d
expect "two side by side" 0 "one.conf +two.conf +difference" \
    "$rh" --config "$work/one.conf" simulate --for 7d --compare "$work/two.conf"
grep -Eq '^cost +\$[0-9.]+ +\$[0-9.]+ +\+\$[0-9.]+$' "$work/out" && ok "with the difference" ||
    bad "with the difference" "no such line"
grep -q "interruptions differ where moves do$" "$work/out" && ok "and what may be compared" ||
    bad "and what may be compared" "no such line"
run "$rh" --config "$work/one.conf" simulate --json --for 7d --compare "$work/two.conf"
cp "$work/out" "$work/got"
check "and as JSON" sh -c "'$peek' cost.total compare.cost.total compare.trace compare.file <'$work/got'"
run "$rh" --config "$work/one.conf" simulate --json --for 7d --compare "$work/one.conf"
[ "$(fields "$work/out" trace)" = "$(fields "$work/out" compare.trace)" ] &&
    ok "the same beside itself" || bad "the same beside itself" "other traces"
sed 's/_file = "[^"]*"/_file = "not-there-yet"/' "$work/one.conf" >"$work/new.conf"
expect "no secret is looked for" 0 '"servers":1' "$rh" --config "$work/new.conf" simulate --json --for 7d
expect "more servers than configured" 2 "1 are configured" \
    "$rh" --config "$work/one.conf" simulate --servers 2
expect "beside nothing" 2 "$work/none" "$rh" simulate --compare "$work/none"
expect "a server's option" 2 "^--set servers.cache.vmm: .* did you mean vm" \
    "$rh" --config "$work/one.conf" simulate --set 'servers.cache.vmm="x"'
expect "without a price of the extension" 0 "cost.cloud_extension_hour" sh -c \
    "sed '/^cost/d' '$work/one.conf' >'$work/three.conf' && '$rh' --config '$work/three.conf' simulate --for 2d"

# Prices that were recorded: a round against a served site leaves its history in the store.
site_start 0 --seed 1 --servers 2
site_config "$work/site/rushhour.conf"
c="--config $work/site/rushhour.conf --state $work/state"
# shellcheck disable=SC2086
expect "a round that records" 0 "dry-run" "$rh" $c once
site_stop
now=$(date +%s)
from=$(date -u -d "@$((now - 172800))" +%Y-%m-%dT%H:%M:%SZ)
to=$(date -u -d "@$((now - 3600))" +%Y-%m-%dT%H:%M:%SZ)
# shellcheck disable=SC2086
expect "of a time past: recorded prices" 0 "^prices +recorded, changes from " \
    "$rh" $c simulate --from "$from" --to "$to"
# shellcheck disable=SC2086
expect "and as JSON" 0 '"source":"recorded"' "$rh" $c simulate --json --from "$from" --to "$to"
# shellcheck disable=SC2086
expect "of a time to come: simulated ones" 0 "^prices +simulated, seed 1" "$rh" $c simulate --for 2d

finish
