#!/bin/sh
# A second instance on a terminal beside the one that acts: it shows what that one journals within
# a second, hands orders over, and takes over by a key when that one has ended: by kill -9 in the
# middle of a move, or in order.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

command -v tmux >/dev/null || skip "no tmux"
socket=$work/tmux
tm() {
    tmux -S "$socket" -f /dev/null "$@"
}
end_tmux() {
    tm kill-server 2>/dev/null || :
    cleanup
}
trap end_tmux EXIT
LC_ALL=C.UTF-8 TERM=xterm-256color
export LC_ALL TERM

site_start
order extension '{"state":"active"}' >/dev/null
conf=$work/conf/rh.conf
site_config "$conf" 'window = ["Sun-Sat 00:00-24:00"]  auto = "on"  max_moves = 1'
c="--config $conf --state $work/state"

holder_start() {
    # shellcheck disable=SC2086
    "$rh" $c --plain >>"$work/lines" 2>&1 </dev/null &
    main=$!
    children="$main $children"
    acts_is "$main" || bad "an instance acts" "$(tail -n 3 "$work/lines")"
}
# window NAME WORDS: the program in a terminal of its own; its pid in $work/NAME.pid
window() {
    tm kill-session -t "$1" 2>/dev/null || :
    rm -f "$work/$1.rc" "$work/$1.pid"
    tm new-session -d -s "$1" -x 140 -y 35 \
        "sh -c 'echo \$\$ >\"$work/$1.pid\"; exec $rh $c $2'; echo \$? >'$work/$1.rc'; exec cat" 2>"$work/err" ||
        skip "tmux does not start: $(cat "$work/err")"
    poll_for 5 test -s "$work/$1.pid"
}
shows() {
    tm capture-pane -p -t "$1" >"$work/out"
    grep -Eq -e "$2" "$work/out"
}
see() {
    poll_for 20 shows "$2" "$3" && ok "$1" || bad "$1" "\"$3\" is not on the screen"
}
now() {
    "$rh" $c status --json 2>"$work/err" | "$peek" "$1"
}
is_now() {
    [ "$(now "$1")" = "$2" ]
}
acts_is() {
    poll_for 30 is_now controller.pid "$1"
}

: >"$work/lines"
holder_start
window first ""
see "a second one is an observer" first "OBSERVER of .* pid $main "
check "and shows the servers" shows first "write-back"
tm send-keys -t first b
see "the one that acts is not taken over from" first "pid $main acts: it can be taken over from when it has ended"

# shellcheck disable=SC2086
expect "--dry-run gives it no order" 75 "dry-run: would hold end-to-end on-prem" \
    "$rh" $c --dry-run hold end-to-end onprem
is_now servers.name=end-to-end.hold null && ok "and nothing is held" || bad "and nothing is held" "$(now servers)"

# Lines of the journal, from the end of the order that wrote them to the observer's screen.
"$rh" $c --plain --observe >"$work/seen" 2>&1 </dev/null &
looker=$!
children="$looker $children"
poll_for 20 test -s "$work/seen"
worst=0
for hours in 2 3 4 5 6; do
    run "$rh" $c hold end-to-end onprem --for "${hours}h"
    said=$(date +%s%3N)
    n=$((hours - 1))
    until [ "$(grep -c 'end-to-end: end-to-end: on-prem, held' "$work/seen")" -ge "$n" ]; do
        [ $(($(date +%s%3N) - said)) -lt 5000 ] || break
        sleep 0.02
    done
    took=$(($(date +%s%3N) - said))
    [ "$took" -le "$worst" ] || worst=$took
done
[ "$worst" -le 1000 ] && ok "a line of the journal is seen after $worst ms" ||
    bad "a line of the journal is seen after $worst ms" "more than a second"
kill "$looker"

# Death in the middle of a move.
called() {
    world servers.0.managed.state | grep -Eq 'moving_to_cloud|in_cloud'
}
poll_for 90 called || bad "a move is under way" "$(now servers.0)"
task=$(world servers.0.managed.task)
kill -9 "$main"
wait "$main" 2>/dev/null
see "the observer says that it ended" first "pid $main \(ended\)"
see "and how to take over" first "b take over"
tm send-keys -t first m
see "nobody takes an order now" first "nobody acts until somebody takes over"
window second "--plain"
see "who starts now acts" second "[a-z]"
acts_is "$(cat "$work/second.pid")" && ok "as the one with the lock" || bad "as the one with the lock" "$(now controller)"
see "the observer says who" first "OBSERVER of .* pid $(cat "$work/second.pid") "
kill -9 "$(cat "$work/second.pid")"
see "it ends, too" first "pid $(cat "$work/second.pid") \(ended\)"
tm send-keys -t first b
see "the key asks" first "Take over\?"
check "and says what follows" shows first "AUTO is ON"
sleep 0.6 # keys that come before the question can be read are not its answer
began=$(date +%s%3N)
tm send-keys -t first t
first=$(cat "$work/first.pid")
acts_is "$first" && ok "the observer acts, seen after $(($(date +%s%3N) - began)) ms" ||
    bad "the observer acts" "$(now controller)"
see "and says so" first "this instance acts now"
gone_badge() {
    ! shows first OBSERVER
}
check "it is no observer any more" poll_for 10 gone_badge
check "it is the same process" kill -0 "$first"
check "it goes on with the move" is_now servers.name=cache.move.direction out
[ "$(world servers.0.managed.task)" = "$task" ] && ok "of the one task" ||
    bad "of the one task" "$task before, $(world servers.0.managed.task) now"
asked=$("$rh" $c log --json | grep '"server":"cache"' | grep '"action":"run-in-cloud"' | grep -c '"outcome":null')
[ "$asked" = 1 ] && ok "which was asked for once" || bad "which was asked for once" "$asked times"
expect "it takes orders of others" 0 "released" "$rh" $c release end-to-end
tm send-keys -t first '?'
see "and keys" first "Move around"
tm send-keys -t first Escape

# In line mode on a terminal, by a word; the one that acts ends in order.
window second "--plain"
see "a line mode observer" second "observer of .* pid $first"
tm send-keys -t second take-over Enter
see "must wait" second "acts: it can be taken over from when it has ended"
tm send-keys -t first q
see "the one that acts asks before it quits" first "Quit rushhour"
sleep 0.6
tm send-keys -t first s
poll_for 10 test -s "$work/first.rc"
[ "$(cat "$work/first.rc")" = 0 ] && ok "and ends in order" || bad "and ends in order" "$(cat "$work/first.rc")"
see "the observer offers it" second "write take-over to act from here"
window third "--observe --plain"
tm send-keys -t third take-over Enter
see "--observe never acts" third "observing only"
tm send-keys -t third quit Enter
tm send-keys -t second take-over Enter
see "the word does it" second "this instance acts now"
acts_is "$(cat "$work/second.pid")" && ok "it has the lock" || bad "it has the lock" "$(now controller)"
tm send-keys -t second "hold migration onprem" Enter
see "and carries its own orders out" second "migration: on-prem, held"
tm send-keys -t second quit Enter
poll_for 10 test -s "$work/second.rc"
[ "$(cat "$work/second.rc")" = 0 ] && ok "quit ends it" || bad "quit ends it" "$(cat "$work/second.rc")"

finish
