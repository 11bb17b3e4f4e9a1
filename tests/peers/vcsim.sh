#!/bin/sh
# Runs our vSphere client against vcsim, the simulator of the govmomi project, as vCenter and as a
# standalone ESX host.
set -u
. "$(dirname "$0")/lib.sh"

need_ours tests/peers/vsphere_peer
need_govmomi vcsim
(umask 077 && printf 'p&<>"x\n' >"$scratch/secret" && printf 'wrong\n' >"$scratch/wrong")

# Starts vcsim with these options on a free port; sets pid and url.
start() {
    : >"$scratch/env"
    "$program_path" -l 127.0.0.1:0 -tls=false -username dana -password 'p&<>"x' "$@" \
        >"$scratch/env" 2>"$scratch/log" &
    pid=$!
    pids=$pid
    url=$(await "$scratch/env" 's/^export GOVC_URL=\([^ ]*\).*/\1/p' 20 | tr -d \'\" |
        sed 's#//[^/]*@#//#')
    [ -n "$url" ] || {
        cat "$scratch/log"
        die "vcsim does not start"
    }
}

run() { # what, VM, options of vcsim
    what=$1
    vm=$2
    shift 2
    start "$@"
    echo "-- $what at $url"
    timeout 120 tests/peers/vsphere_peer "$url" dana "$scratch/secret" "$vm" || failed=1
    if timeout 60 tests/peers/vsphere_peer "$url" dana "$scratch/wrong" "$vm" \
        >"$scratch/out" 2>&1; then
        fail "$what takes a wrong password"
    elif grep -q 'refused user' "$scratch/out"; then
        ok "a wrong password: $(sed -n 's/.*inventory: //p' "$scratch/out" | head -n 1)"
    else
        fail "a wrong password:"
        grep -v '^ok' "$scratch/out" | sed 's/^FAIL/    /'
    fi
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    pids=
}

run "vCenter" DC0_H0_VM0
run "ESX" ha-host_VM0 -esx
run "slow vCenter" DC0_H0_VM1 -method-delay "PowerOnVM_Task:300,PowerOffVM_Task:300"
exit $failed
