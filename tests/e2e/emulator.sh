#!/bin/sh
# What a real terminal emulator (tmux's) shows of the real program is what the program meant: its
# own dump of the same moment (key D), for every view, in two sizes and both sets of signs.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"

command -v tmux >/dev/null || skip "no tmux"
socket=$work/tmux started=0
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

# start WIDTH HEIGHT OPTION...: the demo on a Saturday, when nothing moves but the clock
start() {
    width=$1 height=$2
    shift 2
    tm kill-server 2>/dev/null || :
    started=$((started + 1))
    socket=$work/tmux.$started
    tm new-session -d -s s -x "$width" -y "$height" \
        "exec env TMPDIR='$work' '$rh' demo --speed 1 --from 2026-11-21T10:00:00Z $*" 2>"$work/err" ||
        skip "tmux does not start: $(cat "$work/err")"
}

shows() {
    tm capture-pane -p -t s >"$work/out"
    grep -Eq -e "$1" "$work/out"
}

# The picture as tmux has it, then D: the file has what was drawn last before the key. A second that
# begins between the two makes them differ: then once more.
dumped() {
    ls "$work"/rushhour-demo-*/screen-*.txt >/dev/null 2>&1
}
same_moment() {
    rm -f "$work"/rushhour-demo-*/screen-*.txt
    tm capture-pane -p -t s | sed 's/ *$//' >"$work/shown"
    tm send-keys -t s D
    poll_for 5 dumped || return 1
    sleep 0.1
    sed 's/ *$//' "$work"/rushhour-demo-*/screen-*.txt >"$work/meant"
    cmp -s "$work/shown" "$work/meant"
}

# same NAME PATTERN: what is there is what was meant, and it is the page with PATTERN
same() {
    poll_for 20 shows "$2" || { bad "$1" "\"$2\" is not shown"; return; }
    if poll_for 20 same_moment && grep -Eq -e "$2" "$work/meant" && [ "$(wc -l <"$work/meant")" = "$height" ]; then
        ok "$1"
    else
        diff "$work/shown" "$work/meant" >"$work/out"
        bad "$1" "< shown, > meant"
    fi
}

views=$(sed -n "s/^VIEW([a-z]*, '\(.\)', \"\([^\"]*\)\".*/\1:\2/p" "$src/tui/views.def")
for size in "120 35" "80 24"; do
    for signs in "" --ascii; do
        # shellcheck disable=SC2086
        start $size $signs
        at="$(echo "$size" | tr ' ' x)${signs:+ $signs}"
        poll_for 20 shows "q quit"
        for view in $views; do
            tm send-keys -t s "${view%%:*}"
            same "view ${view#*:} in $at" "q (quit|back)"
        done
        tm send-keys -t s 1
        poll_for 5 shows "q quit"
        tm send-keys -t s Enter
        same "the detail view in $at" "q back"
        tm send-keys -t s Escape
        poll_for 5 shows "q quit"
    done
done

# What D writes while something lies over the view.
start 120 35
poll_for 20 shows "q quit"
tm send-keys -t s '?'
poll_for 5 shows "Esc closes"
tm capture-pane -p -t s | sed 's/ *$//' >"$work/shown"
grep -q "Move around" "$work/shown" && ! grep -q "q quit" "$work/shown" && ok "help covers the view" ||
    bad "help covers the view" "$(cat "$work/shown")"
# A storm of sizes ends in a whole picture.
tm send-keys -t s Escape
for size in "60 20" "140 40" "33 9" "200 50" "20 4" "90 30" "120 35"; do
    # shellcheck disable=SC2086
    set -- $size
    tm resize-window -t s -x "$1" -y "$2"
done
same "after many sizes" "q quit"
finish
