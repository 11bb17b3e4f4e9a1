#!/bin/sh
# However the dashboard ends, the terminal is as it was: the modes, and what tmux knows of its screen.
# A terminal that is gone ends it at once, or not at all (ui.on_hangup); one that takes nothing
# delays no poll.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

pty=$(pwd)/tests/e2e/pty
TERM=xterm-256color LC_ALL=C.UTF-8
export TERM LC_ALL
sanitized=
grep -q __asan_init "$rh" && sanitized=yes # its own handlers come first

demo="env TMPDIR=$work $rh demo --speed 1"

# dies NAME HOW WANT: HOW are the lines that end it, WANT how it ended
dies() {
    { printf 'wait 20 q quit\nkeys M\nwait 5 works here\n%s\nend 10\n' "$2"; } |
        bounded "$pty" --cast "$work/cast" 30 100 $demo >"$work/out" 2>"$work/err"
    grep -q '"' "$work/cast" && [ "$(tr '\n' ' ' <"$work/out")" = "$3 modes restored " ] ||
        { bad "$1" "$(tr '\n' ' ' <"$work/out")"; return; }
    # What it switched on is off: the other screen, marks, mouse, a hidden cursor.
    for mode in 1049 1004 2004 1006 1000; do
        on=$(grep -o "?${mode}[hl]" "$work/cast" | tail -n 1)
        [ "$on" = "?${mode}l" ] || { bad "$1" "mode $mode is left as $on"; return; }
    done
    # A title that was saved is taken back, once each.
    [ "$(grep -o '\[22;2t' "$work/cast" | wc -l)" = 1 ] && [ "$(grep -o '\[23;2t' "$work/cast" | wc -l)" = 1 ] ||
        { bad "$1" "the title is not given back"; return; }
    cursor=$(grep -o '?25[hl]\|?12[hl]' "$work/cast" | tail -n 1)
    case $cursor in
    *h | '?12l') ok "$1" ;;
    *) bad "$1" "the cursor is left as $cursor" ;;
    esac
}

dies "q" 'keys q' "exit 0"
dies "Ctrl-C" 'keys \x03' "exit 0"
dies "SIGTERM" 'signal 15' "exit 0"
dies "SIGINT" 'signal 2' "exit 0"
dies "SIGHUP" 'signal 1' "exit 0"
dies "SIGQUIT" 'signal 3' "exit 0"
if [ -z "$sanitized" ]; then
    for row in 11:SEGV 6:ABRT 7:BUS 8:FPE 4:ILL 31:SYS 12:USR2 14:ALRM; do
        dies "SIG${row#*:}" "signal ${row%%:*}" "signal ${row%%:*}"
    done
fi

# A terminal that is gone: the end within a second, and nothing is left.
begin=$(date +%s%N)
printf 'wait 20 q quit\nclose\nend 5\n' | bounded "$pty" 30 100 $demo >"$work/out" 2>"$work/err"
took=$((($(date +%s%N) - begin) / 1000000))
[ "$(head -n 1 "$work/out")" = "exit 0" ] && ok "a closed terminal ends it ($took ms in all)" ||
    bad "a closed terminal ends it" "$(cat "$work/out")"
printf 'wait 20 q quit\nclose\nend 5\n' |
    bounded "$pty" 30 100 sh -c "trap '' HUP; exec $demo" >"$work/out" 2>"$work/err"
[ "$(head -n 1 "$work/out")" = "exit 0" ] && ok "with SIGHUP ignored, too" ||
    bad "with SIGHUP ignored, too" "$(cat "$work/out")"
check "no demo leaves its state behind, but those that were killed" \
    sh -c "[ \$(ls -d '$work'/rushhour-demo-* 2>/dev/null | wc -l) -le 8 ]"

# The real thing: ui.on_hangup, and a terminal that takes nothing.
site_start
conf=$work/conf/rh.conf
site_config "$conf"
echo 'ui = { on_hangup = "continue" }' >>"$conf"
c="--config $conf --state $work/state"

cpu_ticks() {
    awk '{print $14 + $15}' "/proc/$1/stat"
}

# How old what the instance says is, by the clock: its picture is made when an API answers.
age() {
    echo $(($(date +%s) - $(date -d "$("$rh" $c status --json | "$peek" at)" +%s)))
}

holder() {
    "$rh" $c status --json | "$peek" controller.pid
}

# Many repaints fill whatever is between it and a terminal that nobody reads.
{
    printf 'wait 20 q quit\n'
    i=0
    while [ $i -lt 60 ]; do
        echo 'keys \x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c'
        echo 'deaf 50'
        i=$((i + 1))
    done
    printf 'say full\ndeaf 14000\nsay done\nclose\ndeaf 60000\n'
} | bounded "$pty" 60 200 "$rh" $c >"$work/played" 2>"$work/err" &
player=$!
children="$player $children"
poll_for 40 grep -q full "$work/played"
main=$(holder)
case $main in
'' | null) bad "an instance on a terminal that takes nothing" "none runs: $(cat "$work/err")" ;;
*) ok "an instance on a terminal that takes nothing" ;;
esac
oldest=0 n=0
while [ $n -lt 12 ] && ! grep -q done "$work/played"; do
    now=$(age)
    [ "$now" -gt "$oldest" ] && oldest=$now
    sleep 1
    n=$((n + 1))
done
[ "$oldest" -gt 0 ] && [ "$oldest" -le 8 ] && ok "goes on to poll every 5 s (at most $oldest s old)" ||
    bad "goes on to poll every 5 s" "$oldest s old"
poll_for 20 grep -q done "$work/played"
sleep 1
check "on_hangup = continue: it lives on" kill -0 "$main"
before=$(cpu_ticks "$main")
sleep 2
spent=$(($(cpu_ticks "$main") - before))
[ "$spent" -lt 40 ] && ok "and does not spin ($spent ticks of 200)" || bad "and does not spin" "$spent ticks of 200"
[ "$(holder)" = "$main" ] && ok "and answers" || bad "and answers" "$(holder)"
check "the log says so" grep -q "going on without" "$work/state/rushhour.log"
kill -HUP "$main"
sleep 1
check "a hang-up ends it no more" kill -0 "$main"
kill "$main"
check "SIGTERM does" poll_for 10 gone "$main"

finish
