#!/bin/sh
# The program against a simulated site in real time: status, once, orders, two instances, an API
# that goes away, and a death in the middle of a move.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

site_start
# Its start takes minutes; what is tested here comes after it.
order extension '{"state":"active"}' >/dev/null
conf=$work/conf/rh.conf
site_config "$conf"
cat >"$work/page" <<'END'
#!/bin/sh
# The operator's own program: one line for each notice, text and input.
out=$1
shift
read -r line
echo "$# $1 $line ${RUSHHOUR_CANARY:-clean}" >>"$out"
END
chmod 700 "$work/page"
echo "notify = { command = [\"$work/page\", \"$work/paged\"] }" >>"$conf"
RUSHHOUR_CANARY=leaked
export RUSHHOUR_CANARY
c="--config $conf --state $work/state"

# status: the fields of its contract, with types that a script can rely on.
run "$rh" $c status --json
cp "$work/out" "$work/status"
fields="at site version mode snooze_until degraded controller.host controller.pid controller.since
next servers extension.id extension.state extension.since extension.cost_hour host.name
host.cpu_percent host.cpu_ready_percent host.memory_percent cost.month_to_date cost.forecast
cost.budget cost.same_hours_on_demand cost.always_on_demand speedup speedup_missing jobs alerts apis
servers.0.name servers.0.place servers.0.desired servers.0.reason.code servers.0.reason.text
servers.0.gate servers.0.auto servers.0.hold servers.0.mover servers.0.vm.id servers.0.vm.power
servers.0.instance servers.0.nodes.onprem.name servers.0.nodes.onprem.online
servers.0.nodes.onprem.closed_by servers.0.nodes.onprem.busy servers.0.nodes.onprem.build
servers.0.nodes.cloud.name servers.0.move servers.0.age_s servers.0.cost.hour
servers.0.cost.today servers.0.cost.month apis.0.name apis.0.state apis.0.age_s
apis.0.latency_ms apis.0.error"
# shellcheck disable=SC2086
"$peek" $fields <"$work/status" >"$work/out" 2>"$work/err"
[ $? = 0 ] && [ "$rc" = 0 ] && ok "status --json has every field" ||
    bad "status --json has every field" "exit code $rc"
[ "$("$peek" mode servers.# servers.name=cache.place servers.name=cache.desired apis.name=jenkins.state \
    <"$work/status" | tr '\n' ' ')" = "observer 4 onprem cloud ok " ] &&
    ok "status --json tells what is so" || bad "status --json tells what is so" "$(head -c 600 "$work/status")"
expect "status is a table" 0 "^cache +on-prem +cloud" "$rh" $c status
check "looking made no state" test ! -e "$work/state"

# once
expect "the first round only looks" 0 "dry-run" "$rh" $c once
[ "$(world servers.0.nodes.onprem.marked extension.state totals.launches | tr '\n' ' ')" = "false active 0 " ] &&
    ok "and touches nothing" || bad "and touches nothing" "$(world)"
listed=$("$rh" $c cost --json | "$peek" prices.# prices.0.type prices.0.on_demand.source \
    prices.0.on_demand.price_hour prices.1.spot.0.source | tr '\n' ' ')
[ "$listed" = "2 c5.2xlarge pricelist 0.1990 history " ] && ok "prices come from the list and the history" ||
    bad "prices come from the list and the history" "$listed"
expect "and are shown with their age" 0 "c5.2xlarge +0.1990 +on-demand, price list, .* old" "$rh" $c cost
expect "as CSV, too" 0 "^,,price,,,c5.2xlarge,eu-west-1a,,0[.][0-9]+,history,20[^,]*,0.1990,pricelist,20" \
    "$rh" $c cost --csv
before=$("$rh" $c log --json | wc -l)
expect "auto on" 0 "auto is on" "$rh" $c auto on
[ $(($("$rh" $c log --json | wc -l) - before)) = 1 ] && ok "is written down and begins nothing" ||
    bad "is written down and begins nothing" "$("$rh" $c log --json | tail -n 8)"
expect "the next round begins what is due" 0 "cache: moves to cloud" "$rh" $c once
[ "$(world servers.0.nodes.onprem.marked)" = true ] && ok "the node is closed" ||
    bad "the node is closed" "$(world servers.0)"
