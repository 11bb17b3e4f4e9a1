#!/bin/sh
# The configuration is read again while the program runs: by SIGHUP, by a word, in the dashboard;
# what changes, what is refused, what goes on meanwhile, and what it leaves behind. RH_RELOADS: how
# often it is read in the search for what grows.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

reloads=${RH_RELOADS:-50}
site_start 0 --servers 4
order extension '{"state":"active"}' >/dev/null # its start takes minutes; what is tested comes after it
conf=$work/conf/rh.conf
never='window = ["Sun 00:00-00:01"]  auto = "dry-run"'
site_config "$conf" "$never"
first=$work/conf/first.conf # what all is made of; other programs have this one
cp "$conf" "$first"
own="--config $conf --state $work/state"
c="--config $first --state $work/state"

"$rh" $own --plain >"$work/lines" 2>&1 </dev/null &
main=$!
children="$main $children"

now() {
    "$rh" $c status --json 2>"$work/err" | "$peek" "$1"
}
is_now() {
    now "$1" | grep -Eqx -e "$2"
}
is() {
    poll_for "${4:-15}" is_now "$2" "$3" && ok "$1" || bad "$1" "$2 is $(now "$2"), not $3"
}
entries() {
    "$rh" $c log --json | grep -c '"action":"reload"'
}
more_entries() {
    [ "$(entries)" -gt "$before" ]
}
# hup [SED]: changes the first configuration so, has it read, and waits for the journal's word
hup() {
    before=$(entries)
    sed -e "${1:-}" "$first" >"$conf"
    kill -HUP "$main"
    poll_for 20 more_entries || bad "the journal tells of a reading" "nothing new in 20 s"
}
last() {
    "$rh" $c log --json | grep '"action":"reload"' | tail -n "${1:-1}" | head -n 1
}
said() {
    "$rh" $c log | grep -Eq -e "$1"
}
says() {
    said "$2" && ok "$1" || bad "$1" "the log does not say \"$2\": $("$rh" $c log | tail -n 3)"
}
known() {
    "$rh" $c status --json >"$work/status"
    ! "$peek" servers.0.place servers.1.place servers.2.place servers.3.place <"$work/status" | grep -q unknown
}
ready() {
    known && [ "$("$peek" controller.pid looked <"$work/status" | tr '\n' ' ')" = "$main true " ]
}
poll_for 60 ready || bad "an instance runs" "$(tail -n 3 "$work/lines")"
is "outside the window it should be home" servers.name=cache.desired onprem

# The table of status, into the log.
kill -USR1 "$main"
dumped() {
    grep -Eq 'info status haifa at ..:..:.., auto dry-run; ' "$work/state/rushhour.log" &&
        [ "$(grep -Ec 'info status (cache|write-back|migration|end-to-end) +on-prem ' "$work/state/rushhour.log")" = 4 ]
}
check "SIGUSR1: the log has where everything is" poll_for 10 dumped

# What changes.
hup 's/Sun 00:00-00:01/Sun-Sat 00:00-24:00/'
check "nothing that was known is unknown now" known
is "SIGHUP: another window counts at once" servers.name=cache.desired cloud
says "and the journal has what changed" 'configuration read again: 1 option changed: policy.window'
[ "$(last | "$peek" outcome reason | tr '\n' ' ')" = "done SIGHUP " ] && last | grep -q '"actor":"operator:' &&
    ok "and who read it" || bad "and who read it" "$(last)"
hup
is "and back again" servers.name=cache.desired onprem
hup 's/Asia.Jerusalem/America\/New_York/'
says "another zone" '1 option changed: site.tz'
hup 's/"haifa"/"akko"/; s/tz =/deployment = "haifa"  tz =/'
is "another name" site akko
kill -0 "$main" && ok "SIGHUP does not end line mode off a terminal" || bad "SIGHUP does not end it" "it is gone"

# What is wrong keeps the old one.
hup 's/auto = /max_moves = 0  auto = /; s/poll = "5s"/poll = "soon"/'
says "an error keeps the old one" 'the old configuration stays: .*rh.conf has 3 errors'
says "the journal has the first" 'rh.conf:2: .*max_moves'
says "and all others" 'rh.conf:[0-9]*: .*poll.*soon'
is "what was before is in force" site akko
rm "$conf"
before=$(entries)
kill -HUP "$main"
poll_for 20 more_entries
says "a file that is gone is no configuration" 'the old configuration stays: .*there is no such file'
hup 's/tz =/deployment = "other"  tz =/'
says "what cannot change is named" 'site.deployment cannot change while it runs: restart'
hup '$a log = { level = "debug" }'
says "the log, too" 'log.level cannot change while it runs'
hup '$a keys = { move = "nonsense" }'
says "keys are checked" 'the old configuration stays: .*rh.conf:[0-9]*: .*nonsense'
hup
says "then the first one again" 'configuration read again: 2 options changed: site.name, site.deployment|configuration read again: 1 option changed: site.name'

