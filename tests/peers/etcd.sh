#!/bin/sh
# Our client against a real etcd, and two controllers on two state directories that share its lock:
# one acts, the other takes over. Then three members, of which some are stopped or die, and so do
# the controllers: nobody acts under an old epoch. RH_LOCK_ROUNDS=N: so many rounds of that, 6.
set -u
. "$(dirname "$0")/lib.sh"
. "$here/etcd_lib.sh"
command -v sqlite3 >/dev/null 2>&1 || skip "sqlite3 is not installed"

first_member
timeout 60 tests/peers/etcd_peer "http://127.0.0.1:$client1" rushhour/peer || failed=1

echo "-- two controllers, one member"
site_start
pids="$site_pid $pids"
order extension '{"state":"active"}' >/dev/null
site_config "$conf" 'window = ["Sun 00:00-00:01"]  auto = "off"  dwell_cloud = "0m"  dwell_onprem = "0m"
    start_spacing = "0s"  max_moves = 8  retry_min = "1s"  retry_max = "2s"  breaker_failures = 100'
short_calls
lock_on "$client1"
controller a
poll_for 20 took_again a 0 || die "the first one gets no lock: $(cat "$scratch/a.out")"
controller b
poll_for 20 looks_on && ok "the second one looks on" || fail "the second one: $(cat "$scratch/b.out")"
poll_for 20 says a servers.name=cache.place onprem || fail "the first one sees nothing"
poll_for 20 says b servers.name=cache.place onprem || fail "the second one sees nothing"
says b mode observer && ok "it is an observer" || fail "its mode is $(status b mode)"
says b shared_lock.holder "$(id -un)@$(hostname) pid $pid_a" && ok "of the first" ||
    fail "of $(status b shared_lock.holder)"
poll_for 10 says a shared_lock.held true && ok "which says that it holds the lock" || fail "a: $(status a shared_lock.held)"
says a apis.name=etcd.state ok && ok "etcd is among its APIs" || fail "etcd is $(status a apis.name=etcd.state)"
"$rh" --config "$conf" doctor >"$scratch/out" 2>&1
grep -q "^ok   etcd: answers: .* pid $pid_a has the lock of haifa" "$scratch/out" && ok "doctor names the holder" ||
    fail "doctor: $(cat "$scratch/out")"
"$rh" --config "$conf" --state "$scratch/b" move cache cloud >"$scratch/out" 2>&1
[ $? = 75 ] && grep -q "pid $pid_a: this instance only looks on" "$scratch/out" &&
    ok "an order to it is refused with the name" || fail "an order: $(cat "$scratch/out")"
"$rh" --config "$conf" --state "$scratch/c" once >"$scratch/out" 2>&1
[ $? = 3 ] && ok "once does nothing and says why" || fail "once: $(cat "$scratch/out")"

"$rh" --config "$conf" --state "$scratch/a" hold cache onprem --forever >"$scratch/out" 2>&1 &&
    "$rh" --config "$conf" --state "$scratch/a" auto off migration >>"$scratch/out" 2>&1 || fail "a hold: $(cat "$scratch/out")"
sleep 1

began=$(ms) n=$(taken b)
end "$pid_a" TERM
poll_for 30 took_again b "$n"
took=$(($(ms) - began))
[ "$took" -le 2000 ] && ok "after an orderly end the other one acts in $took ms" || fail "it took $took ms"
poll_for 5 says b servers.name=cache.hold.kind pin && says b servers.name=migration.auto false &&
    ok "what was wanted there is wanted here" ||
    fail "a hold there is $(status b servers.name=cache.hold) here, auto $(status b servers.name=migration.auto)"
"$rh" --config "$conf" --state "$scratch/b" release cache >"$scratch/out" 2>&1 || fail "a release: $(cat "$scratch/out")"
controller a
sleep 2
began=$(ms) n=$(taken a)
end "$pid_b" KILL
poll_for 60 took_again a "$n"
took=$(($(ms) - began))
[ "$took" -le $(((ttl + poll + 2) * 1000)) ] && [ "$took" -ge 5000 ] &&
    ok "after kill -9 in $took ms, of a lease of $ttl s" || fail "after kill -9 it took $took ms"
poll_for 5 says a servers.name=cache.hold null && says a servers.name=migration.auto false &&
    ok "what was released there is released here" || fail "its hold is $(status a servers.name=cache.hold)"
controller b

echo "-- its user"
for body in '/v3/auth/user/add {"name":"root","password":"r"}' '/v3/auth/role/add {"name":"root"}' \
    '/v3/auth/user/grant {"user":"root","role":"root"}' '/v3/auth/user/add {"name":"rh","password":"geheim"}' \
    '/v3/auth/role/add {"name":"rh"}' '/v3/auth/user/grant {"user":"rh","role":"rh"}' \
    '/v3/auth/role/grant {"name":"rh","perm":{"permType":"READWRITE","key":"cnVzaGhvdXIv","range_end":"cnVzaGhvdXIw"}}' \
    '/v3/auth/enable {}'; do
    post "${body%% *}" "${body#* }" || fail "etcd: $body"
done
(umask 077 && echo geheim >"$scratch/secret" && echo falsch >"$scratch/wrong")
timeout 60 tests/peers/etcd_peer "http://127.0.0.1:$client1" rushhour/user rh "$scratch/secret" || failed=1
timeout 60 tests/peers/etcd_peer "http://127.0.0.1:$client1" other/user rh "$scratch/secret" >"$scratch/out" 2>&1
grep -q "permission denied" "$scratch/out" && ok "keys of others are forbidden" || fail "other keys: $(head -n 3 "$scratch/out")"
timeout 60 tests/peers/etcd_peer "http://127.0.0.1:$client1" rushhour/user rh "$scratch/wrong" >"$scratch/out" 2>&1
grep -q "refused user \"rh\"" "$scratch/out" && ok "a wrong password is named" || fail "a wrong password: $(head -n 3 "$scratch/out")"
"$rh" --config "$conf" doctor >"$scratch/out" 2>&1
grep -A1 "^FAIL etcd: " "$scratch/out" | grep -q "correct lock.user" && ok "doctor misses the user" ||
    fail "doctor: $(cat "$scratch/out")"
