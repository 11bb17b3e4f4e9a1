#!/bin/sh
# Runs our vSphere client against vcsim, the simulator of the govmomi project, as vCenter
# and as a standalone ESX host. usage: vcsim.sh PROGRAM [FOLDER]; PROGRAM is vsphere_peer,
# FOLDER keeps what is downloaded and built. Ends with 77 when that cannot be had.
set -u
version=v0.38.0
program=${1:?usage: vcsim.sh PROGRAM [FOLDER]}
folder=${2:-peers}
pid=
scratch=

skip() {
	echo "vcsim.sh: skipped: $1"
	exit 77
}

cleanup() {
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	fi
	[ -z "$scratch" ] || rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

[ -x "$program" ] || { echo "vcsim.sh: $program is not there: run make check first"; exit 1; }
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
vcsim=$folder/bin/vcsim-$version
if [ ! -x "$vcsim" ]; then
	command -v go >/dev/null 2>&1 || skip "go is not installed"
	echo "vcsim.sh: building vcsim $version in $folder"
	GOPATH=$folder/go GOBIN=$folder/bin GOCACHE=$folder/cache GOFLAGS=-modcacherw \
		GOTOOLCHAIN=local timeout 600 \
		go install -p 2 "github.com/vmware/govmomi/vcsim@$version" >"$folder/log" 2>&1 ||
		skip "vcsim $version cannot be built: $(tail -n 1 "$folder/log")"
	mv "$folder/bin/vcsim" "$vcsim" || exit 1
fi

scratch=$(mktemp -d) || exit 1
(umask 077 && printf 'p&<>"x\n' >"$scratch/secret" && printf 'wrong\n' >"$scratch/wrong")

# Starts vcsim with these options on a free port; sets pid and url.
start() {
	: >"$scratch/env"
	"$vcsim" -l 127.0.0.1:0 -tls=false -username dana -password 'p&<>"x' "$@" \
		>"$scratch/env" 2>"$scratch/log" &
	pid=$!
	tries=0
	url=
	while [ -z "$url" ]; do
		url=$(sed -n 's/^export GOVC_URL=\([^ ]*\).*/\1/p' "$scratch/env" | tr -d \'\" |
			sed 's#//[^/]*@#//#')
		[ -n "$url" ] && break
		tries=$((tries + 1))
		if [ "$tries" -gt 100 ] || ! kill -0 "$pid" 2>/dev/null; then
			echo "vcsim.sh: vcsim does not start:"
			cat "$scratch/log"
			exit 1
		fi
		sleep 0.1
	done
}

stop() {
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	pid=
}

failed=0
run() { # what, VM, options of vcsim
	what=$1
	vm=$2
	shift 2
	start "$@"
	echo "== $what at $url"
	timeout 120 "$program" "$url" dana "$scratch/secret" "$vm" || failed=1
	echo "== $what with a wrong password"
	if timeout 60 "$program" "$url" dana "$scratch/wrong" "$vm" >"$scratch/out" 2>&1; then
		echo "FAIL a wrong password was taken"
		failed=1
	elif grep -q 'refused user' "$scratch/out"; then
		echo "ok   $(sed -n 's/.*inventory: //p' "$scratch/out" | head -n 1)"
	else
		cat "$scratch/out"
		failed=1
	fi
	stop
}

run "vCenter" DC0_H0_VM0
run "ESX" ha-host_VM0 -esx
run "slow vCenter" DC0_H0_VM1 -method-delay "PowerOnVM_Task:300,PowerOffVM_Task:300"
exit $failed
