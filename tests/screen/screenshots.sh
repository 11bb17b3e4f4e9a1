#!/bin/sh
# Pictures and a cast of the real program, for the README: the demo in tmux, each view as an SVG; and
# a session of it as an asciinema cast. One seed, one story; the seconds differ from run to run.
# usage: screenshots.sh RUSHHOUR SVG PTY VIEWS.DEF FOLDER
set -u
rushhour=$1 svg=$2 pty=$3 views=$4 folder=$5
command -v tmux >/dev/null || { echo "tmux is needed"; exit 1; }
work=$(mktemp -d) || exit 1
socket=$work/tmux
tm() {
    tmux -S "$socket" -f /dev/null "$@"
}
# shellcheck disable=SC2329
cleanup() {
    tm kill-server 2>/dev/null || :
    sleep 0.5
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
TERM=xterm-256color LC_ALL=C.UTF-8 HOME=$work
export TERM LC_ALL HOME
unset NO_COLOR COLORTERM

# until PATTERN: within a minute
until_shown() {
    n=0
    until tm capture-pane -p -t s | grep -Eq -e "$1"; do
        sleep 0.1
        n=$((n + 1))
        [ $n -lt 600 ] || { echo "no \"$1\" on the screen"; tm capture-pane -p -t s; exit 1; }
    done
}

press() {
    tm send-keys -t s "$@"
    sleep 0.3
}

# picture NAME TITLE
picture() {
    tm capture-pane -e -N -p -t s | "$svg" 120 "$2" >"$folder/$1.svg" || exit 1
    echo "$folder/$1.svg"
}

mkdir -p "$folder" || exit 1
tm new-session -d -s s -x 120 -y 35 "exec env TMPDIR='$work' '$rushhour' demo --seed 1 --speed 60" || exit 1
until_shown "moving 2"
until_shown "run 3/5"
picture fleet "rushhour: two servers on their way to the cloud"
press +
press +
press +
until_shown "cloud 4 +moving 0"
until_shown " (09|1[0-9]):[0-9][0-9]:[0-9][0-9] IST"
for i in 1 2 3 4 5 6 7 8 9 10; do
    press -
done
until_shown "DEMO 1x"
press Escape
sed -n "s/^VIEW(\([a-z]*\), '\(.\)', \"\([^\"]*\)\", \"\([^\"]*\)\".*/\1:\2:\3, \4/p" "$views" >"$work/views"
while IFS=: read -r name key title; do
    [ "$name" != fleet ] || name=rush-hour
    press "$key"
    picture "$name" "rushhour: $title"
done <"$work/views"
press 1
press m
picture question "rushhour: what a key will do, before it does it"
press Escape
press Enter
picture detail "rushhour: everything about one server"
press Escape
press '?'
picture help "rushhour: all keys"
press Escape
press T
picture themes "rushhour: the themes"
press Escape
press q
sleep 0.5

# The cast: a morning in half a minute.
{
    echo 'wait 20 q quit'
    echo 'pause 9000'
    echo 'keys j'
    echo 'pause 1200'
    echo 'keys \r'
    echo 'pause 4000'
    echo 'keys \e'
    echo 'pause 3000'
    echo 'keys 2'
    echo 'pause 4000'
    echo 'keys \e'
    echo 'pause 2000'
    echo 'keys !'
    echo 'pause 2500'
    echo 'keys 1'
    echo 'pause 6000'
    echo 'keys q'
    echo 'end 5'
} | TMPDIR=$work "$pty" --cast "$folder/demo.cast" 30 110 "$rushhour" demo --seed 1 --speed 60 >"$work/said" || {
    cat "$work/said"
    exit 1
}
echo "$folder/demo.cast"
