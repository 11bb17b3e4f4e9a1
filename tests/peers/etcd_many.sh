#!/bin/sh
# Two controllers that share the lock of a real etcd, for more servers than the inbox of one holds
# events (256 in core/engine/runtime.c): the first one is killed, and the second one has all that
# was wanted there, and knows of each call. RH_SERVERS=N: of so many servers, 300.
set -u
. "$(dirname "$0")/lib.sh"
. "$here/etcd_lib.sh"
n=${RH_SERVERS:-300} held=40 at_once=8 ttl=13

number() {
    echo "number: $n servers: $*"
}
# Everything below rushhour/haifa/$1/ in etcd, a line each: "server record".
listed() { # calls or wishes
    below=rushhour/haifa/$1/ end=rushhour/haifa/${1}0
    "$peek" --post "http://127.0.0.1:$client1/v3/kv/range" \
        "{\"key\":\"$(base64_of "$below")\",\"range_end\":\"$(base64_of "$end")\"}" |
        python3 -c '
import base64, json, sys
for kv in json.load(sys.stdin).get("kvs", []):
    key, value = (base64.b64decode(kv[what]).decode() for what in ("key", "value"))
    print(key[len(sys.argv[1]):], value)' "$below"
}
base64_of() {
    printf %s "$1" | base64 -w 0
}
# A line for each server: auto, snooze and hold, as its controller has it, and as etcd has it.
wanted() { # a or b
    "$rh" --config "$conf" --state "$scratch/$1" status --json 2>/dev/null | python3 -c '
import json, sys
for s in json.load(sys.stdin)["servers"]:
    h = s["hold"] or {}
    print(s["name"], s["auto"], s["snooze_until"], h.get("place"), h.get("until"), h.get("by"))' | sort
}
written() {
    listed wishes | python3 -c '
import datetime, json, sys
def time(s):
    return datetime.datetime.utcfromtimestamp(s).isoformat() + "Z" if s else None
for line in sys.stdin:
    w = json.loads(line[line.index(" "):])
    h = w.get("hold", {})
    if w["server"]:
        print(w["server"], w["auto"] == "on", time(w["snooze_until"]), h.get("place"), time(h.get("until")), h.get("by"))' | sort
}
same() { # a file, command …
    file=$1
    shift
    "$@" >"$scratch/now"
    cmp -s "$file" "$scratch/now"
}
# Another controller's newest call for each server; as long as those with an open move.
leave_calls() {
    python3 - "http://127.0.0.1:$client1/v3/kv/put" "$scratch/names" <<'END'
import base64, http.client, json, sys, time, urllib.parse
to = urllib.parse.urlsplit(sys.argv[1])
etcd = http.client.HTTPConnection(to.netloc)
for name in open(sys.argv[2]).read().split():
    record = {"version": 1, "at": int(time.time()), "by": "dana@elsewhere pid 7", "call": "node-open",
              "server": name, "target": "tests-" + name, "launch_start": 0, "launch_attempt": 0, "owed": 0,
              "of_later_versions": "x" * 450}
    etcd.request("POST", to.path, json.dumps({
        "key": base64.b64encode(("rushhour/haifa/calls/" + name).encode()).decode(),
        "value": base64.b64encode(json.dumps(record).encode()).decode()}))
    answer = etcd.getresponse()
    answer.read()
    if answer.status != 200:
        sys.exit(1)
END
}

first_member
site_start 0 --servers "$n"
pids="$site_pid $pids"
# Nothing moves by itself: there is no rush hour today, nor soon.
site_config "$conf" "window = [\"$(LC_ALL=C date -d '3 days' +%a) 00:00-00:01\"]  auto = \"on\""
short_calls
lock_on "$client1"
sed -n 's/^  \([^ ]*\) = { vm .*/\1/p' "$conf" >"$scratch/names"
controller a
poll_for 20 took_again a 0 || die "the first one gets no lock: $(cat "$scratch/a.out")"
controller b
poll_for 20 looks_on || die "the second one: $(cat "$scratch/b.out")"