poll_for 30 says a apis.name=etcd.state auth && ok "a controller without a user says so" ||
    fail "a controller without a user: $(status a apis.name=etcd.error)"
end "$pid_a" TERM
end "$pid_b" TERM
end "$member1" KILL

echo "-- three members"
rm -rf "$scratch/e1" "$scratch/a" "$scratch/b"
cluster=e1=http://127.0.0.1:$peer1,e2=http://127.0.0.1:$peer2,e3=http://127.0.0.1:$peer3
member 1
member 2
member 3
for port in $client1 $client2 $client3; do
    poll_for 30 healthy "$port" || die "three members do not start"
done
lock_on "$client1" "$client2" "$client3"
: >"$scratch/a.out"
: >"$scratch/b.out"
controller a
poll_for 20 took_again a 0 || die "nobody gets the lock of three members: $(cat "$scratch/a.out")"
controller b
acting=a other=b worst=0 quorum=0
# Something to do: nodes are closed for a way out, and opened when it is taken back.
give_work() {
    for what in cancel move cancel move; do
        for server in cache migration; do
            place=cloud
            [ $what = move ] || place=
            # shellcheck disable=SC2086
            "$rh" --config "$conf" --state "$scratch/$acting" $what "$server" $place >/dev/null 2>&1
        done
        [ $what = cancel ] || sleep 1
    done
}
# Somebody has it: the acting one still, or the other one.
settle() { # when it began, the other's times before
    if poll_for $((ttl + 6)) took_again "$other" "$2"; then
        took=$(($(ms) - $1))
        [ "$took" -le "$worst" ] || worst=$took
        swap=$acting acting=$other other=$swap
    else
        fail "round $round: nobody took over; $(tail -n 2 "$scratch/$other.out")"
    fi
}
round=0
while [ "$round" -lt "${RH_LOCK_ROUNDS:-6}" ]; do
    give_work
    sleep 2
    eval "pid=\$pid_$acting"
    n=$(taken "$other") m=$(taken "$acting") began=$(ms)
    case $((round % 6)) in
    0) # the acting one is stopped in the middle of it, and goes on when its time is over
        kill -STOP "$pid"
        settle "$began" "$n"
        sleep 1
        kill -CONT "$pid"
        ;;
    1) # a member is stopped for a while: the others are enough
        kill -STOP "$member1"
        sleep 6
        says "$acting" shared_lock.held true || fail "round $round: one member of three takes the lock away"
        kill -CONT "$member1"
        ;;
    2) # the acting one dies
        end "$pid" KILL
        settle "$began" "$n"
        controller "$other"
        ;;
    3) # no quorum: nobody acts, until it is back
        kill -STOP "$member2" "$member3"
        sleep $((ttl - 4))
        poll_for 5 says "$acting" shared_lock.held false && quorum=$((quorum + 1)) ||
            fail "round $round: without a quorum somebody acts"
        kill -CONT "$member2" "$member3"
        back() {
            says a shared_lock.held true || says b shared_lock.held true
        }
        poll_for $((ttl + 10)) back || fail "round $round: nobody acts with the quorum back"
        if [ "$(taken "$other")" -gt "$n" ]; then
            swap=$acting acting=$other other=$swap
        fi
        ;;
    4) # a member dies, and comes back
        end "$member3" KILL
        sleep 4
        [ "$(taken "$other")" = "$n" ] && [ "$(taken "$acting")" = "$m" ] ||
            fail "round $round: a dead member takes the lock away"
        member 3
        poll_for 20 healthy "$client3" || fail "round $round: the member does not come back"
        ;;
    5) # an orderly end
        end "$pid" TERM
        settle "$began" "$n"
        controller "$other"
        ;;
    esac
    round=$((round + 1))
done
[ "$worst" -le $(((ttl + poll + 2) * 1000)) ] && ok "$round rounds; the slowest takeover took $worst ms, of a lease of $ttl s" ||
    fail "the slowest takeover took $worst ms"

# Every call that was sent lies behind the taking of the lock by its controller, with no taking by
# the other one in between.
{
    for who in a b; do
        sql "$who" "SELECT at, '$who', 'taken' FROM journal WHERE action = 'lock' AND text LIKE '%is ours%'
            UNION ALL SELECT started_at, '$who', 'sent ' || action FROM intents
            WHERE outcome <> 'failed' OR outcome IS NULL"
    done
} | sort -t '|' -s -k 1,1n >"$scratch/all"
sent=$(grep -c sent "$scratch/all")
# Within one second their order is not known.
wrong=$(awk -F '|' '$3 == "taken" { before = holder; holder = $2; since = $1; next }
    $2 != holder && !($2 == before && $1 == since) { print }' "$scratch/all")
[ "$sent" -gt 10 ] && [ -z "$wrong" ] && ok "all of $sent calls were sent by who had the lock then" ||
    fail "of $sent calls these were sent without the lock: $wrong"
[ "$(world totals.both_places_ms totals.builds_killed_by_us | tr '\n' ' ')" = "0 0 " ] &&
    ok "never in two places, and no build died" || fail "$(world totals)"
! grep -E "AddressSanitizer|runtime error" "$scratch/a.out" "$scratch/b.out" >/dev/null &&
    ok "no sanitizer's word" || fail "a sanitizer's word"
exit $failed
