#!/bin/sh
# Bad words, options and configurations: one clear message, the right exit code, nothing touched.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"

conf=$work/rh.conf
c="--config $conf --state $work/state"

# The least that loads; its site is never reached here.
good() {
    for secret in v j s; do
        (umask 077 && echo "canary" >"$work/$secret")
    done
    cat >"$conf" <<'END'
site       = { name = "haifa"  tz = "Asia/Jerusalem" }
velostrata = { url = "http://127.0.0.1:9/velostrata/api/v25"  user = "apiuser"
               password_file = "v"  cloud_extension = "ce-1" }
jenkins    = { url = "http://127.0.0.1:9/"  user = "rushhour"  token_file = "j" }
vsphere    = { url = "http://127.0.0.1:9/sdk"  user = "rushhour"  password_file = "s" }
aws        = { region = "eu-west-1" }
servers    = { cache = { vm = "tests-cache"  mover = "velostrata"  onprem_node = "tests-cache"
                         cloud_node = "tests-cache-cloud"  eni = "eni-0a1b2c3d"
                         instance_types = ["c5.2xlarge"] } }
END
}

# Configurations.
for sub in "" status once "move cache cloud" log "auto on" "doctor --offline"; do
    # shellcheck disable=SC2086
    expect "no configuration, ${sub:-line mode}" 2 "(init.*demo|demo.*init)" "$rh" $sub
done
if [ ! -e /etc/rushhour/rushhour.conf ]; then
    for sub in "" status once "move cache cloud" log explain\ cache cost; do
        # shellcheck disable=SC2086
        expect "no home, ${sub:-line mode}" 2 "no configuration file" env -u HOME "$rh" --state "$work/state" $sub
    done
    expect "no home, simulate" 0 "[Mm]oves" env -u HOME "$rh" simulate --for 1d
    echo '{"at":"2026-11-22T06:30:00Z","server":"","actor":"rushhour","action":"start","from":null,"to":null,"reason":null,"outcome":null,"move":null,"level":"info","text":"started"}' >"$work/journal"
    expect "no home, replay" 0 "started" env -u HOME "$rh" replay "$work/journal"
fi
expect "the configuration that is named is missing" 2 "$work/none.conf" \
    "$rh" --config "$work/none.conf" status
expect "the configuration is a folder" 2 "$work.*(folder|directory)" "$rh" --config "$work" status
: >"$conf"
run "$rh" $c status
if [ "$rc" = 2 ] && grep -q "$conf" "$work/err"; then
    ok "the configuration is empty"
else
    bad "the configuration is empty" "exit code $rc"
fi
good && head -c 300 "$conf" >"$work/half" && mv "$work/half" "$conf"
expect "the configuration is half written" 2 "$conf:[0-9]+: " "$rh" $c status
head -c 4096 /dev/urandom >"$conf"
run "$rh" $c status
if [ "$rc" = 2 ] && ! LC_ALL=C grep -q '[^[:print:][:space:]]' "$work/err"; then
    ok "the configuration is noise, and its bytes do not reach the terminal"
else
    bad "the configuration is noise" "exit code $rc, or raw bytes in the message"
fi
good && sed -i 's/tz = .* }/tz = "Asia\/Jerusalme" }/' "$conf"
expect "an unknown time zone" 2 "$conf:1: .*Jerusalme" "$rh" $c status
good && sed -i 's/site  /policy = { max_movse = 3 }\nsite  /; s/region/regoin/' "$conf"
run "$rh" $c status
if [ "$rc" = 2 ] && grep -q "$conf:1: .*max_movse" "$work/err" && grep -q "regoin" "$work/err"; then
    ok "all mistakes at once, each with its line"
else
    bad "all mistakes at once, each with its line" "exit code $rc"
fi
good && chmod 644 "$work/j"
expect "a secret that others may read" 2 "$conf:[0-9]+: .*token_file.*" "$rh" $c status
good && rm -f "$work/j"
expect "a secret that is missing" 2 "$conf:[0-9]+: .*token_file.*" "$rh" $c status
good && chmod 600 "$work/j" && : >"$work/j"
expect "a secret that is empty" 2 "$conf:[0-9]+: .*token_file.*" "$rh" $c status
if [ "$(id -u)" != 0 ]; then
    good && chmod 000 "$conf"
    expect "the configuration is unreadable" 2 "$conf.*ermission" "$rh" $c status
    chmod 600 "$conf"
fi
good

# Words.
expect "an unknown command" 2 '"statsu"' "$rh" statsu
expect "an unknown option" 2 "--jsno" "$rh" status --jsno
expect "an unknown short option" 2 "-x" "$rh" -x
expect "an option without its value" 2 "--config needs a value" "$rh" status --config
expect "an option of another command" 2 "--json .*(demo|status|log)" "$rh" $c once --json
expect "a value where none belongs" 2 "--json takes no value" "$rh" $c status --json=yes
for sub in status once log demo init "sim --listen 127.0.0.1:0" "doctor --offline"; do
    # shellcheck disable=SC2086
    expect "a word too many behind $sub" 2 '"everything" does not belong' "$rh" $c $sub everything
