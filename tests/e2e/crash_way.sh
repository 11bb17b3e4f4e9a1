# The real program dies, as by kill -9, at every labelled point of a way out and back once: before
# an act, after it, inside the commit. Each time it is started again; in the end the site must be as
# if nothing had happened. RH_CRASH_TIMES=N: so often at each, which takes minutes.
# RH_CRASH_LOSS=1: between the two ways the instance is taken back, and the program dies everywhere
# once more until the server is out there again.
# RH_CRASH_PAIRS=N: of each start the first N points are its recovery; it dies there, too, once after
# each point at which the one before died.
# Sourced by a script for each way to move, which sets
#   site_mover     as site.sh has it
#   begins         what the journal calls the act that makes an instance
#   out, at_home   "PATH… = VALUE…" of the world, when it has arrived out there, and at home
#   overlap_ms     so long both sides may be up at a stretch (policy.max_overlap); the starts of a
#                  loaded machine take their part of it, forty times as fast
#   least_deaths   so many points there are at least
# shellcheck shell=sh disable=SC2154
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

mortal=$(pwd)/tests/e2e/rushhour_mortal
[ -x "$mortal" ] || skip "no $mortal"
speed=40
times=${RH_CRASH_TIMES:-1} pairs=${RH_CRASH_PAIRS:-0}
patience=$((times * (pairs + 1) * 300))

site_start 0 --servers 1
conf=$work/conf/rh.conf
site_config "$conf" 'window = ["Sun-Sat 00:00-24:00"]  auto = "on"  dwell_cloud = "0m"  dwell_onprem = "0m"
    start_spacing = "0s"  retry_min = "1s"  retry_max = "5s"  max_overlap = "2h"  breaker_failures = 100  extension_linger = "1m"'
c="--config $conf --state $work/state"
order speed "{\"speed\":$speed}" >/dev/null
RH_CRASH_T0=$(date +%s%3N) RH_CRASH_SPEED=$speed RH_CRASH_LOG=$work/deaths RH_CRASH_TIMES=$times
RH_CRASH_PAIRS=$pairs
export RH_CRASH_PAIRS RH_CRASH_TIMES RH_CRASH_T0 RH_CRASH_SPEED RH_CRASH_LOG
: >"$work/deaths"

# Whoever dies is started again, until somebody says that it is enough.
(
    trap 'kill "$(cat "$work/pid")" 2>/dev/null; exit 0' TERM
    while [ ! -e "$work/enough" ]; do
        # shellcheck disable=SC2086
        RH_CRASH_ONLY='*' "$mortal" $c --plain >>"$work/lines" 2>&1 </dev/null &
        echo $! >"$work/pid"
        wait $!
        echo "$?" >>"$work/codes"
        sleep 0.1
    done
) 2>/dev/null &
keeper=$!
children="$keeper $children"

# is "PATH… = VALUE…"
is() {
    # shellcheck disable=SC2086 # paths are words
    [ "$(world ${1%% = *} | tr '\n' ' ')" = "${1#* = } " ]
}

if poll_for "$patience" is "$out"; then
    ok "it arrives in the cloud, its node open"
else
    bad "it arrives in the cloud, its node open" "$(world servers.0) $(tail -n 20 "$work/lines")"
fi

# It has nothing to do and lives; or else who brings the order would have to act alone.
at_rest() {
    before=$(wc -l <"$work/deaths")
    sleep 3
    [ "$(wc -l <"$work/deaths")" = "$before" ] && kill -0 "$(cat "$work/pid")"
}
poll_for "$patience" at_rest || bad "it comes to rest" "$(tail -n 5 "$work/deaths")"
if [ -n "${RH_CRASH_LOSS:-}" ]; then
    first=$(world servers.0.instance.id)
    sort "$work/deaths" >"$work/deaths.first"
    : >"$work/deaths"
    order interrupt '{"server":"cache","notice_s":120}' >/dev/null
    is_out_anew() {
        is "$out" && [ "$(world servers.0.instance.id)" != "$first" ]
    }
    poll_for "$patience" is_out_anew && ok "taken back, it goes out again" ||
        bad "taken back, it goes out again" "$(world servers.0) $(tail -n 20 "$work/lines")"
    poll_for "$patience" at_rest || bad "it comes to rest again" "$(tail -n 5 "$work/deaths")"
    echo "$(wc -l <"$work/deaths") deaths of it:"
    uniq -c "$work/deaths"
    cat "$work/deaths.first" >>"$work/deaths"
