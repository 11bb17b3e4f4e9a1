#!/bin/sh
# Runs our vSphere client, and the whole program's threads around it, against vcsim, the simulator
# of the govmomi project, as vCenter and as a standalone ESX host, over TLS with a certificate of
# its own that is pinned. govc is the other client that changes things.
set -u
. "$(dirname "$0")/lib.sh"

need_ours tests/peers/vsphere_peer tests/peers/vsphere_follow
need_govmomi govc
govc=$program_path
need_govmomi vcsim
command -v openssl >/dev/null 2>&1 || skip "openssl is not installed"
echo "peer: vcsim and govc $version"
(umask 077 && printf 'p&<>"x\n' >"$scratch/secret" && printf 'wrong\n' >"$scratch/wrong")

# certificate NAME: a self-signed one, and its pin.
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" \
        -addext "subjectAltName=DNS:$1" -keyout "$scratch/$1.key" -out "$scratch/$1.pem" \
        2>"$scratch/log" || die "no certificate: $(cat "$scratch/log")"
    openssl x509 -in "$scratch/$1.pem" -noout -pubkey | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | openssl base64 -A | sed 's#^#sha256//#' >"$scratch/$1.pin"
}
certificate vcsim
certificate other
pin=$(cat "$scratch/vcsim.pin")

# Starts vcsim with these options on a free port; sets pid and url.
start() {
    : >"$scratch/env"
    "$program_path" -l 127.0.0.1:0 -tlscert "$scratch/vcsim.pem" -tlskey "$scratch/vcsim.key" \
        -username dana -password 'p&<>"x' "$@" >"$scratch/env" 2>"$scratch/log" &
    pid=$!
    pids=$pid
    url=$(await "$scratch/env" 's/^export GOVC_URL=\([^ ]*\).*/\1/p' 60 | tr -d \'\" |
        sed 's#//[^/]*@#//#')
    [ -n "$url" ] || {
        cat "$scratch/log"
        die "vcsim does not start"
    }
    case $url in
    https://*) ;;
    *) die "vcsim serves no TLS at $url" ;;
    esac
}

stop() {
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    pids=
}

# Runs a program of ours; each of its cases names the server.
ours() { # what, program, arguments …
    prefix=$1
    shift
    timeout 300 "$@" >"$scratch/out" 2>&1 </dev/null || failed=1
    sed "s/^\(ok  \|FAIL\|number:\) /\1 $prefix: /" "$scratch/out"
}

# What must be refused, with these words in its message.
refused() { # what, words, arguments of vsphere_peer …
    case=$1
    words=$2
    shift 2
    if timeout 60 tests/peers/vsphere_peer "$@" >"$scratch/out" 2>&1; then
        fail "$case: it was taken"
    elif grep -qF -- "$words" "$scratch/out"; then
        ok "$case: $(sed -n 's/.*inventory: //p' "$scratch/out" | head -n 1)"
    else
        fail "$case:"
        grep -v '^ok' "$scratch/out" | sed 's/^FAIL/    /'
    fi
}

run() { # what, VM, VMs, options of vcsim …
    what=$1
    vm=$2
    vms=$3
    shift 3
    start "$@"
    echo "-- $what at $url"
    ours "$what" tests/peers/vsphere_peer "$url" dana "$scratch/secret" "$vm" "$pin" "$vms"
    refused "$what: a wrong password" 'refused user' \
        "$url" dana "$scratch/wrong" "$vm" "$pin" 0
    refused "$what: a wrong pin" 'its public key is not the pinned one' \
        "$url" dana "$scratch/secret" "$vm" "$(cat "$scratch/other.pin")" 0
    refused "$what: an unknown certificate" 'unknown certificate: compare its fingerprint' \
        "$url" dana "$scratch/secret" "$vm" - 0
    follow "$what" "$vm"
    stop
}

now_ms() {
    date +%s%3N
}

