#!/bin/sh
# Drives the simulated ESX host with govc, the command line of the govmomi project.
# usage: sim_govc.sh PROGRAM [FOLDER]; PROGRAM is sim_serve, FOLDER keeps what is downloaded
# and built. Ends with 77 when govc cannot be had.
set -u
me=sim_govc.sh
version=v0.38.0
program=${1:?usage: sim_govc.sh PROGRAM [FOLDER]}
folder=${2:-peers}
. "$(dirname "$0")/sim_lib.sh"

govc=$folder/bin/govc-$version
if [ ! -x "$govc" ]; then
	command -v go >/dev/null 2>&1 || skip "go is not installed"
	echo "$me: building govc $version in $folder"
	GOPATH=$folder/go GOBIN=$folder/bin GOCACHE=$folder/cache GOFLAGS=-modcacherw \
		GOTOOLCHAIN=local timeout 1200 \
		go install -p 2 "github.com/vmware/govmomi/govc@$version" >"$scratch/log" 2>&1 ||
		skip "govc $version cannot be built: $(tail -n 1 "$scratch/log")"
	mv "$folder/bin/govc" "$govc" || exit 1
fi

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
expect "no such property" "InvalidProperty" "$govc" object.collect "vm/$VM" nonsense
expect "counters" "cpu.ready.summation" "$govc" metric.ls "vm/$VM"
expect "a sample" "ms" "$govc" metric.sample -n 1 "vm/$VM" cpu.ready.summation
export GOVC_PASSWORD=wrong
expect "a wrong password" "incorrect user name or password" "$govc" about
exit $failed
