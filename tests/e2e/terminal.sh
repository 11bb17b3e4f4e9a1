#!/bin/sh
# The dashboard on real terminals, of tmux: odd ones, tiny ones, ones that change their size; it
# leaves them as it found them.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"

command -v tmux >/dev/null || skip "no tmux"
socket=$work/tmux.0 started=0
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

# start WIDTH HEIGHT WORDS: runs the program in a terminal of that size and notes how it ended
start() {
    rm -f "$work/rc" "$work/tty.before" "$work/tty.after"
    tm kill-server 2>/dev/null || :
    started=$((started + 1))
    socket=$work/tmux.$started # the old one may take a moment to go
    tm new-session -d -s s -x "$1" -y "$2" "stty -g >'$work/tty.before'; $3; echo \$? >'$work/rc'
        stty -g >'$work/tty.after'; exec cat" 2>"$work/err" || skip "tmux does not start: $(cat "$work/err")"
}

screen() {
    tm capture-pane -p -t s >"$work/out"
}

shows() {
    screen
    grep -Eq -e "$1" "$work/out"
}

ended() {
    [ -s "$work/rc" ] && [ -s "$work/tty.after" ]
}

# quits NAME: q leaves, with 0 and the terminal as it was
quits() {
    tm send-keys -t s q
    poll_for 20 ended
    [ "$(cat "$work/rc" 2>/dev/null)" = 0 ] && cmp -s "$work/tty.before" "$work/tty.after" &&
        ok "$1" || bad "$1" "exit code $(cat "$work/rc" 2>/dev/null), or a terminal that is not as it was"
}

# see NAME PATTERN
see() {
    if poll_for 20 shows "$2"; then
        ok "$1"
    else
        bad "$1" "\"$2\" is not on the screen"
    fi
}

demo="TMPDIR='$work' '$rh' demo --speed 1"
start 120 35 "$demo"
see "the demo is shown" "q quit"
see "with its servers" "cache +on-prem"
tm resize-window -t s -x 80 -y 24
width() {
    screen
    [ "$(wc -L <"$work/out")" -le 80 ] &&
        grep -q '^ .*q quit *$' "$work/out" && [ "$(wc -l <"$work/out")" = 24 ]
}
check "it follows a change of size" poll_for 10 width
for key in 2 5 '?' Enter; do
    tm send-keys -t s "$key"
    see "key $key opens something to go back from" "q back|Esc (back|closes)|k scroll"
    tm send-keys -t s Escape
    see "and Esc goes back" "q quit"
done
# The month's ledger as a file of this user; in the demo it lasts as long as that does.
tm send-keys -t s 3 E
see "E writes the ledger and says where" "written to .*/cost-2026-11-"
csv=$(echo "$work"/rushhour-demo-*/cost-2026-11-*.csv)
[ "$(stat -c %a "$csv")" = 600 ] && grep -q '^start,end,kind,server' "$csv" && ok "a file of this user alone" ||
    bad "a file of this user alone" "$csv"
tm send-keys -t s Escape
quits "q ends it, the terminal is as it was"
check "nothing stays behind" sh -c "! ls -d '$work'/rushhour-demo-* 2>/dev/null"

# Trouble, by the menu of the demo; the site's answer is on the screen. Nobody is in the cloud yet.
start 120 35 "$demo"
see "the demo before trouble" "cache +on-prem"
# trouble DIGIT PATTERN: what is shown once the menu has closed
trouble() {
    tm send-keys -t s '!'
    see "the menu for $1" "Make trouble"
    tm send-keys -t s "$1"
    see "trouble $1" "$2"
}
trouble 1 "^ no server is in the cloud now"
trouble 3 "^ Spot capacity is gone"
trouble 4 "^ Spot capacity is back"
trouble 5 "^ Somebody powers a VM off at home: [a-z]"
trouble 7 "^ Jenkins answers 503"
tm send-keys -t s R
see "Jenkins is not well" "jenkins.*HTTP 503|503 after"
trouble 8 "^ Jenkins is well again"
for key in + + -; do
    tm send-keys -t s "$key"
done
see "time runs twice as fast" "time runs 2 times as fast"
tm send-keys -t s D
see "D writes the screen" "screen written to .*; it goes with the demo"
grep -q "AUTO ON" "$work"/rushhour-demo-*/screen-*.txt && ok "as it is shown" || bad "as it is shown" "no AUTO ON"
quits "q ends it after trouble"

start 20 5 "$demo"
poll_for 20 shows "[a-z]"
sleep_keys() {
    for key in j k 2 Escape '?' Escape; do
        tm send-keys -t s "$key"
    done
}
sleep_keys
check "20 by 5 is drawn" shows "[a-z]"
tm resize-window -t s -x 1 -y 1
tm resize-window -t s -x 200 -y 60
see "and grows" "q quit"
quits "q ends it there, too"