# The line of a state that follow prints next; how long after $began it was seen.
follow_sees() { # what, state
    tries=200
    while [ "$tries" -gt 0 ]; do
        line=$(sed -n "$((lines + 1)),\$s/^\([0-9]*\) $2\$/\1/p" "$scratch/follow" | head -n 1)
        if [ -n "$line" ]; then
            lines=$(wc -l <"$scratch/follow")
            took=$((line - began))
            if [ "$took" -le 1000 ]; then
                ok "$1: $2 in the snapshot ${took} ms after govc began"
            else
                ended_ago=$((line - ended))
                if [ "$ended_ago" -le 1000 ]; then
                    ok "$1: $2 in the snapshot $ended_ago ms after govc ended"
                else
                    fail "$1: $2 was seen $ended_ago ms after govc had ended"
                fi
            fi
            return
        fi
        tries=$((tries - 1))
        sleep 0.1
    done
    fail "$1: $2 is never seen"
    cat "$scratch/follow"
}

govc_power() { # -on or -off
    began=$(now_ms)
    "$govc" vm.power "$1" "$vm" >"$scratch/govc" 2>&1 || {
        fail "govc vm.power $1"
        cat "$scratch/govc"
    }
    ended=$(now_ms)
}

# Changes by a session of our own, by govc, and after govc has ended our session while we wait.
follow() { # what, VM
    ours "$1" tests/peers/vsphere_follow "$url" dana "$scratch/secret" "$2" "$pin" 10
    export GOVC_URL="$url" GOVC_USERNAME=dana GOVC_PASSWORD='p&<>"x' GOVC_INSECURE=1
    export GOVC_PERSIST_SESSION=false
    rm -f "$scratch/follow_in"
    mkfifo "$scratch/follow_in" || exit 1
    : >"$scratch/follow"
    timeout 120 tests/peers/vsphere_follow "$url" dana "$scratch/secret" "$2" "$pin" 0 \
        <"$scratch/follow_in" >"$scratch/follow" 2>&1 &
    follower=$!
    pids="$pids $follower"
    exec 8>"$scratch/follow_in"
    tries=100
    while ! grep -q ' on$' "$scratch/follow" && [ "$tries" -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.1
    done
    sleep 1 # its first set is news, too
    lines=$(wc -l <"$scratch/follow")
    govc_power -off
    follow_sees "$1: govc powers a VM off" off
    govc_power -on
    follow_sees "$1: govc powers it on" on
    # Ours is the session that govc itself has not.
    key=$("$govc" session.ls 2>"$scratch/log" |
        awk '$0 ~ /rushhour/ && $0 !~ /govc/ {print $1; exit}')
    if [ -n "$key" ] && "$govc" session.rm "$key" >"$scratch/log" 2>&1; then
        ok "$1: govc ends our session while it waits"
        govc_power -off
        follow_sees_late "$1: and a change after that" off
        govc_power -on
        follow_sees "$1: and the next one" on
    else
        fail "$1: our session cannot be ended: $(cat "$scratch/log")"
    fi
    exec 8>&-
    wait "$follower" || fail "$1: the follower failed"
    sed -n "s/^\(ok  \|FAIL\) /\1 $1: /p" "$scratch/follow"
}

# A new login comes between: three seconds are allowed.
follow_sees_late() {
    tries=100
    while [ "$tries" -gt 0 ]; do
        line=$(sed -n "$((lines + 1)),\$s/^\([0-9]*\) $2\$/\1/p" "$scratch/follow" | head -n 1)
        [ -n "$line" ] && break
        tries=$((tries - 1))
        sleep 0.1
    done
    lines=$(wc -l <"$scratch/follow")
    if [ -n "$line" ] && [ $((line - ended)) -le 3000 ]; then
        ok "$1: $2 in the snapshot $((line - began)) ms after govc began"
    else
        fail "$1: $2 is not seen in time"
        cat "$scratch/follow"
    fi
}

run "vCenter, 4 VMs" DC0_H0_VM0 4
run "vCenter, 500 VMs" DC0_H0_VM0 500 -vm 250
run "ESX, 4 VMs" ha-host_VM0 4 -esx -vm 4
run "ESX, 500 VMs" ha-host_VM0 500 -esx -vm 500
run "slow vCenter" DC0_H0_VM1 4 -method-delay "PowerOnVM_Task:300,PowerOffVM_Task:300"
exit $failed