check "the journal is one object a line" sh -c "'$rh' $c log --json | '$peek' --lines"
"$rh" $c log --json >"$work/out"
grep '"action":"move"' "$work/out" | head -n 1 | "$peek" server actor from to reason move >"$work/err" &&
    [ "$(head -n 4 "$work/err" | tr '\n' ' ')" = "cache policy onprem cloud " ] &&
    ok "with who, what and why" || bad "with who, what and why" "not so"

# The forecast of `cost` is that of the dashboard: of the servers that policy moves.
forecast() {
    "$rh" $c cost --json | "$peek" forecast.p50 | tr -d .
}
whole=$(forecast)
expect "auto off for one" 0 "auto is off for end-to-end" "$rh" $c auto off end-to-end
part=$(forecast)
[ "$part" -lt "$whole" ] && ok "is left out of the forecast" || bad "is left out of the forecast" "$whole, then $part"
expect "and on again" 0 "auto is on for end-to-end" "$rh" $c auto on end-to-end

# A running instance.
start_rh() {
    "$rh" $c --plain "$@" >>"$work/lines" 2>&1 </dev/null &
    main=$!
    children="$main $children"
    poll_for 30 published || bad "an instance runs" "publishes nothing in 30 s: $(tail -n 3 "$work/lines")"
}

published() {
    [ "$("$rh" $c status --json | "$peek" controller.pid)" = "$main" ]
}

now() {
    "$rh" $c status --json 2>"$work/err" | "$peek" "$1"
}

is_now() {
    [ "$(now "$1")" = "$2" ]
}

: >"$work/lines"
start_rh
check "status comes from the instance, mode auto" is_now mode auto
expect "a hold" 0 "held" "$rh" $c hold migration onprem --for 2h
check "is shown" poll_for 5 is_now servers.name=migration.hold.kind until
expect "a pin" 0 "held" "$rh" $c hold end-to-end onprem --forever
check "is shown as one" poll_for 5 is_now servers.name=end-to-end.hold.kind pin
expect "release" 0 "." "$rh" $c release end-to-end
check "ends it" poll_for 5 is_now servers.name=end-to-end.hold null
expect "snooze" 0 "." "$rh" $c snooze 25m
check "makes it manual" poll_for 5 is_now mode manual
expect "auto on again" 0 "." "$rh" $c auto on
check "ends the snooze" poll_for 5 is_now snooze_until null
expect "a snooze of two servers" 0 "for migration" "$rh" $c snooze 25m end-to-end migration
check "is shown for each" sh -c "'$rh' $c status --json | '$peek' servers.name=end-to-end.snooze_until servers.name=migration.snooze_until | grep -vq null"
expect "all of a list or none" 2 "no server nobody" "$rh" $c auto off end-to-end nobody
check "and nothing was done" is_now servers.name=end-to-end.auto true
expect "auto off for one server" 0 "." "$rh" $c auto off end-to-end
check "is shown for that one" poll_for 5 is_now servers.name=end-to-end.auto false
expect "an order by hand" 0 "." "$rh" $c move write-back cloud
moving() {
    [ "$(now servers.name=write-back.move)" != null ]
}
check "is begun" poll_for 40 moving
journaled() {
    "$rh" $c log --json | grep '"server":"write-back"' | grep -q '"actor":"operator:'
}
check "and journaled with its person" poll_for 5 journaled
check "lines are printed for what happens" grep -q "ACT .*write-back" "$work/lines"

# A second one.
"$rh" $c --plain --observe >"$work/second" 2>&1 </dev/null &
second=$!
children="$second $children"
expect "--observe beside it is no trouble" 0 "." "$rh" $c --observe status
check "it says what it sees" poll_for 30 test -s "$work/second"
kill "$second"
wait "$second"
[ $? = 0 ] && ok "the observer ends in order" || bad "the observer ends in order" "exit code not 0"
check "the first one still runs" kill -0 "$main"

# Death in the middle of a move, when the VM is on its way out.
run_called() {
    [ "$(world servers.0.managed.state)" = moving_to_cloud ] || [ "$(world servers.0.managed.state)" = in_cloud ]
}
poll_for 90 run_called
run_called && ok "a move is under way at the manager" || bad "a move is under way at the manager" "$(now servers.0)"
cp "$work/lines" "$work/lines.before"
kill -9 "$main"
wait "$main" 2>/dev/null
task=$(world servers.0.managed.task)
children=$site_pid
expect "after kill -9 the state is whole" 0 '"move"' "$rh" $c log --json
if command -v sqlite3 >/dev/null; then
    [ "$(sqlite3 "$work/state/state.db" 'pragma integrity_check')" = ok ] &&
        ok "sqlite finds nothing wrong" || bad "sqlite finds nothing wrong" "integrity_check"
