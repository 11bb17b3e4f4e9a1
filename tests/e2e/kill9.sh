#!/bin/sh
# The real program, with a clock that goes faster, is killed at any moment, stopped for a second or
# two (minutes of its clock), shot at with signals, and started again; meanwhile its window opens and
# closes again and again. Nothing may be lost, done twice or left behind.
# RH_KILL_ROUNDS=N rounds (20), RH_KILL_SEED=S says which (a new one each time, printed).
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

mortal=$(pwd)/tests/e2e/rushhour_mortal
[ -x "$mortal" ] || skip "no $mortal"
rounds=${RH_KILL_ROUNDS:-20} seed=${RH_KILL_SEED:-$(date +%s)}
speed=120 every=90 # minutes from one window to the next: 45 seconds; a day has 16
echo "seed $seed"

# Of one day; at midnight nothing opens.
windows() {
    awk -v now="$(date -u +%H:%M)" -v every=$every 'BEGIN {
        split(now, t, ":")
        for (m = (t[1] * 60 + t[2]) % every; m + every / 2 < 1440; m += every)
            printf "%s\"Sun-Sat %02d:%02d-%02d:%02d\"", n++ ? ", " : "", m / 60, m % 60,
                (m + every / 2) / 60, (m + every / 2) % 60
    }'
}

site_start 0 --servers 2
conf=$work/conf/rh.conf
site_config "$conf" "window = [$(windows)]  auto = \"on\"  dwell_cloud = \"0m\"  dwell_onprem = \"0m\"
    start_spacing = \"0s\"  retry_min = \"1s\"  retry_max = \"5s\"  breaker_failures = 100  max_moves = 2
    extension_linger = \"1m\""
# Each way to move is there: the manager's, and our own instance.
second=$(world servers.1.name)
sed -i -e 's|tz = "[^"]*"|tz = "UTC"|' \
    -e "/^  $second = /s|mover = \"velostrata\"|mover = \"ec2\"  launch_template = \"rushhour-tests\"|" "$conf"
c="--config $conf --state $work/state"
order extension '{"state":"active"}' >/dev/null # its start takes minutes
order speed "{\"speed\":$speed}" >/dev/null
RH_CRASH_T0=$(date +%s%3N) RH_CRASH_SPEED=$speed
export RH_CRASH_T0 RH_CRASH_SPEED

# A line a round: what happens, after how many seconds, and how long.
awk -v seed="$seed" -v n="$rounds" 'BEGIN {
    srand(seed)
    for (i = 0; i < n; i++) {
        r = rand()
        what = r < 0.72 ? "kill" : r < 0.84 ? "stop" : r < 0.94 ? "storm" : "end"
        printf "%s %.3f %.3f\n", what, 0.1 + 2.4 * rand() ^ 2, 1 + rand()
    }
}' >"$work/rounds"

live() {
    # shellcheck disable=SC2086
    "$mortal" $c --plain >>"$work/lines" 2>&1 </dev/null &
    main=$!
    children="$main $site_pid"
}

storm() {
    i=0
    while [ $i -lt 30 ]; do
        for s in WINCH CONT URG CHLD; do
            kill "-$s" "$main" 2>/dev/null
        done
        i=$((i + 1))
    done
}

# What must hold at every moment, of the site itself.
holds() {
    [ "$(world totals.both_places_max_ms totals.builds_killed_by_us | tr '\n' ' ')" = "0 0 " ] &&
        [ "$(world totals.twins_max)" -le 1 ]
}

