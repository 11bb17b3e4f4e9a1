#!/bin/sh
# Long life at a fast clock: the real program on a terminal polls a simulated site over loopback
# HTTP, its windows open and close, somebody looks around. After a warm-up its memory, descriptors
# and threads stay what they are, and its state on disk stays small.
# RH_SOAK_POLLS=N rounds of polls (20000); each asks every API once.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

mortal=$(pwd)/tests/e2e/rushhour_mortal pty=$(pwd)/tests/e2e/pty
[ -x "$mortal" ] || skip "no $mortal"
wanted=${RH_SOAK_POLLS:-20000}
speed=${RH_SOAK_SPEED:-250}
TERM=xterm-256color LC_ALL=C.UTF-8
export TERM LC_ALL

site_start 0 --servers 4
conf=$work/conf/rh.conf
windows=$(awk 'BEGIN { for (h = 0; h < 24; h += 3) printf "%s\"Sun-Sat %02d:00-%02d:30\"", h ? ", " : "", h, h + 1 }')
site_config "$conf" "window = [$windows]  auto = \"on\"  dwell_cloud = \"0m\"  dwell_onprem = \"0m\"  max_moves = 4
    start_spacing = \"0s\"  poll_moving = \"1s\""
sed -i -e 's/poll = "5s"/poll = "1s"/' -e 's/\(vsphere-*.*secret" \)}/\1 poll = "1s" }/' \
    -e 's/region = "eu-west-1"/& poll = "2s" poll_interfaces = "2s"/' "$conf"
c="--config $conf --state $work/state"
order speed "{\"speed\":$speed}" >/dev/null
RH_CRASH_T0=$(date +%s%3N) RH_CRASH_SPEED=$speed RH_POLL_LOG=$work/polls
export RH_CRASH_T0 RH_CRASH_SPEED RH_POLL_LOG
: >"$work/polls"

# Somebody walks through the views until it is enough.
{
    echo "wait 20 q quit"
    while [ ! -e "$work/enough" ]; do
        for key in j k 2 3 4 5 6 7 8 1 '?' '\e' '\r' '\e'; do
            printf 'keys %s\npause 100\n' "$key"
        done
        sleep 4 # longer than the keys take, so that none wait at the end
    done
    printf 'signal 15\nend 20\n' # q asks first when a move is under way
} | "$pty" 40 120 sh -c "echo \$\$ >'$work/pid'; exec \"\$@\"" sh "$mortal" $c >"$work/played" 2>"$work/err" &
player=$!
children="$player $children"
poll_for 20 test -s "$work/pid"
main=$(cat "$work/pid")

rounds() {
    awk '{ print $1; exit }' "$work/polls"
}
passed() {
    n=$(rounds)
    [ "${n:-0}" -ge "$1" ] || gone "$main"
}
# KiB of its own memory, descriptors, threads, KiB on disk
sample() {
    awk '/^RssAnon:/ { print $2 }' "/proc/$main/status"
    find "/proc/$main/fd" -mindepth 1 2>/dev/null | wc -l
    awk '/^Threads:/ { print $2 }' "/proc/$main/status"
    du -sk "$work/state" | awk '{ print $1 }'
}
# The most of each over a share of the rounds, in $work/NAME: from here until round N
watch() {
    : >"$work/samples"
    while ! passed "$2"; do
        sample | tr '\n' ' ' >>"$work/samples"
        echo >>"$work/samples"
        sleep 0.5
    done
    awk '{ for (i = 1; i <= 4; i++) if ($i > most[i]) most[i] = $i }
        END { print most[1] + 0, most[2] + 0, most[3] + 0, most[4] + 0 }' "$work/samples" >"$work/$1"
    echo "$1, until round $(rounds): $(cat "$work/$1") (KiB of memory, descriptors, threads, KiB on disk)"
}

began=$(date +%s)
watch warm $((wanted / 5))
watch half $((wanted * 3 / 5))
watch end "$wanted"
took=$(($(date +%s) - began))
gone "$main" && bad "it lives on" "$(cat "$work/played" "$work/err")"
read -r n all <"$work/polls"
[ "$n" -ge "$wanted" ] && ok "$n rounds, $all polls answered in $took s, $((took * speed / 3600)) hours of its clock" ||
    bad "$n rounds, $all polls answered in $took s" "$wanted were to be"
read -r _ _ threads disk <"$work/warm"
# Each worker has spoken to each API by then: a connection with TLS has its own descriptor and memory.
read -r heap fds _ _ <"$work/half"
read -r heap_end fds_end threads_end disk_end <"$work/end"
[ $((heap_end - heap)) -le 1024 ] && ok "memory: $heap KiB, then $heap_end" || bad "memory: $heap KiB, then $heap_end" "more than 1 MiB"
# A worker keeps a connection to each API once it has spoken to it: some do so late.
[ "$fds_end" -le $((fds + 12)) ] && ok "descriptors: $fds, then $fds_end" || bad "descriptors: $fds, then $fds_end" "they grow"
[ "$threads_end" = "$threads" ] && ok "threads: $threads" || bad "threads: $threads, then $threads_end" "not the same"
[ "$disk_end" -le $((disk + 16384)) ] && ok "on disk: $disk KiB, then $disk_end" || bad "on disk: $disk KiB, then $disk_end" "16 MiB more"
launches=$("$rh" $c log --json | grep -c '"action":"run-in-cloud".*"outcome":"done"')
[ "$launches" -gt 0 ] && ok "$launches moves to the cloud" || bad "moves to the cloud" "none: $("$rh" $c log | tail -n 5)"
[ "$(world totals.twins_max totals.both_places_max_ms totals.builds_killed_by_us | tr '\n' ' ')" = "1 0 0 " ] &&
    ok "the site was never wrong" || bad "the site was never wrong" "$(world totals)"
: >"$work/enough"
poll_for 40 gone "$player"
grep -q '^exit 0' "$work/played" && ok "SIGTERM ends it" || bad "SIGTERM ends it" "$(cat "$work/played")"

finish