fi
start_rh
check "the next start goes on with the move" is_now servers.name=cache.move.direction out
same_move() {
    [ "$(now servers.name=cache.move.step)" != null ]
}
check "and knows its step" poll_for 10 same_move
again() {
    "$rh" $c log --json | grep '"server":"cache"' | grep '"action":"run-in-cloud"' | grep -c '"outcome":null'
}
[ "$(again)" = 1 ] && ok "run-in-cloud was asked for once" ||
    bad "run-in-cloud was asked for once" "$(again) times; task $task, now $(world servers.0.managed.task)"
[ "$(world servers.0.managed.task)" = "$task" ] && ok "the manager still has the one task" ||
    bad "the manager still has the one task" "$task before, $(world servers.0.managed.task) now"

# The APIs go away and come back.
site_stop
down() {
    now apis.name=velostrata.state | grep -Eq 'down|stale'
}
check "the instance says that an API is down" poll_for 60 down
paged() {
    grep -Eq '^1 rushhour haifa: .* \{"at":"20[^ ]*Z","server":null,"actor":"rushhour","action":".*\} clean$' "$work/paged"
}
check "notify.command is told of it" poll_for 90 paged
expect "status of another state cannot look" 4 "(velostrata|jenkins|vsphere|ec2): .*connect" \
    "$rh" --config "$conf" --state "$work/other" status
expect "nor can once" 4 "(velostrata|jenkins|vsphere|ec2): .*connect" \
    "$rh" --config "$conf" --state "$work/other" once
check "the instance lives on" kill -0 "$main"
site_start "$site_port"
back() {
    [ "$(now apis.name=velostrata.state)" = ok ] && [ "$(now apis.name=jenkins.state)" = ok ]
}
# An API that was long down is asked again after as long: 30 s, 60 s, twice that.
check "and finds them again" poll_for 240 back
kill "$main"
wait "$main"
[ $? = 0 ] && ok "it ends in order" || bad "it ends in order" "exit code not 0"
# What the builds say of the cloud.
expect "cost says what is missing" 0 "^tests in the cloud +\\? +needs 3 good builds" "$rh" $c cost
run "$rh" $c cost --json
[ "$("$peek" speedup <"$work/out")" = null ] && "$peek" speedup_missing jobs <"$work/out" >/dev/null &&
    ok "and so does its JSON" || bad "and so does its JSON" "$(cat "$work/out")"
if command -v sqlite3 >/dev/null; then
    for n in 1 2 3; do
        sqlite3 "$work/state/state.db" "INSERT INTO samples VALUES
            ('/jenkins/job/team/job/a%2Cb/', $n, 'cache', 'tests-cache', 'onprem', 1, 600000, 'SUCCESS', 1),
            ('/jenkins/job/team/job/a%2Cb/', 1$n, 'cache', 'tests-cache-cloud', 'cloud', 1, 360000, 'UNSTABLE', 1)"
    done
    expect "cost has the number" 0 "^tests in the cloud +40% faster  the median of 1 job with 6 builds" "$rh" $c cost
    expect "and the job" 0 "^  team/a,b +40% faster  on-prem 10m00s of 3, cloud 6m00s of 3" "$rh" $c cost
    run "$rh" $c cost --json
    [ "$("$peek" speedup.median_percent speedup.jobs speedup.builds speedup_missing jobs.name=team/a,b.cloud_median_s \
        <"$work/out" | tr '\n' ' ')" = "40 1 6 null 360 " ] && ok "in JSON, too" || bad "in JSON, too" "$(cat "$work/out")"
    expect "and as a row of the CSV" 0 '^,,job,cache,"team/a,b",,,,,,,,,,600,3,360,3,40$' "$rh" $c cost --csv
fi
! grep -E "AddressSanitizer|runtime error" "$work/lines" >/dev/null &&
    ok "and left no sanitizer's word" || bad "and left no sanitizer's word" "see the lines"

finish