start 100 30 "$demo --speed 600 --for 30m"
see "the demo for a time" "q quit"
poll_for 20 ended
[ "$(cat "$work/rc" 2>/dev/null)" = 0 ] && cmp -s "$work/tty.before" "$work/tty.after" &&
    ok "--for ends it in order" || bad "--for ends it in order" "exit code $(cat "$work/rc" 2>/dev/null)"

# Ends by signal, each with the terminal given back.
for signal in TERM HUP INT; do
    rm -f "$work/pid"
    start 100 30 "sh -c 'echo \$\$ >\"$work/pid\"; exec env $demo'"
    see "the demo before SIG$signal" "q quit"
    kill "-$signal" "$(cat "$work/pid")"
    poll_for 20 ended
    cmp -s "$work/tty.before" "$work/tty.after" && [ "$(cat "$work/rc")" = 0 ] &&
        ok "SIG$signal ends it in order" || bad "SIG$signal ends it in order" "exit code $(cat "$work/rc")"
done

# Any color, where the terminal says so and has a description that can.
if command -v tic >/dev/null; then
    cat >"$work/direct.ti" <<'EOT'
tmux-direct|tmux with any color,
	RGB, colors#0x1000000, pairs#0x7FFF, use=tmux-256color,
	setab=\E[%?%p1%{8}%<%t4%p1%d%e48;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%d%;m,
	setaf=\E[%?%p1%{8}%<%t3%p1%d%e38;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%d%;m,
EOT
    tic -x -o "$work/terminfo" "$work/direct.ti" 2>"$work/err"
    start 100 30 "TERM=tmux-256color COLORTERM=truecolor TERMINFO_DIRS='$work/terminfo:' $demo --theme gruvbox"
    see "the demo with any color" "q quit"
    # #ebdbb2 on #282828: neither is in the palette of 256
    exact() {
        tm capture-pane -e -p -t s | grep -q '38;2;235;219;178' && tm capture-pane -e -p -t s | grep -q '48;2;40;40;40'
    }
    check "the theme's colors are exact" poll_for 5 exact
    quits "q ends it there, too"
    start 100 30 "TERM=tmux-256color COLORTERM= TERMINFO_DIRS='$work/terminfo:' $demo --theme gruvbox"
    see "the demo in a terminal that says nothing of it" "q quit"
    tm capture-pane -e -p -t s >"$work/out"
    grep -q '38;5;' "$work/out" && ! grep -q '38;2;' "$work/out" && ok "has the palette" || bad "has the palette" "other colors"
fi

# Terminals that cannot be.
start 80 24 "TERM=no-such-terminal '$rh' demo 2>'$work/said'"
poll_for 20 ended
cp "$work/said" "$work/err"
[ "$(cat "$work/rc")" = 2 ] && grep -q "no-such-terminal" "$work/said" && [ "$(wc -l <"$work/said")" = 1 ] &&
    ok "an unknown TERM is named" || bad "an unknown TERM is named" "exit code $(cat "$work/rc")"
start 80 24 "TERM=dumb '$rh' demo --speed 1 --for 2s"
poll_for 60 ended
[ "$(cat "$work/rc")" = 0 ] && ok "TERM=dumb takes line mode" || bad "TERM=dumb takes line mode" "exit code $(cat "$work/rc")"
start 80 24 "TERM= '$rh' demo --speed 1 --for 2s"
poll_for 60 ended
[ "$(cat "$work/rc")" = 0 ] && ok "so does no TERM" || bad "so does no TERM" "exit code $(cat "$work/rc")"
start 120 40 "'$rh' demo --plain"
poll_for 30 shows "moves to cloud"
# words PATTERN LINE: what is answered to a line of words
words() {
    tm send-keys -t s "$2" Enter
    see "$2" "$1"
}
words "^cache " "status"
words "no place" "hold cache moon"
words "no server nobody" "move nobody cloud"
words "write: explain SERVER" "explain"
words "^migration is .*on-prem|^on-prem|it goes|rush hour" "explain migration"
words "snooze DURATION" "help"
words "migration moves to cloud, held" "move migration cloud"
words "end-to-end: on-prem, held there until" "hold end-to-end onprem for 2h"
words "end-to-end is released" "release end-to-end"
words "auto is off for cache" "auto off cache"
words "auto sleeps until" "snooze 25m"
words "asking every API" "refresh"
# A line a change: no boxes, no escapes, nothing that moves back.
tm capture-pane -e -p -t s >"$work/out"
! grep -q "$(printf '\033')" "$work/out" && ! grep -q '[─│┌]' "$work/out" && ok "plain is plain" ||
    bad "plain is plain" "escapes or boxes"
[ "$(tm display -p -t s '#{alternate_on}')" = 0 ] && ok "on the first screen" || bad "on the first screen" "no"
tm send-keys -t s quit Enter
poll_for 20 ended
[ "$(cat "$work/rc")" = 0 ] && cmp -s "$work/tty.before" "$work/tty.after" && ok "quit ends it" ||
    bad "quit ends it" "exit code $(cat "$work/rc")"

finish
