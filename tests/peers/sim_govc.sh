#!/bin/sh
# Drives the simulated ESX host with govc, the command line of the govmomi project.
set -u
. "$(dirname "$0")/lib.sh"

need_govmomi govc
govc=$program_path
serve 20
cd "$scratch" || exit 1 # govc takes a user name for a file when there is one of that name
export GOVC_URL="$BASE/sdk" GOVC_USERNAME="$VSPHERE_USER" GOVC_INSECURE=1
export GOVC_PERSIST_SESSION=false
export GOVC_PASSWORD="$VSPHERE_PASSWORD"
expect "about" "HostAgent" "$govc" about
expect "ls" "/ha-datacenter/host" "$govc" ls
expect "ls vm" "/ha-datacenter/vm/$VM" "$govc" ls vm
expect "ls of the host" "(HostSystem)" "$govc" ls -l 'host/*'
expect "find" "/ha-datacenter/vm/$VM" "$govc" find / -type m
expect "vm.info" "Power state:  poweredOn" "$govc" vm.info "$VM"
expect "vm.info by JSON" '"powerState": "poweredOn"' "$govc" vm.info -json "$VM"
expect "host.info" "State:           connected" "$govc" host.info
expect "guest shutdown" "OK" "$govc" vm.power -s gateway
expect "power off" "OK" "$govc" vm.power -off "$VM"
expect "it is off" "poweredOff" "$govc" object.collect -s "vm/$VM" runtime.powerState
expect "off again" "cannot be performed" "$govc" vm.power -off "$VM"
expect "power on" "OK" "$govc" vm.power -on "$VM"
expect "it is on" "poweredOn" "$govc" object.collect -s "vm/$VM" runtime.powerState
# It waits for the next value until another govc has powered the VM off.
timeout 60 "$govc" object.collect -s -n 1 "vm/$VM" runtime.powerState >"$scratch/wait" 2>&1 &
waiter=$!
tries=100
while ! grep -q poweredOn "$scratch/wait" && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
done
expect "power off while another waits" "OK" "$govc" vm.power -off "$VM"
ended=$(date +%s%3N)
wait "$waiter"
took=$(($(date +%s%3N) - ended))
if grep -q poweredOff "$scratch/wait" && [ "$took" -le 1000 ]; then
    ok "the wait ends with it: $took ms later"
else
    fail "the wait: $took ms, $(cat "$scratch/wait")"
fi
expect "and on again" "OK" "$govc" vm.power -on "$VM"
expect "no such property" "InvalidProperty" "$govc" object.collect "vm/$VM" nonsense
expect "counters" "cpu.ready.summation" "$govc" metric.ls "vm/$VM"
expect "a sample" "ms" "$govc" metric.sample -n 1 "vm/$VM" cpu.ready.summation
export GOVC_PASSWORD=wrong
expect "a wrong password" "incorrect user name or password" "$govc" about
exit $failed
