#!/bin/sh
# What somebody wants who sees the dashboard for the first time: each of it in five keys at most, on
# the real program in a terminal of tmux. A key is a key: a letter, Enter, an arrow.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"

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

shows() {
    tm capture-pane -p -t s >"$work/out"
    grep -Eq -e "$1" "$work/out"
}

press() {
    for key in "$@"; do
        tm send-keys -t s "$key"
        sleep 0.3 # a question that has just opened takes no answer yet
    done
}

# task NAME KEYS PATTERN: the keys, from the fleet view with its first server selected, show it
task() {
    for key in Escape 1 g; do
        tm send-keys -t s "$key"
        sleep 0.1
    done
    # shellcheck disable=SC2086
    set -- "$1" "$3" $2
    name=$1 pattern=$2
    shift 2
    press "$@"
    if [ $# -gt 5 ]; then
        bad "$name" "$# keys: $*"
    elif poll_for 20 shows "$pattern"; then
        ok "$name ($# keys${1:+: $*})"
    else
        bad "$name ($*)" "\"$pattern\" is not on the screen"
    fi
}

# Sunday afternoon, fast until all are in the cloud, then as slowly as it goes.
tm new-session -d -s s -x 120 -y 35 \
    "exec env TMPDIR='$work' '$rh' demo --speed 120 --from 2026-11-22T14:30:00Z" 2>"$work/err" ||
    skip "tmux does not start: $(cat "$work/err")"
poll_for 60 shows "cloud 4 " || { bad "all are in the cloud" "not within a minute"; finish; }
press - - - - - - -

task "what happens next, and when" "" "Next +on-prem at 18:00, in "
task "what will this month cost" "" "forecast [$][0-9.]+   budget [$]140 "
task "what does each server cost" "3" "^ migration +0\.[0-9]+ +[0-9.]+"
task "why is migration in the cloud" "j j Enter" "Should +be in the cloud by rule 3 .window.: rush hour until Sun 18:00"
task "keep migration in the cloud tonight" "j j P m" "migration: in the cloud, held there until Mon 08:"
task "take that back" "u Enter" "migration is released|migration: released|released"
task "bring end-to-end home, its build first" "G o Enter d" "end-to-end +cloud > on-prem|end-to-end +moving|end-to-end moves"
task "who moved it" "G Enter G" "moves to on-prem.*, by you"
task "let one server alone" "j A" "auto is off for write-back"
task "stop the automation for all" "a" "AUTO OFF"
task "and start it again" "a s" "AUTO ON"
task "when is the next rush hour" "4" "Mon 08:.. in .*the way out begins, rush hour at 09:00"
task "is an API in trouble, and what helps" "5" "vsphere VMs and host +ok"
task "which keys are there" "?" "Help.*Esc closes"
task "take an instance away, to see what happens" "! 1" "INT |AWS takes"

press Escape 1 q
finish
