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
# As somebody whom permissions bind: root may write everywhere.
mkdir -m 700 "$work/ro"
cp -r "$work/conf" "$work/their-conf"
as_them=
if [ "$(id -u)" = 0 ]; then
    as_them="setpriv --reuid 65534 --regid 65534 --clear-groups"
    chmod 711 "$work"
    chown -R 65534:65534 "$work/ro" "$work/their-conf"
fi
their="--config $work/their-conf/rh.conf --state $work/ro"
if AWS_SHARED_CREDENTIALS_FILE=$work/their-conf/aws && $as_them test -x "$rh"; then
    expect "their state directory, for now" 0 "would move to cloud" $as_them "$rh" $their once
    chmod 500 "$work/ro" && chmod 400 "$work/ro/"*
    expect "the state directory is read-only" 1 "$work/ro" $as_them "$rh" $their once
    expect "an order is refused there" 1 "$work/ro" $as_them "$rh" $their auto on
fi
AWS_SHARED_CREDENTIALS_FILE=$work/conf/aws

# A state that is damaged: kept aside, and nothing is done until a person has looked.
acting=$work/conf/acting.conf
site_config "$acting" 'window = ["Sun-Sat 00:00-24:00"]  auto = "on"'
d="--config $acting --state $work/noise"
mkdir -m 700 "$work/noise" && head -c 20000 /dev/urandom >"$work/noise/state.db"
chmod 600 "$work/noise/state.db"
expect "who looks at noise is told" 1 "$work/noise/state.db is damaged" "$rh" $d log
expect "state.db is noise: it only says what it would do" 0 "cache: dry-run: would move to cloud" "$rh" $d once
kept=$(ls "$work/noise" | grep -c '^state.db.corrupt-.*Z$')
[ "$kept" = 1 ] && [ "$(wc -c <"$(echo "$work"/noise/state.db.corrupt-*Z)")" = 20000 ] &&
    ok "the damaged one is kept" || bad "the damaged one is kept" "$(ls -l "$work/noise")"
run "$rh" $d status --json
"$peek" auto.setting alerts.0.code alerts.0.text <"$work/out" >"$work/said"
grep -q '^dry-run$' "$work/said" && grep -q '^store$' "$work/said" &&
    grep -q 'damaged and set aside as state.db.corrupt-.*`auto on`' "$work/said" &&
    ok "the alarm names it" || bad "the alarm names it" "$(cat "$work/said")"
run "$rh" $d once
run "$rh" $d once
[ "$(world totals.launches servers.0.nodes.onprem.marked | tr '\n' ' ')" = "0 false " ] &&
    ok "nothing is done meanwhile" || bad "nothing is done meanwhile" "$(world servers.0)"
run "$rh" $d auto on
[ "$rc" = 0 ] && ok "a person has looked" || bad "a person has looked" "exit code $rc"
run "$rh" $d once
grep -q "cache: moves to cloud" "$work/out" && ok "then it acts" || bad "then it acts" "nothing was done"

# A state that a newer rushhour has written (user_version, byte 60 of SQLite's header).
mkdir -m 700 "$work/newer" && n="--config $conf --state $work/newer"
run "$rh" $n auto off
printf '\0\0\0\143' | dd of="$work/newer/state.db" bs=1 seek=60 conv=notrunc 2>/dev/null
before=$(cksum <"$work/newer/state.db")
expect "a newer state is refused" 1 "has schema 99, this rushhour knows .*: use the newer one" "$rh" $n once
[ "$(cksum <"$work/newer/state.db")" = "$before" ] && ok "and left as it was" || bad "and left as it was" "it changed"

# A state that somebody removes under a running instance.
"$rh" --config "$acting" --state "$work/gone" --plain >"$work/lines" 2>&1 </dev/null &
gone_pid=$!
children="$gone_pid $children"
poll_for 20 test -s "$work/gone/state.db" || :
poll_for 20 grep -q "cache" "$work/lines" || :
rm "$work/gone/state.db"
poll_for 60 grep -q "state.db was removed or replaced" "$work/lines" &&
    ok "a state that is removed meanwhile is told" || bad "a state that is removed meanwhile is told" "$(cat "$work/lines")"
kill "$gone_pid"
wait "$gone_pid"
run "$rh" --config "$acting" --state "$work/gone" once
grep -q "the state was lost" "$work/out" && grep -q "dry-run: would" "$work/out" &&
    ok "the next start knows that it was lost" || bad "the next start knows that it was lost" "not said"

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