# Servers come and go; what is stored of them stays.
"$rh" $c auto off >"$work/out" 2>&1 # no policy from here on, and no dry-run
"$rh" $c hold migration onprem --forever >"$work/out" 2>&1
is "a hold" servers.name=migration.hold.kind pin
hup '/^  migration = /,/instance_types/d'
is "a server that is gone is not shown" 'servers.#' 3
says "and named" '1 option changed: servers.migration .gone.'
hup
is "a server that is new is there" 'servers.#' 4
is "with what was stored of it" servers.name=migration.hold.kind pin
is "and is looked at" servers.name=migration.place onprem 30

# Nothing waits for APIs that hang.
kill -STOP "$site_pid"
sleep 6 # every poller asks by now
before=$(entries)
began=$(date +%s%N)
kill -HUP "$main"
while ! more_entries && [ $(($(date +%s%N) - began)) -lt 10000000000 ]; do :; done
took=$((($(date +%s%N) - began) / 1000000))
kill -CONT "$site_pid"
[ "$took" -lt 1000 ] && ok "with every API hanging it is read within a second" ||
    bad "with every API hanging it is read within a second" "$took ms"
echo "number: $took ms until the journal tells of a reading while every API hangs"

# A secret is read again by itself.
hup
state() {
    now apis.name=jenkins.state
}
is "Jenkins answers" apis.name=jenkins.state ok
secret_file "$work/conf/jenkins.token" wrong
is "a secret that is another is used" apis.name=jenkins.state auth 40
says "and told" 'configuration read again: 1 option changed: jenkins .its secret.'
[ "$(last | "$peek" actor)" = rushhour ] && ok "as nobody's order" || bad "as nobody's order" "$(last)"
: >"$work/conf/jenkins.token"
sleep 6
secret_file "$work/conf/jenkins.token" "$token"
is "the right one works without a restart" apis.name=jenkins.state ok 40
chmod 644 "$work/conf/jenkins.token"
echo wrong >"$work/conf/jenkins.token"
sleep 6 # it is looked at every five seconds, and is open to others
chmod 600 "$work/conf/jenkins.token"
is "one that is closed to others only then is used, too" apis.name=jenkins.state auth 40
secret_file "$work/conf/jenkins.token" "$token"
is "and the right one" apis.name=jenkins.state ok 40
! grep -rqF -e "$token" "$work/state" "$work/lines" && ok "and is nowhere to be read" ||
    bad "and is nowhere to be read" "a secret in the log or the state"

# A move goes on, and is not begun twice; its server cannot be another meanwhile.
expect "a move" 0 "." "$rh" $c move cache cloud
moving() {
    [ "$(now servers.name=cache.move.direction)" = out ]
}
poll_for 40 moving || bad "is under way" "$(now servers.name=cache.move)"
move=$(now servers.name=cache.move.id)
hup "/^  cache = /,/instance_types/s/eni-[0-9a-f]*/eni-0123456789abcdef0/"
says "its server cannot change" 'the old configuration stays: cache moves: its options can change when it has arrived'
hup '/^  cache = /,/instance_types/d'
says "nor go" 'cache moves: its options can change when it has arrived'
hup '/^  cache = /,/instance_types/s/"c5.2xlarge", //'
says "but what it may run as" 'changed: servers.cache.instance_types'
for _ in 1 2 3 4 5; do
    hup "s/0.266/0.27$_/"
done
[ "$(now servers.name=cache.move.id)" = "$move" ] && ok "the move is the one it was" ||
    bad "the move is the one it was" "$move, then $(now servers.name=cache.move.id)"
out_there() {
    [ "$(world servers.0.managed.state)" = in_cloud ]
}
while_reading() {
    hup "s/0.266/0.28$(($(date +%s) % 10))/"
    sleep 2 # the move has minutes
    out_there
}
poll_for 240 while_reading && ok "it goes on through many readings" || bad "it goes on through many readings" "$(world servers.0)"
asked() {
    "$rh" $c log --json | grep '"server":"cache"' | grep '"action":"run-in-cloud"' | grep -c '"outcome":null'
}
[ "$(asked)" = 1 ] && ok "run-in-cloud was asked for once" || bad "run-in-cloud was asked for once" "$(asked) times"
[ "$(world totals.both_places_ms)" = 0 ] && ok "and it never ran in two places" || bad "never in two places" "$(world totals)"
hup '/^  cache = /,/instance_types/d'
says "in the cloud it cannot go" 'the old configuration stays: cache (moves|is not at home)'
hup '/^velostrata = /s|url = "[^"]*"|url = "http://127.0.0.1:1/"|'
says "nor can another manager tell of it" 'the old configuration stays: cache is not at home: bring it home before velostrata.url changes'

