#!/bin/sh
# replay: a journal that was exported, as lines, as the fleet of an instant, and as the dashboard; what
# is no journal is refused by file and line.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
unset TZ

journal=$work/journal
LC_ALL=C.UTF-8
export LC_ALL
"$rh" simulate --for 2d --trace --json >"$journal" || exit 1

expect "as lines, with its sums" 0 '^[0-9]+ entries of 1 days: [0-9]+ moves, 0 of them failed, 0 not ended' \
    "$rh" replay "$journal"
expect "from standard input" 0 "[0-9]+ moves, 0 of them" sh -c "'$rh' replay - <'$journal'"
expect "the end of a file" 0 '^1 entries of 0 days' sh -c "head -n 1 '$journal' | '$rh' replay -"
# The first window opens on Sunday at 07:00 UTC and ends at 16:00.
expect "the fleet at home" 0 ' 0 in the cloud, 4 on-prem, 0 moving' \
    "$rh" replay "$journal" --at 2026-11-22T06:30:00Z --plain
expect "the fleet out there" 0 ' 4 in the cloud, 0 on-prem, 0 moving' \
    "$rh" replay "$journal" --at 2026-11-22T12:00:00Z --plain
expect "the fleet on its way back" 0 ' [0-3] in the cloud, .* [1-4] moving' \
    "$rh" replay "$journal" --at 2026-11-22T16:03:00Z --plain
expect "the same as JSON" 0 '"name":"cache","place":"cloud",.*"reason":{"code":"window"' \
    "$rh" replay "$journal" --at 2026-11-22T12:00:00Z --json
expect "as JSON without an instant: at its end" 0 '"place":"onprem"' "$rh" replay "$journal" --json

expect "no file" 2 'replay wants one file' "$rh" replay
expect "two files" 2 'replay wants one file' "$rh" replay "$journal" "$journal"
expect "a file that is not there" 1 'nowhere: No such file' "$rh" replay "$work/nowhere"
expect "an instant that is none" 2 'noon' "$rh" replay "$journal" --at noon
{
    head -n 2 "$journal"
    echo 'Nov 22 08:00:00 cache moves'
} >"$work/bad"
expect "a line that is no entry" 1 "bad:3: .*; replay reads what rushhour log --json prints" "$rh" replay "$work/bad"
: >"$work/empty"
expect "an empty file" 1 'empty: there is no entry in it' "$rh" replay "$work/empty"
head -c 100000 /dev/zero | tr '\0' x >"$work/long"
expect "a line without an end" 1 'long:1: a line of 100000 bytes is no journal entry' "$rh" replay "$work/long"

command -v tmux >/dev/null || {
    echo "no tmux: the dashboard was not looked at"
    finish
}
socket=$work/tmux
tm() {
    tmux -S "$socket" -f /dev/null "$@"
}
end_tmux() {
    tm kill-server 2>/dev/null
    cleanup
}
trap end_tmux EXIT
shown() {
    tm capture-pane -p -t r | grep -Eq "$1"
}
# sees NAME PATTERN [KEY...]: after these keys
sees() {
    name=$1 pattern=$2
    shift 2
    for key in "$@"; do
        tm send-keys -t r "$key"
    done
    if poll_for 10 shown "$pattern"; then
        ok "$name"
    else
        tm capture-pane -p -t r >"$work/out"
        bad "$name" "the screen does not show \"$pattern\""
    fi
}

TERM=screen-256color tm new-session -d -s r -x 120 -y 35 \
    "'$rh' replay '$journal' --at 2026-11-22T15:59:00Z; echo \"ended with \$?\"; exec cat" || {
    echo "tmux does not start: the dashboard was not looked at"
    finish
}
sees "the dashboard, standing still" 'REPLAY stopped'
sees "four in the cloud" 'cloud 4   moving 0'
sees "the next event" 'entry [0-9]+ of [0-9]+: moves to on-prem' .
sees "its move" 'Moves 1 in flight'
sees "the one before" 'cloud 4   moving 0' ,
sees "a day on" 'Mon 23 Nov 2026 ' ]
sees "two days back, not beyond the first entry" 'Sun 22 Nov 2026 ' [ [ [
sees "nothing acts" 'this is a replay: keys change nothing that was' m
sees "its keys in the help" 'replay: to the next event, and stop there' '?' G
sees "time runs" 'REPLAY 60x' Escape +
sees "the end" 'ended with 0' q
finish
