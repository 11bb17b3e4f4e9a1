#!/bin/sh
# Every provider hangs: it takes connections and answers nothing. The dashboard's keys are as quick
# as ever (p99 of key to frame 10 ms, none over 50 ms), and so is its end.
# RH_HUNG_KEYS=N keys (500).
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

frames=$(pwd)/tests/soak/key_frames
[ -x "$frames" ] || skip "no $frames"
TERM=xterm-256color LC_ALL=C.UTF-8
export TERM LC_ALL

site_start 0 --servers 16
conf=$work/conf/rh.conf
site_config "$conf"
"$frames" "${RH_HUNG_KEYS:-500}" 6 "kill -STOP $site_pid" "$rh" --config "$conf" --state "$work/state" >"$work/out" 2>"$work/err"
rc=$?
kill -CONT "$site_pid"
grep '^number:' "$work/out"
[ "$rc" = 0 ] && ok "with every provider hanging, keys and the end are quick" ||
    bad "with every provider hanging, keys and the end are quick" "exit code $rc"

finish