# Each group of servers has a snooze of its own, and of some each has a hold of its own.
began=$(ms) orders='' i=0
give() { # words of an order …
    "$rh" --config "$conf" --state "$scratch/a" "$@" >>"$scratch/orders" 2>&1 &
    orders="$orders $!"
}
all_given() {
    for order in $orders; do
        wait "$order" || fail "an order: $(tail -n 1 "$scratch/orders")"
    done
    orders=
}
while [ $((i * at_once)) -lt "$n" ]; do
    # shellcheck disable=SC2046
    give snooze $((i + 120))m $(sed -n "$((i * at_once + 1)),$(((i + 1) * at_once))p" "$scratch/names")
    i=$((i + 1))
done
all_given
i=0
for server in $(tail -n $held "$scratch/names"); do
    i=$((i + 1))
    give hold "$server" onprem --for "$((i + 60))m"
    [ $((i % 20)) != 0 ] || all_given
done
all_given
number "orders for all of them took $(($(ms) - began)) ms"
all_wanted() {
    wanted a >"$scratch/wanted"
    [ "$(grep -c -v ' None None None None$' "$scratch/wanted")" = "$n" ] && [ "$(grep -c onprem "$scratch/wanted")" = $held ]
}
poll_for 10 all_wanted && ok "something is wanted of all of $n servers, $held of them held" ||
    fail "it is $(grep -c onprem "$scratch/wanted") that are held, $(head -n 1 "$scratch/wanted")"
poll_for 10 same "$scratch/wanted" written && ok "and etcd has it so" ||
    fail "etcd has: $(diff "$scratch/wanted" "$scratch/now" | head -n 4)"
number "etcd has $(listed wishes | wc -c) bytes of it"
leave_calls
number "etcd has $(listed calls | wc -c) bytes of calls"
[ "$(listed calls | wc -l)" = "$n" ] && ok "etcd has a call of each" || fail "calls: $(listed calls | wc -l)"

began=$(ms)
end "$pid_a" KILL
# So many at a time, each second; and the look that is every second.
parts=$((2 * (n / 200 + 1)))
poll_for $((ttl + parts + 10)) took_again b 0
took=$(($(ms) - began))
taken_over=$(taken b)
[ "$taken_over" = 1 ] && [ "$took" -le $(((ttl + parts + 2) * 1000)) ] && ok "the second one acts" ||
    fail "it took the lock $taken_over times in $took ms: $(tail -n 2 "$scratch/b.out")"
number "the takeover took $took ms, of a lease of $ttl s"
poll_for 5 same "$scratch/wanted" wanted b && ok "all that was wanted there is wanted here" ||
    fail "what is wanted: $(diff "$scratch/wanted" "$scratch/now" | head -n 4)"
same "$scratch/wanted" written && ok "etcd has it as before" || fail "etcd has: $(diff "$scratch/wanted" "$scratch/now" | head -n 4)"
calls=$(grep -c " info lock last call: .*dana@elsewhere" "$scratch/b/rushhour.log")
[ "$calls" = "$n" ] && ok "it has heard of each call once" || fail "it has heard of $calls calls"
[ "$(listed wishes | grep -c "$(id -un)@$(hostname) pid $pid_a")" -ge "$n" ] && ok "and wrote nothing anew" ||
    fail "it wrote $(listed wishes | grep -c "pid $pid_b") of them anew"

# It goes on: an order is taken, and told to etcd.
began=$(ms)
server=$(tail -n 1 "$scratch/names")
"$rh" --config "$conf" --state "$scratch/b" release "$server" >"$scratch/out" 2>&1 &&
    poll_for 5 says b "servers.name=$server.hold" null && ok "a release is taken" || fail "a release: $(cat "$scratch/out")"
wanted b >"$scratch/wanted"
poll_for 5 same "$scratch/wanted" written && ok "and told to etcd" || fail "etcd has: $(diff "$scratch/wanted" "$scratch/now" | head -n 4)"
number "a release took $(($(ms) - began)) ms"
n_lost=$(grep -c "inbox is full" "$scratch/b/rushhour.log")
[ "$n_lost" = 0 ] && ok "no result was lost" || fail "$n_lost results were lost"
began=$(ms)
end "$pid_b" TERM
took=$(($(ms) - began))
[ "$took" -le 5000 ] && ok "it ends in order" || fail "its end took $took ms"
! grep -E "AddressSanitizer|runtime error" "$scratch/a.out" "$scratch/b.out" >/dev/null &&
    ok "no sanitizer's word" || fail "a sanitizer's word"
exit $failed
