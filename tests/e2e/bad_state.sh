#!/bin/sh
# A state directory that cannot be used, a disk that is full, streams that are closed, terminals
# that are odd, ports that are taken: said clearly, and nothing is lost.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

site_start
conf=$work/conf/rh.conf
site_config "$conf"
c="--config $conf --state $work/state"

expect "a round in dry-run says what it would do" 0 "cache: dry-run: would move to cloud" "$rh" $c once
run "$rh" $c auto off
[ "$rc" = 0 ] && ok "auto off is stored" || bad "auto off is stored" "exit code $rc"

# The directory.
: >"$work/file"
expect "the state directory is a file" 1 "$work/file" "$rh" --config "$conf" --state "$work/file" once
expect "the state directory is below a file" 1 "$work/file/deep" \
    "$rh" --config "$conf" --state "$work/file/deep" once
expect "the state directory can not be made" 1 "/proc/none" \
    "$rh" --config "$conf" --state /proc/none once
mkdir "$work/noise" && chmod 700 "$work/noise" && head -c 20000 /dev/urandom >"$work/noise/state.db"
expect "state.db is noise" 1 "$work/noise" "$rh" --config "$conf" --state "$work/noise" once
check "and is left as it was" test "$(wc -c <"$work/noise/state.db")" = 20000
if [ "$(id -u)" != 0 ]; then
    mkdir "$work/ro" && chmod 500 "$work/ro"
    expect "the state directory is read-only" 1 "$work/ro" "$rh" --config "$conf" --state "$work/ro" once
fi

# Full disks. A limit on the size of files stands in where nothing can be mounted.
journal() {
    "$rh" $c log --json 2>/dev/null | wc -l
}
before=$(journal)
(
    ulimit -f 1
    run "$rh" --config "$conf" --state "$work/tight" once
    [ "$rc" = 1 ] && grep -q "$work/tight" "$work/err"
)
[ $? = 0 ] && ok "no room for a new state" || bad "no room for a new state" "not said, or a wrong exit code"
mkdir "$work/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1m,mode=700 tmpfs "$work/small" 2>/dev/null; then
    small="--config $conf --state $work/small"
    run "$rh" $small auto off
    made=$rc
    dd if=/dev/zero of="$work/small/filler" bs=1k 2>/dev/null
    run "$rh" $small auto on
    if [ "$made" = 0 ] && [ "$rc" != 0 ] && [ "$rc" -lt 100 ] && [ -s "$work/err" ]; then
        ok "a full disk refuses an order and says so"
    else
        bad "a full disk refuses an order and says so" "exit codes $made, $rc"
    fi
    run "$rh" $small once
    launches=$(world totals.launches)
    if [ "$rc" != 0 ] && [ "$rc" -lt 100 ] && [ -s "$work/err" ] && [ "$launches" = 0 ]; then
        ok "on a full disk nothing is begun"
    else
        bad "on a full disk nothing is begun" "exit code $rc, $launches launches"
    fi
    rm -f "$work/small/filler"
    run "$rh" $small auto off
    [ "$rc" = 0 ] && ok "with room again it goes on" || bad "with room again it goes on" "exit code $rc"
    umount "$work/small"
fi
[ "$(journal)" = "$before" ] && ok "the good state kept its journal" ||
    bad "the good state kept its journal" "$before lines before, $(journal) now"

# A holder.
"$rh" $c --plain >"$work/holder" 2>&1 </dev/null &
holder=$!
children="$holder $children"
poll_for 20 test -s "$work/state/controller.lock" || :
expect "once beside a running instance names it" 3 "@.* pid $holder" "$rh" $c once
expect "so does line mode" 3 "@.* pid $holder" "$rh" $c --plain
kill "$holder"
wait "$holder"
[ $? = 0 ] && ok "a signal ends it in order" || bad "a signal ends it in order" "exit code not 0"

# Streams.
full() {
    bounded "$rh" "$@" >/dev/full 2>"$work/err" </dev/null
}
for sub in status "status --json" "log --json" log "doctor --offline" "once --dry-run"; do
    # shellcheck disable=SC2086
    full $c $sub
    rc=$?
    : >"$work/out"
    [ "$rc" = 1 ] && ok "$sub to a full device" || bad "$sub to a full device" "exit code $rc, not 1"
done
for sub in --help --version "status --help" "demo --json --for 1h --speed max"; do
    # shellcheck disable=SC2086
    full $sub
    rc=$?
    [ "$rc" = 1 ] && ok "$sub to a full device" || bad "$sub to a full device" "exit code $rc, not 1"
done
bounded "$rh" $c status --json >"$work/out" 2>"$work/err" <&-
rc=$?
judge "status with standard input closed" 0 '"site"'
bounded "$rh" $c status >&- 2>"$work/err" </dev/null
rc=$?
[ "$rc" = 1 ] && ok "status with standard output closed" ||
    bad "status with standard output closed" "exit code $rc, not 1"
check "no file took its place" sh -c "! grep -a -q SERVER '$work/state/'*"
bounded "$rh" $c once >"$work/out" 2>&- </dev/null
rc=$?
[ "$rc" = 0 ] && ok "once with standard error closed" || bad "once with standard error closed" "exit code $rc"
expect "state.db is whole after all that" 0 '"outcome"' "$rh" $c log --json

# A port that is taken.
expect "sim on a taken port" 1 "$site_port" "$rh" sim --listen "127.0.0.1:$site_port"

finish
