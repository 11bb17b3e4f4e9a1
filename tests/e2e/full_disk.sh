#!/bin/sh
# The disk of the state fills up while a server is in the cloud: it still comes home and the journal
# says so, nothing goes out, and with room again all is as before. Then the state is lost: the next
# start only looks. Time goes forty times as fast (tests/e2e/crash_points.c).
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

fast=$(pwd)/tests/e2e/rushhour_mortal
[ -x "$fast" ] || skip "no $fast"
mkdir "$work/state"
[ "$(id -u)" = 0 ] && mount -t tmpfs -o size=16m,mode=700 tmpfs "$work/state" 2>/dev/null ||
    skip "no small disk can be made here"
unmount() {
    end_children
    umount "$work/state" 2>/dev/null || :
    cleanup
}
trap unmount EXIT

speed=40
site_start 0 --servers 1
order extension '{"state":"active"}' >/dev/null
conf=$work/conf/rh.conf
site_config "$conf" 'window = ["Sun-Sat 00:00-24:00"]  auto = "on"  dwell_cloud = "0m"  dwell_onprem = "0m"
    start_spacing = "0s"  extension_linger = "24h"'
c="--config $conf --state $work/state"
order speed "{\"speed\":$speed}" >/dev/null
RH_CRASH_T0=$(date +%s%3N) RH_CRASH_SPEED=$speed
export RH_CRASH_T0 RH_CRASH_SPEED

start() {
    # shellcheck disable=SC2086
    "$fast" $c --plain >>"$work/lines" 2>&1 </dev/null &
    main=$!
    children="$main $children"
}
is() {
    [ "$(world "$@" | tr '\n' ' ')" = "$expected " ]
}
degraded() {
    # shellcheck disable=SC2086
    "$fast" $c status --json | "$peek" degraded | grep -q "\"$1\""
}
order_rh() {
    # shellcheck disable=SC2086
    run "$fast" $c "$@"
}

start
expected="running false"
poll_for 120 is servers.0.instance.state servers.0.nodes.cloud.marked && ok "it is in the cloud" ||
    bad "it is in the cloud" "$(world servers.0) $(tail -n 20 "$work/lines")"
[ "$(wc -c <"$work/state/ballast")" = 1048576 ] && ok "a ballast lies beside the state" ||
    bad "a ballast lies beside the state" "$(ls -l "$work/state")"
dd if=/dev/zero of="$work/state/filler" bs=4k 2>/dev/null
if poll_for 60 degraded disk && [ ! -e "$work/state/ballast" ]; then
    ok "the disk is full: the ballast goes, the program says disk"
else
    bad "the disk is full: the ballast goes, the program says disk" "$(df "$work/state"; ls -l "$work/state")"
fi
order_rh move cache onprem
[ "$rc" = 0 ] && ok "it may come home" || bad "it may come home" "exit code $rc"
expected="on false unmanaged"
poll_for 120 is servers.0.vm.power servers.0.nodes.onprem.marked servers.0.managed.state && ok "it comes home" ||
    bad "it comes home" "$(world servers.0) $(tail -n 20 "$work/lines")"
# shellcheck disable=SC2086
poll_for 20 sh -c "'$rh' $c log --json | grep '\"action\":\"move-end\"' | grep -q '\"to\":\"onprem\"'" &&
    ok "and the journal has it" || bad "and the journal has it" "$(tail -n 5 "$work/lines")"
launches=$(world totals.launches)
order_rh move cache cloud
if [ "$rc" = 75 ] && grep -q "full" "$work/err"; then
    ok "out it may not go, and is told why"
else
    bad "out it may not go, and is told why" "exit code $rc"
fi
order_rh release cache
sleep 3
[ "$(world totals.launches)" = "$launches" ] && degraded disk && ok "nor by policy" ||
    bad "nor by policy" "$launches launches before, $(world totals.launches) now"
kill "$main"
wait "$main"
start
poll_for 60 degraded disk && ok "a start on the full disk is one of the same kind" ||
    bad "a start on the full disk is one of the same kind" "$(tail -n 5 "$work/lines")"
rm "$work/state/filler"
expected="running false"
poll_for 120 is servers.0.instance.state servers.0.nodes.cloud.marked && ok "with room again it goes out" ||
    bad "with room again it goes out" "$(world servers.0) $(tail -n 20 "$work/lines")"
has_room() {
    [ -e "$work/state/ballast" ] && ! degraded disk
}
poll_for 30 has_room && ok "with a ballast as before" ||
    bad "with a ballast as before" "$(ls -l "$work/state")"

# The state is lost.
kill "$main"
wait "$main"
rm -f "$work/state"/state.db*
start
mode() {
    # shellcheck disable=SC2086
    [ "$("$fast" $c status --json | "$peek" mode servers.0.place | tr '\n' ' ')" = "$1 " ]
}
poll_for 120 mode "dry-run cloud" && ok "a lost state begins in dry-run and adopts what runs" ||
    bad "a lost state begins in dry-run and adopts what runs" "$(tail -n 5 "$work/lines")"
# shellcheck disable=SC2086
"$fast" $c status --json | "$peek" alerts | grep -q "the state was lost" && ok "and raises an alarm" ||
    bad "and raises an alarm" "$("$fast" $c status --json | "$peek" alerts)"
order_rh move cache onprem
[ "$rc" = 75 ] && ok "nothing is done" || bad "nothing is done" "exit code $rc"
order_rh auto on
order_rh hold cache onprem --wait
expected="on false unmanaged"
[ "$rc" = 0 ] && is servers.0.vm.power servers.0.nodes.onprem.marked servers.0.managed.state &&
    ok "until a person says auto on; then hold --wait returns when it is home" ||
    bad "until a person says auto on; then hold --wait returns when it is home" "exit code $rc, $(world servers.0)"
expected="running false"
order_rh release cache --wait
[ "$rc" = 0 ] && is servers.0.instance.state servers.0.nodes.cloud.marked &&
    ok "and release --wait when it is out again" || bad "and release --wait when it is out again" "exit code $rc, $(world servers.0)"
order_rh auto off --wait
[ "$rc" = 0 ] && ok "auto off --wait has nothing to wait for" || bad "auto off --wait has nothing to wait for" "exit code $rc"
[ "$(world totals.both_places_ms totals.builds_killed_by_us | tr '\n' ' ')" = "0 0 " ] &&
    ok "never in two places, and no build died" || bad "never in two places, and no build died" "$(world totals)"

finish
