#!/bin/sh
# Orders from another program to a running instance that dies of them, as by kill -9: before an
# order is carried out, inside its commit, after it. Each is carried out exactly once, or refused
# with a reason; and who gave it is told so, also when the instance was started again meanwhile.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

mortal=$(pwd)/tests/e2e/rushhour_mortal
[ -x "$mortal" ] || skip "no $mortal"
command -v sqlite3 >/dev/null || skip "no sqlite3"

site_start 0 --servers 2
conf=$work/conf/rh.conf
# Policy has nothing to do: the servers are home outside the window.
site_config "$conf" 'window = ["Sun 00:00-00:01"]  auto = "off"'
c="--config $conf --state $work/state"
RH_CRASH_LOG=$work/deaths RH_CRASH_TIMES=1
export RH_CRASH_LOG RH_CRASH_TIMES
: >"$work/deaths"

# Whoever dies is started again.
(
    trap 'kill "$(cat "$work/pid")" 2>/dev/null; exit 0' TERM
    while [ ! -e "$work/enough" ]; do
        # shellcheck disable=SC2086
        RH_CRASH_ONLY='command *' "$mortal" $c --plain >>"$work/lines" 2>&1 </dev/null &
        echo $! >"$work/pid"
        wait $!
        echo "$?" >>"$work/codes"
    done
) 2>/dev/null &
keeper=$!
children="$keeper $children"

sql() {
    sqlite3 -cmd '.timeout 5000' "file:$work/state/state.db?mode=ro" "$1"
}
now() {
    "$rh" $c status --json 2>"$work/err" | "$peek" "$1"
}
looked() {
    "$rh" $c status --json | grep -q '"controller":{' && ! now servers.0.place | grep -q unknown &&
        [ "$(now extension.state)" = stopped ] && [ "$(now servers.1.place)" = onprem ]
}
poll_for 60 looked || bad "an instance runs" "$(tail -n 3 "$work/lines")"

# Without an instance the order would be carried out by whoever gives it.
runs() {
    # shellcheck disable=SC2086
    "$rh" $c status --json 2>"$work/err" | grep -q '"controller":{'
}

# order_dies NAME CODE ACCEPTED WORDS...: three deaths, one answer, one line in the journal; any:
# accepted or not, but the exit code and the row say the same
order_dies() {
    name=$1 code=$2 accepted=$3
    shift 3
    poll_for 60 runs || bad "an instance runs for $name" "$(tail -n 3 "$work/lines")"
    : >"$work/deaths"
    last=$(sql 'SELECT coalesce(max(id), 0) FROM commands')
    seq=$(sql 'SELECT coalesce(max(seq), 0) FROM journal')
    # shellcheck disable=SC2086
    run "$rh" $c "$@"
    rows=$(sql "SELECT count(*) || ' ' || sum(answered) || ' ' || sum(accepted) || ' ' ||
        min(length(text) > 0) FROM commands WHERE id > $last")
    lines=$(sql "SELECT count(*) FROM journal WHERE seq > $seq AND actor LIKE 'operator:%' AND action = '$1' AND outcome IN ('done', 'failed')")
    deaths=$(wc -l <"$work/deaths")
    if [ "$code" = any ]; then
        code=$rc deaths=3 accepted=1
        [ "$rc" = 0 ] || accepted=0 code=75
    fi
    if [ "$rc" = "$code" ] && [ "$rows" = "1 1 $accepted 1" ] && [ "$lines" = 1 ] && [ "$deaths" = 3 ]; then
        ok "$name"
    else
        bad "$name" "exit code $rc; rows: $rows; $lines journal lines; died: $(tr '\n' ' ' <"$work/deaths")"
    fi
}
# is NAME PATH VALUE: in the picture of an instance that was started after the last death
is() {
    is_so() {
        now "$1" | grep -Eqx -e "$2"
    }
    poll_for 15 is_so "$2" "$3" && ok "$1" || bad "$1" "$2 is $(now "$2"), not $3"
}

order_dies "hold outlives three deaths" 0 1 hold cache onprem --for 2h
is "and is in force" servers.name=cache.hold.kind until
order_dies "a second hold, without an end" 0 1 hold write-back onprem --forever
is "is in force, too" servers.name=write-back.hold.kind pin
order_dies "release" 0 1 release cache
is "ends one" servers.name=cache.hold null
is "and no other" servers.name=write-back.hold.kind pin
order_dies "release of what is not held" 75 0 release cache
order_dies "auto on" 0 1 auto on
is "is on" mode auto
order_dies "snooze" 0 1 snooze 25m
is "is stored with its end" snooze_until '20..-.*Z'
order_dies "auto off for one server" 0 1 auto off cache
is "is off for that one" servers.name=cache.auto false
is "and for no other" servers.name=write-back.auto true
order_dies "auto off for all" 0 1 auto off
is "is off" mode manual
order_dies "cancel without a move" 75 0 cancel cache
order_dies "move" 0 1 move cache cloud
is "is under way" servers.name=cache.move.direction out
[ "$(sql "SELECT count(*) FROM moves WHERE server = 'cache'")" = 1 ] && ok "once" ||
    bad "once" "$(sql "SELECT id, status FROM moves")"
order_dies "cancel" 0 1 cancel cache
is "ends the move" servers.name=cache.move null
known() {
    now extension.state | grep -Eq 'stopped|starting|active'
}
poll_for 20 known
# Who was just started does not know the extension yet and refuses.
order_dies "extension start" any any extension start
started() {
    # shellcheck disable=SC2086
    world extension.state | grep -Eq 'starting|active' || { "$rh" $c extension start; false; }
}
check "starts it, once it is known" poll_for 120 started

# An instance that hangs answers nothing: the order is kept, and the next one carries it out.
for try in 1 2 3 4 5; do
    holder=$(cat "$work/pid")
    kill -STOP "$holder"
    # shellcheck disable=SC2086
    run "$rh" $c hold cache onprem --for 1h
    # Stopped in the middle of a write it lets nobody write: that is said, and nothing is kept. And
    # it may have died of the order before: the one that was started since does not hang.
    grep -q "try again" "$work/err" || [ "$holder" != "$(cat "$work/pid")" ] || break
    kill -CONT "$holder"
    sleep "0.$try"
done
judge "an order to one that hangs is said to be kept" 75 "stored and stays"
: >"$work/deaths"
kill -9 "$holder"
is "and the next one carries it out" servers.name=cache.hold.kind until
[ "$(sql "SELECT count(*) FROM commands WHERE answered = 0")" = 0 ] && ok "nothing waits any more" ||
    bad "nothing waits any more" "$(sql "SELECT id, kind FROM commands WHERE answered = 0")"

: >"$work/enough"
kill "$(cat "$work/pid")" 2>/dev/null
wait "$keeper"
[ "$(world totals.both_places_ms totals.builds_killed_by_us | tr '\n' ' ')" = "0 0 " ] &&
    ok "no build died of it" || bad "no build died of it" "$(world totals)"
! grep -E "AddressSanitizer|runtime error" "$work/lines" >/dev/null &&
    ok "and left no sanitizer's word" || bad "and left no sanitizer's word" "see the lines"

finish
