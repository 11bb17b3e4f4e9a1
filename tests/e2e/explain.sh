#!/bin/sh
# explain: the schedule as an operator sees it (policy-and-cost 3, 6.2, 6.3: ranges, midnight, the
# calendar, both changes of the clock), holds, the past from the journal, and wrong questions.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

conf=$work/rh.conf
c="--config $conf --state $work/state"

# config ZONE WINDOWS [CALENDAR]: its APIs are never reached
config() {
    for secret in v j s; do
        (umask 077 && echo canary >"$work/$secret")
    done
    calendar=
    if [ $# -gt 2 ]; then
        printf '%b' "$3" >"$work/days"
        calendar='calendar = "days"'
    fi
    cat >"$conf" <<END
site       = { name = "haifa"  tz = "$1" }
policy     = { window = [$2]  lead = "25m"  auto = "on"  $calendar }
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

# at TIME PATTERN [NEXT]: the rule of that instant, and the change that follows
at() {
    run "$rh" $c explain cache --at "$1"
    if [ "$rc" != 0 ] || [ -s "$work/err" ]; then
        bad "$1" "exit code $rc"
    elif ! grep -Eq "^[0-9].*: should be $2\$" "$work/out"; then
        bad "$1" "not \"$2\""
    elif [ $# -gt 2 ] && ! grep -Eq "^Next    $3" "$work/out"; then
        bad "$1" "the next change is not \"$3\""
    else
        ok "$1 $2"
    fi
}
home='on-prem by rule 5 \(outside\)' off='on-prem by rule 5 \(holiday\)'
lead='in the cloud by rule 3 \(lead\)' window='in the cloud by rule 3 \(window\)'

# The rush hours, on a day that follows a change of the clock and on one before it.
config Asia/Jerusalem '"Sun-Thu 09:00-18:00"'
at 2040-10-28T06:34:59Z "$home" "2040-10-28 08:35: should be $lead"
at 2040-10-28T06:35:00Z "$lead" "2040-10-28 18:00: should be $home"
at 2040-10-28T07:00:00Z "$window"
at 2040-10-28T15:59:59Z "$window"
at 2040-10-28T16:00:00Z "$home" "2040-10-29 08:35"
at 2040-10-25T05:59:59Z "$lead"
at 2040-10-25T06:00:00Z "$window"
at "2040-10-26 12:00" "$home" "2040-10-28 08:35"

# In the hour that is there twice, and in the one that is not there.
config Asia/Jerusalem '"Sun 01:30-03:00"'
at 2040-10-27T22:29:59Z "$lead"
at 2040-10-27T22:30:00Z "$window"
at 2040-10-27T23:30:00Z "$window"
at 2040-10-28T00:59:59Z "$window"
at 2040-10-28T01:00:00Z "$home"
config Asia/Jerusalem '"Fri 02:30-04:00"'
at 2040-03-22T23:59:59Z "$lead"
at 2040-03-23T00:00:00Z "$window"
at 2040-03-23T01:00:00Z "$home"
config Europe/Berlin '"Sat 22:00-02:30"'
at 2040-10-27T20:00:00Z "$window" "2040-10-28 02:30"
at 2040-10-28T00:45:00Z "$window"
at 2040-10-28T01:29:59Z "$window"
at 2040-10-28T01:30:00Z "$home"

# Several windows, ranges that wrap, unions without a gap.
config Asia/Jerusalem '"Sun-Thu 07:00-09:00", "Sun-Thu 09:00-12:00", "Mon 11:00-13:00"'
at "2040-12-18 08:59" "$window" "2040-12-18 12:00: should be $home"
at "2040-12-18 09:00" "$window"
at "2040-12-17 12:30" "$window" "2040-12-17 13:00"
config Asia/Jerusalem '"Sat-Mon 10:00-12:00"'
at "2040-12-15 10:00" "$window"
at "2040-12-16 10:00" "$window"
at "2040-12-17 10:00" "$window"
at "2040-12-18 10:00" "$home" "2040-12-22 09:35"
config Asia/Jerusalem '"Sun-Thu 00:00-24:00"'
at "2040-10-28 00:00" "$window" "2040-11-02 00:00: should be $home"
at "2040-10-29 00:00" "$window"

# Across midnight, and exception days: they are those of the day on which a window starts.
config Asia/Jerusalem '"Thu 22:00-02:00"' '2040-12-21 off\n'
at "2040-12-20 22:00" "$window"
at "2040-12-21 01:59" "$window"
at "2040-12-21 02:00" "$home"
config Asia/Jerusalem '"Thu 22:00-02:00"' '2040-12-20 off\n'
at "2040-12-20 22:00" "$off" "2040-12-27 21:35"
at "2040-12-21 01:59" "$home"
config Asia/Jerusalem '"Sun-Thu 09:00-18:00"' '# a holiday\n2040-12-18 off\n2040-12-19 09:00-13:00\n2040-12-21 on\n'
at "2040-12-18 12:00" "$off" "2040-12-19 08:35"
at "2040-12-19 12:59" "$window" "2040-12-19 13:00"
at "2040-12-19 13:00" "$home"
at "2040-12-21 17:59" "$window"

# Holds and switches, without a running instance: they are in the store.
hold_day="2040-12-16"
expect "a hold until a time" 0 "held there until" "$rh" $c hold cache onprem --until "$hold_day 20:00"
at "$hold_day 12:00" "on-prem by rule 1 \(hold\)" "2040-12-17 08:35: should be $lead"
expect "a release" 0 "released" "$rh" $c release cache
at "$hold_day 12:00" "$window"
expect "a pin" 0 "until it is released" "$rh" $c hold cache cloud --forever
at "2040-12-22 12:00" "in the cloud by rule 1 \(hold\)" "nothing as far as the schedule reaches"
expect "and its release" 0 "released" "$rh" $c release cache
expect "auto off" 0 "auto is off" "$rh" $c auto off
expect "says so of any time" 0 "stays where it is, automatic moves are off" \
    "$rh" $c explain cache --at "$hold_day 12:00"
expect "auto on" 0 "auto is on" "$rh" $c auto on

# Wrong questions.
expect "an unknown server" 2 "no server nobody" "$rh" $c explain nobody
expect "no server at all" 2 "explain SERVER" "$rh" $c explain
expect "two servers" 2 "explain SERVER" "$rh" $c explain cache cache
expect "no time" 2 "tomorrow" "$rh" $c explain cache --at tomorrow
expect "an instant before the journal begins" 1 "says nothing of cache until then; it begins 20" \
    "$rh" $c explain cache --at "2001-01-01 10:00"
expect "a state that is not there" 1 "there is no journal in .*other" \
    "$rh" --config "$conf" --state "$work/other" explain cache --at "2001-01-01 10:00"

# Against a site: now, and a moment ago. The clock of the site is the real one.
site_start
order extension '{"state":"active"}' >/dev/null
conf=$work/conf/rh.conf
site_config "$conf"
c="--config $conf --state $work/live"
run "$rh" $c explain cache
if [ "$rc" = 0 ] && grep -q "^Is      on-prem$" "$work/out" &&
    grep -Eq "^Should  be in the cloud by rule 3 \(window\): rush hour" "$work/out" &&
    grep -Eq "^Gate    " "$work/out" && grep -q "^Next    " "$work/out"; then
    ok "now, by looking"
else
    bad "now, by looking" "exit code $rc"
fi
expect "a round that only looks" 0 "." "$rh" $c once
moment=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep 2
run "$rh" $c explain cache --at "$moment"
if [ "$rc" = 0 ] && grep -q "^Was     on-prem$" "$work/out" &&
    grep -q "^Should  be in the cloud by rule 3 (window): rush hour" "$work/out" &&
    grep -q "^Gate    " "$work/out" && grep -q "^Since   20" "$work/out"; then
    ok "a moment ago, by the journal"
else
    bad "a moment ago, by the journal" "exit code $rc"
fi
check "the journal has the decision as JSON" sh -c "'$rh' $c log --json | grep -q '\"action\":\"decide\"'"

finish
