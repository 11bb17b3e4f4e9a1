# Sourced by the sim_*.sh scripts: starts sim_serve and ends it. Expects $me, $program and
# $folder; sets what sim_serve prints (BASE, VM, VSPHERE_USER, …).
pid=
scratch=$(mktemp -d) || exit 1
failed=0

skip() {
	echo "$me: skipped: $1"
	exit 77
}

cleanup() {
	exec 9>&- # its standard input closes: it ends by itself
	[ -z "$pid" ] || wait "$pid" 2>/dev/null
	rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# A Python environment of our own with these packages.
need_python() { # name, packages
	name=$1
	shift
	command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"
	python=$folder/$name/bin/python
	if ! "$python" -c "import $name" >/dev/null 2>&1; then
		python3 -m venv "$folder/$name" >"$scratch/log" 2>&1 &&
			timeout 300 "$python" -m pip install -q --disable-pip-version-check "$@" \
				>>"$scratch/log" 2>&1 ||
			skip "$* cannot be installed: $(tail -n 1 "$scratch/log")"
	fi
}

# The world runs so many times faster than we do.
serve() { # speed
	mkfifo "$scratch/in" || exit 1
	: >"$scratch/env"
	"$program" "$1" <"$scratch/in" >"$scratch/env" &
	pid=$!
	exec 9>"$scratch/in"
	tries=0
	until grep -q '^READY=1' "$scratch/env"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 100 ] || ! kill -0 "$pid" 2>/dev/null; then
			echo "$me: $program does not start"
			exit 1
		fi
		sleep 0.1
	done
	set -a
	. "$scratch/env"
	set +a
}

expect() { # what, text that the output must hold, command …
	what=$1
	want=$2
	shift 2
	timeout 60 "$@" >"$scratch/out" 2>&1 </dev/null
	if grep -qF -- "$want" "$scratch/out"; then
		echo "ok   $what"
	else
		echo "FAIL $what: no \"$want\" in:"
		head -n 20 "$scratch/out"
		failed=1
	fi
}

[ -x "$program" ] || { echo "$me: $program is not there: run make check first"; exit 1; }
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