fi
# The order of a person, taken by a program that dies of it.
# shellcheck disable=SC2086
run "$mortal" $c move cache onprem
if [ "$rc" = 0 ] || [ "$rc" = 75 ]; then
    ok "an order is taken"
else
    bad "an order is taken" "exit code $rc"
fi
if poll_for "$patience" is "$at_home"; then
    ok "it comes home, its node open, and nothing runs out there"
else
    bad "it comes home, its node open, and nothing runs out there" \
        "$(world servers.0 extension) $(tail -n 20 "$work/lines")"
fi
# What ends the move is written when the site shows its end already.
poll_for "$patience" at_rest || bad "it comes to rest at home" "$(tail -n 5 "$work/deaths")"
: >"$work/enough"
kill "$(cat "$work/pid")" 2>/dev/null
wait "$keeper"

twice=$(grep -c ' > ' "$work/deaths")
deaths=$(($(wc -l <"$work/deaths") - twice))
killed=$(grep -c '^137$' "$work/codes")
echo "$deaths deaths:"
grep -v ' > ' "$work/deaths" | sort | uniq -c
[ "$pairs" = 0 ] || {
    echo "$twice deaths in the recovery of one:"
    grep ' > ' "$work/deaths" | sort
    [ "$twice" -ge "$least_deaths" ] && ok "it died $twice times in a recovery" ||
        bad "it died $twice times in a recovery" "at least $least_deaths were to be"
}
least=$((least_deaths * times))
[ "$deaths" -ge "$least" ] && [ "$killed" -ge "$deaths" ] && ok "it died at $deaths points" ||
    bad "it died at $deaths points" "at least $least were to be; killed $killed times"
grep -Ev '^(0|137)$' "$work/codes" >"$work/out" && bad "and of nothing else" "exit codes $(tr '\n' ' ' <"$work/out")" ||
    ok "and of nothing else"
# An act that was sent before a death may have had its effect or not; nothing happens twice.
launches=$(world totals.launches)
"$rh" $c log --json >"$work/log"
sent=$(grep "\"action\":\"$begins\"" "$work/log" | grep -c '"outcome":null')
[ "$launches" -ge 1 ] && [ "$launches" -le "$sent" ] && ok "$launches launched of $sent that were begun" ||
    bad "$launches launched of $sent that were begun" "a launch without an intent"
both=$(world totals.both_places_max_ms)
[ "$both" -le "$overlap_ms" ] && ok "in two places for $((both / 1000)) s at most" ||
    bad "in two places for $((both / 1000)) s at most" "$overlap_ms ms are allowed"
[ "$(world totals.twins_max totals.builds_killed_by_us | tr '\n' ' ')" = "1 0 " ] &&
    ok "never two instances of a server, and no build died" ||
    bad "never two instances of a server, and no build died" "$(world totals)"
[ "$(world servers.0.managed.state totals.alive | tr '\n' ' ')" = "unmanaged 0 " ] &&
    ok "nothing is left behind" || bad "nothing is left behind" "$(world servers.0 totals)"
accepted=$(grep '"action":"move"' "$work/log" | grep -c '"actor":"operator:.*on-prem')
[ "$accepted" -ge 1 ] && ok "the order is in the journal" || bad "the order is in the journal" "$(grep operator "$work/log")"
if command -v sqlite3 >/dev/null; then
    left=$(sqlite3 "$work/state/state.db" "SELECT (SELECT count(*) FROM intents WHERE outcome = 'none')
        || ' ' || (SELECT count(*) FROM moves WHERE status = 'open')
        || ' ' || (SELECT count(*) FROM commands WHERE answered = 0)
        || ' ' || (SELECT count(*) FROM commands WHERE accepted = 1)")
    [ "$(sqlite3 "$work/state/state.db" 'PRAGMA quick_check')" = ok ] && ok "the database is whole" ||
        bad "the database is whole" "quick_check"
    [ "$left" = "0 0 0 1" ] && ok "every intent has its outcome, the order was taken once" ||
        bad "every intent has its outcome, the order was taken once" "$left"
fi
! grep -E "AddressSanitizer|runtime error" "$work/lines" >/dev/null &&
    ok "and left no sanitizer's word" || bad "and left no sanitizer's word" "see the lines"

finish
