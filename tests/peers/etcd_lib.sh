# Sourced by the scripts that start members of a real etcd and controllers which share its lock,
# after lib.sh.
# shellcheck shell=sh disable=SC2154

need_ours ./rushhour tests/peers/etcd_peer tests/e2e/peek
command -v etcd >/dev/null 2>&1 || skip "etcd is not installed (Debian: etcd-server)"
command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"
rh=$PWD/rushhour peek=$PWD/tests/e2e/peek work=$scratch children=''
unset XDG_CONFIG_HOME XDG_STATE_HOME AWS_PROFILE AWS_DEFAULT_PROFILE ETCD_NAME ETCD_DATA_DIR
HOME=$scratch/home
export HOME
mkdir -p "$HOME"

bad() {
    fail "$1: $2"
}
poll_for() { # seconds, command …
    poll_end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$poll_end" ] || return 1
        sleep 0.05
    done
}
# shellcheck source=../e2e/site.sh
. "$here/../e2e/site.sh"

ms() {
    date +%s%3N
}
end() { # pid, signal
    kill "-$2" "$1" 2>/dev/null
    [ "$2" = KILL ] || kill -CONT "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

# ----- members: e1 e2 e3 on free ports -----

ports=$(python3 -c '
import socket
s = [socket.socket() for _ in range(6)]
[x.bind(("127.0.0.1", 0)) for x in s]
print(*[x.getsockname()[1] for x in s])')
# shellcheck disable=SC2086
set -- $ports
client1=$1 client2=$2 client3=$3 peer1=$4 peer2=$5 peer3=$6
cluster=
member() { # number
    eval "client=\$client$1 peer=\$peer$1"
    etcd --name "e$1" --data-dir "$scratch/e$1" --logger zap --log-level error \
        --heartbeat-interval 100 --election-timeout 1000 \
        --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
        --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
        --initial-cluster "$cluster" --initial-cluster-token "rh-$$" >>"$scratch/e$1.log" 2>&1 &
    eval "member$1=$!"
    pids="$! $pids"
}
healthy() { # port
    "$peek" --get "http://127.0.0.1:$1/health" | grep -q true
}
first_member() {
    cluster=e1=http://127.0.0.1:$peer1
    member 1
    poll_for 20 healthy "$client1" || {
        tail -n 5 "$scratch/e1.log"
        die "etcd does not start"
    }
    echo "-- $(etcd --version | head -n 1)"
}
post() { # path, body
    "$peek" --post "http://127.0.0.1:$client1$1" "$2" >/dev/null
}

# ----- controllers a and b -----

conf=$scratch/conf/rh.conf ttl=16 poll=1
# What site_config has written, with short calls, which make a short lease possible; AWS's launches
# take too long for that.
short_calls() {
    sed -i '/^aws /,/interruption_queue/d; s/ poll = "5s"/ poll = "5s"  timeout = "1s"/; s/"vsphere.secret"/&  timeout = "1s"/' "$conf"
}
lock_on() { # ports
    sed -i '/^lock /d' "$conf"
    urls=
    for port in "$@"; do
        urls="$urls${urls:+, }\"http://127.0.0.1:$port\""
    done
    echo "lock = { etcd = [$urls]  ttl = \"${ttl}s\"  renew = \"1s\"  timeout = \"1s\" }" >>"$conf"
}
controller() { # a or b
    "$rh" --config "$conf" --state "$scratch/$1" --plain >>"$scratch/$1.out" 2>&1 </dev/null &
    eval "pid_$1=$!"
    pids="$! $pids"
}
sql() { # a or b, query
    sqlite3 -cmd '.timeout 5000' "file:$scratch/$1/state.db?mode=ro" "$2"
}
status() { # a or b, path
    "$rh" --config "$conf" --state "$scratch/$1" status --json 2>/dev/null | "$peek" "$2"
}
says() { # a or b, path, value
    [ "$(status "$1" "$2")" = "$3" ]
}
# How often it took the lock.
taken() { # a or b
    grep -c "the shared lock is ours" "$scratch/$1.out"
}
took_again() { # a or b, times before
    [ "$(taken "$1")" -gt "$2" ]
}
looks_on() {
    grep -q "has the shared lock: this instance looks on" "$scratch/b.out"
}
: >"$scratch/a.out"
: >"$scratch/b.out"