done
expect "an empty --config" 2 "." "$rh" --config "" status
expect "an empty --state" 2 "." "$rh" --config "$conf" --state "" once
expect "an unknown log level" 2 "(error|warn|info|debug)" "$rh" $c --log-level loud once

# Orders: refused before anything is reached or written.
while IFS='|' read -r name pattern words; do
    # shellcheck disable=SC2086
    eval "expect '$name' 2 '$pattern' '$rh' $c $words"
done <<'END'
an unknown server|no server nosuch|move nosuch cloud
an unknown place|no place|move cache moon
a move without a place|move SERVER|move cache
a hold without a place|hold SERVER|hold cache
a hold until no time|no time|hold cache cloud --until yesterday
a hold until an hour that no day has|no time|hold cache cloud --until 25:99
a hold until a day that no month has|no time|hold cache cloud --until "2026-02-30 18:30"
a hold until the past|past|hold cache cloud --until 2001-01-01T00:00:00Z
a hold for no duration|duration|hold cache cloud --for soon
a hold for less than nothing|.|hold cache cloud --for -5m
a hold for ever and ever|.|hold cache cloud --for 99999999999999999999d
a hold with two ends|.|hold cache cloud --for 1h --until 18:30
a hold without end with an end|.|hold cache cloud --forever --for 1h
a release of nobody|release SERVER|release
a cancel of nobody|cancel SERVER|cancel
auto in between|auto on.off.dry-run|auto maybe
auto of an unknown server|no server nosuch|auto on nosuch
a snooze without end|snooze DURATION|snooze
a snooze for no duration|duration|snooze later
an extension sideways|extension start.stop|extension sideways
auto of a server without a name|empty word behind auto|auto off ""
auto of a list with a server without a name|empty word|auto off cache ""
a snooze of a server without a name|empty word|snooze 1h ""
a move of a server without a name|empty word|move "" cloud
a hold of a server without a name|empty word|hold "" cloud
a release of a server without a name|empty word|release ""
a cancel of a server without a name|empty word|cancel ""
an order from an observer|observe|--observe auto on
END
# --dry-run says what it would do, and gives no order.
while IFS='|' read -r would words; do
    # shellcheck disable=SC2086
    eval "expect 'dry-run of $words' 75 '^refused: dry-run: would $would\$' '$rh' $c --dry-run $words"
done <<'END'
move cache to cloud|move cache cloud --wait
cancel cache|cancel cache
hold cache in the cloud|hold cache cloud --forever
release cache|release cache
switch auto on|auto on
switch auto off for cache|auto off cache
snooze auto|snooze 1h
start the cloud extension|extension start
END
check "none of these made a state" test ! -e "$work/state"

# The site and the demo.
expect "sim without an address" 2 "sim --listen" "$rh" sim
expect "sim for other machines" 2 "127.0.0.1:PORT" "$rh" sim --listen 0.0.0.0:8080
expect "sim on a port that is none" 2 "127.0.0.1:PORT" "$rh" sim --listen 127.0.0.1:70000
expect "sim with an unknown fault" 2 "latency" "$rh" sim --listen 127.0.0.1:0 --faults nonsense=1
expect "sim with a rate that is none" 2 "from 0 to 1" "$rh" sim --listen 127.0.0.1:0 --faults latency=2
expect "demo at no speed" 2 "." "$rh" demo --speed fast
expect "demo at speed 0" 2 "." "$rh" demo --speed 0
expect "demo with a summary of no run at full speed" 2 "--speed max" "$rh" demo --json --speed 60 --for 1h
expect "demo for no time" 2 "." "$rh" demo --for 0s --speed max
expect "demo from no time" 2 "no time" "$rh" demo --from noon --speed max
expect "demo without servers" 2 "." "$rh" demo --servers 0
expect "demo with a seed that is none" 2 "." "$rh" demo --seed x

# init never writes over a file.
cp "$conf" "$work/before"
expect "init where a configuration is" 1 "already" "$rh" --config "$conf" init
check "init left it alone" cmp "$conf" "$work/before"
expect "init writes the rest" 0 "doctor --offline" "$rh" --config "$work/new/rh.conf" init
check "what init wrote is for its owner alone" sh -c "ls -l '$work/new/rh.conf' | grep -q '^-rw-------'"
expect_missing() {
    run "$rh" --config "$work/new/rh.conf" doctor --offline
    [ "$rc" = 2 ] && [ "$(grep -c 'new/rh.conf:[0-9]*: .*cannot open' "$work/err")" = 3 ]
}
expect_missing && ok "doctor names the secrets that are still missing" ||
    bad "doctor names the secrets that are still missing" "exit code $rc, or not three of them"
for secret in velostrata.secret jenkins.token vsphere.secret; do
    (umask 077 && echo canary >"$work/new/$secret")
done
expect "what init wrote is understood" 0 "as understood" "$rh" --config "$work/new/rh.conf" doctor --offline
expect "init in a home without a configuration" 0 "wrote $HOME/.config" "$rh" init
expect "init where no folder can be" 1 "." "$rh" --config /proc/none/rh.conf init

finish