# Nothing grows.
many() {
    n=$1
    while [ "$n" -gt 0 ]; do
        hup "s/0.266/0.29$((n % 10))/"
        n=$((n - 1))
    done
    sleep 3 # what was before is given back
}
measure() {
    fds=$(find "/proc/$main/fd" -mindepth 1 | wc -l)
    threads=$(awk '$1 == "Threads:" { print $2 }' "/proc/$main/status")
    rss=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$main/status")
}
many 10
measure
fds_before=$fds threads_before=$threads rss_before=$rss
many "$reloads"
measure
echo "number: after $reloads readings $fds_before -> $fds descriptors, $threads_before -> $threads threads, $rss_before -> $rss KiB"
[ "$threads" = "$threads_before" ] && ok "no thread is left" || bad "no thread is left" "$threads_before, then $threads"
[ "$fds" -le $((fds_before + 6)) ] && ok "no descriptor is left" || bad "no descriptor is left" "$fds_before, then $fds"
if grep -q "AddressSanitizer\|__tsan" "$rh"; then
    ok "memory is the sanitizer's"
else
    [ "$rss" -le $((rss_before + 3072)) ] && ok "no memory is left" || bad "no memory is left" "$rss_before KiB, then $rss"
fi

# The end.
kill "$main"
wait "$main"
[ $? = 0 ] && ok "it ends in order" || bad "it ends in order" "exit code not 0"
! grep -E "Sanitizer|runtime error" "$work/lines" >/dev/null &&
    ok "and left no sanitizer's word" || bad "and left no sanitizer's word" "$(grep -E -A20 'Sanitizer|runtime error' "$work/lines" | head -n 40)"

# A secret that comes while the state cannot be written is not forgotten.
cp "$first" "$conf"
"$rh" $own --plain >/dev/null 2>&1 </dev/null &
main=$!
children="$main $children"
poll_for 60 ready || bad "an instance runs again" "$(now controller)"
is "Jenkins answers it" apis.name=jenkins.state ok
prlimit --pid "$main" --fsize=4096:unlimited # the soft one alone: it is to be raised again
"$rh" $c hold cache onprem --forever >"$work/out" 2>&1 && bad "no order is taken while nothing can be written" "$(cat "$work/out")"
secret_file "$work/conf/jenkins.token" wrong
sleep 11 # two looks at it
prlimit --pid "$main" --fsize=unlimited
is "a secret that came while nothing could be written is used then" apis.name=jenkins.state auth 60
secret_file "$work/conf/jenkins.token" "$token"
is "and the right one after it" apis.name=jenkins.state ok 40
kill "$main"
wait "$main"

# The dashboard.
if command -v tmux >/dev/null; then
    tm() {
        tmux -S "$work/tmux" -f /dev/null "$@"
    }
    end_tmux() {
        tm kill-server 2>/dev/null || :
        cleanup
    }
    trap end_tmux EXIT
    shows() {
        tm capture-pane -p -t s >"$work/out"
        grep -Eq -e "$1" "$work/out"
    }
    see() {
        poll_for 60 shows "$2" && ok "$1" || bad "$1" "\"$2\" is not on the screen"
    }
    cp "$first" "$conf"
    LC_ALL=C.UTF-8 TERM=xterm-256color
    export LC_ALL TERM
    tm new-session -d -s s -x 120 -y 35 "'$rh' $own; echo \$? >'$work/rc'; exec cat"
    see "the dashboard" "cache .*(cloud|moving)"
    tm send-keys -t s :relo Tab
    see "the prompt knows the word" ":reload"
    sed 's/Sun 00:00/Mon 00:00/; s/"haifa"/"akko"/; s/tz =/deployment = "haifa"  tz =/' "$first" >"$conf"
    echo 'ui = { theme = "light" }' >>"$conf"
    tm send-keys -t s Enter
    see "the outcome is told" "configuration read again: 3 options changed: site.name, policy.window, ui.theme"
    see "and shown" "akko"
    sed 's/auto = /max_moves = 0  auto = /; s/poll = "5s"/poll = "soon"/' "$first" >"$conf"
    tm send-keys -t s :reload Enter
    see "an error is told with its line" "configuration not taken .3 errors, all in view 2.: rh.conf:2: policy.max_moves"
    tm send-keys -t s 2
    see "and the others are among the events" "rh.conf:[0-9]*: .*soon"
    sed 's/"haifa"/"akko"/; s/tz =/deployment = "haifa"  tz =/' "$first" >"$conf"
    echo 'keys = { move = "v" quit = "w" }' >>"$conf"
    tm send-keys -t s :reload Enter
    see "keys are others" "options changed: .*keys"
    # Another one looks on: it has nothing to read again.
    cp "$first" "$conf"
    tm new-window -t s "'$rh' $own; exec cat"
    see "an observer" "OBSERVER of"
    tm send-keys -t s :reload Enter
    see "says where to" "not read again: this instance looks on: reload where .* acts"
    tm kill-window -t s
    tm send-keys -t s 1 w
    check "and mean what they say" poll_for 20 test -s "$work/rc"
    # The word of line mode.
    cp "$first" "$conf"
    tm respawn-pane -k -t s "'$rh' $own --plain"
    see "line mode on a terminal" "."
    sed 's/0.266/0.300/' "$first" >"$conf"
    tm send-keys -t s reload Enter
    see "the word reload" "configuration read again: 1 option changed: cost.cloud_extension_hour"
    tm kill-server
else
    echo "SKIP part: no tmux"
fi

finish