# Before the first death something is under way.
live
under_way() { world servers | grep -q '"marked":true,"marked_by":"rushhour"'; }
poll_for 60 under_way && ok "a move is under way" || bad "a move is under way" "$(world servers) $(tail -n 5 "$work/lines")"
kill -9 "$main"
wait "$main" 2>/dev/null
round=0 kills=0 stops=0 storms=0 ends=0
while read -r what after long; do
    round=$((round + 1))
    live
    sleep "$after"
    case $what in
    kill) kills=$((kills + 1)) ;;
    stop)
        kill -STOP "$main"
        sleep "$long"
        kill -CONT "$main"
        sleep "$after"
        stops=$((stops + 1))
        ;;
    storm)
        storm
        kill -0 "$main" || bad "round $round: it lives through a storm of signals" "$(tail -n 2 "$work/lines")"
        storms=$((storms + 1))
        ;;
    end)
        # It has told the kernel that it wants to hear of HUP, INT, QUIT, USR1 and TERM itself: of these
        # alone, as a thread that is begun has all of them for a moment, and before that.
        poll_for 30 grep -q '^SigBlk:.0*4207$' "/proc/$main/status" ||
            bad "round $round: it listens to orders to end" "$(grep SigBlk "/proc/$main/status")"
        kill "$main" && kill -INT "$main" 2>/dev/null
        kill "$main" 2>/dev/null
        wait "$main"
        [ $? = 0 ] || bad "round $round: several orders to end are one" "exit code not 0"
        ends=$((ends + 1))
        ;;
    esac
    kill -9 "$main" 2>/dev/null
    wait "$main" 2>/dev/null
    rc=$?
    [ "$what" = end ] || [ "$rc" = 137 ] || bad "round $round: it dies of nothing else" "exit code $rc: $(tail -n 2 "$work/lines")"
    holds || bad "round $round: $what after $after s" "$(world totals)"
    if command -v sqlite3 >/dev/null && [ -e "$work/state/state.db" ]; then
        [ "$(sqlite3 "$work/state/state.db" 'PRAGMA quick_check')" = ok ] ||
            bad "round $round: the database is whole" "quick_check"
    fi
    [ "$failed" = 0 ] || break
done <"$work/rounds" 2>"$work/err"
[ "$failed" = 0 ] && ok "$kills kills, $stops stops, $storms storms of signals, $ends orders to end"

# Calm: a person wants them at home.
live
expect "an order" 0 "." "$rh" $c auto off
for i in 0 1; do
    # It may be there already; an order that changes nothing is refused.
    "$rh" $c move "$(world servers.$i.name)" onprem >>"$work/said" 2>&1 </dev/null
done
at_home() {
    for i in 0 1; do
        [ "$(world servers.$i.vm.power servers.$i.nodes.onprem.marked servers.$i.nodes.cloud.marked \
            servers.$i.managed.state | tr '\n' ' ')" = "on false true unmanaged " ] || return 1
    done
    [ "$(world totals.alive)" = 0 ]
}
poll_for 150 at_home && ok "all come home, and nothing runs out there" ||
    bad "all come home, and nothing runs out there" "$(world servers totals) $(tail -n 20 "$work/lines" "$work/said")"
if command -v sqlite3 >/dev/null; then
    left() {
        sqlite3 "file:$work/state/state.db?mode=ro" "SELECT (SELECT count(*) FROM intents WHERE outcome = 'none')
            || ' ' || (SELECT count(*) FROM moves WHERE status = 'open')
            || ' ' || (SELECT count(*) FROM commands WHERE answered = 0)"
    }
    nothing_left() { [ "$(left)" = "0 0 0" ]; }
    poll_for 60 nothing_left && ok "every intent has its outcome, no move is open" ||
        bad "every intent has its outcome, no move is open" "$(left)"
fi
kill "$main"
wait "$main"
rc=$?
[ "$rc" = 0 ] && ok "it ends in order" || bad "it ends in order" "exit code $rc: $(tail -n 5 "$work/lines")"
# What was sent, and what the site has seen.
launches=$(world totals.launches)
sent=$("$rh" $c log --json | grep -E '"action":"(launch|run-in-cloud)"' | grep -c '"outcome":null')
[ "$launches" -le "$sent" ] && ok "$launches launched of $sent that were begun" ||
    bad "$launches launched of $sent that were begun" "a launch without an intent"
! grep -E "AddressSanitizer|ThreadSanitizer|runtime error" "$work/lines" >/dev/null &&
    ok "and left no sanitizer's word" || bad "and left no sanitizer's word" "see the lines"

finish
