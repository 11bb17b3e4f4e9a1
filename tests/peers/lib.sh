# Sourced by the scripts of this folder, which put software of others beside ours. They run in the
# build folder; what they download goes to peers/ in it (PEERS_DIR names another place). A case is
# a line "ok NAME" or "FAIL NAME …"; a script that cannot have its peer says so and ends with 77.
me=$(basename "$0" .sh)
here=$(cd "$(dirname "$0")" && pwd) || exit 1
folder=${PEERS_DIR:-$PWD/peers}
scratch=$(mktemp -d) || exit 1
pids=
failed=0

skip() {
    echo "skipped: $*"
    exit 77
}

ok() {
    echo "ok   $*"
}

fail() {
    echo "FAIL $*"
    failed=1
}

# For what is no case: ours does not even start.
die() {
    fail "$@"
    exit 1
}

cleanup() {
    exec 9>&- # sim_serve ends when its standard input closes
    for pid in $pids; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd) || exit 1

# Our programs; make check-peers has built them.
need_ours() {
    for p in "$@"; do
        [ -x "$p" ] || die "$p is not built: run make check-peers"
    done
}

# A Python environment of its own with these packages, each with its version; sets python.
need_python() { # name, packages …
    name=$1
    shift
    python=$folder/$name/bin/python
    [ "$(cat "$folder/$name/packages" 2>/dev/null)" = "$*" ] && return 0
    command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"
    echo "installing $*"
    rm -rf "${folder:?}/$name"
    python3 -m venv "$folder/$name" >"$scratch/log" 2>&1 ||
        skip "no virtual environment (Debian: python3-venv): $(tail -n 1 "$scratch/log")"
    timeout 600 "$python" -m pip install -q --disable-pip-version-check "$@" \
        >"$scratch/log" 2>&1 ||
        skip "$* cannot be installed: $(grep -v '^ *$' "$scratch/log" | tail -n 1)"
    echo "$*" >"$folder/$name/packages"
}

# A program of the govmomi project, built here; sets program_path.
need_govmomi() { # program
    version=v0.38.0
    program_path=$folder/bin/$1-$version
    [ -x "$program_path" ] && return 0
    command -v go >/dev/null 2>&1 || skip "go is not installed"
    echo "building $1 $version"
    GOBIN=$folder/bin GOTOOLCHAIN=local timeout 1200 \
        go install -p 2 "github.com/vmware/govmomi/$1@$version" >"$scratch/log" 2>&1 ||
        skip "$1 $version cannot be built: $(tail -n 1 "$scratch/log")"
    mv "$folder/bin/$1" "$program_path" || exit 1
}

# The instance metadata mock of AWS itself, built here; sets program_path, false when it cannot be
# had.
need_metadata_mock() {
    version=v1.12.0
    program_path=$folder/bin/metadata-mock-$version
    [ -x "$program_path" ] && return 0
    echo "building the metadata mock $version"
    if ! command -v go >/dev/null 2>&1 || ! GOBIN=$folder/bin GOTOOLCHAIN=local timeout 1200 \
        go install -p 2 "github.com/aws/amazon-ec2-metadata-mock/cmd@$version" >"$scratch/log" 2>&1; then
        echo "without the instance metadata mock: $(tail -n 1 "$scratch/log")"
        return 1
    fi
    mv "$folder/bin/cmd" "$program_path"
}

# Prints what the sed program finds first in a file that $pid is writing.
await() { # file, sed program, seconds
    tenths=$(($3 * 10))
    while [ "$tenths" -gt 0 ]; do
        found=$(sed -n "$2" "$1" | head -n 1)
        if [ -n "$found" ]; then
            echo "$found"
            return 0
        fi
        kill -0 "$pid" 2>/dev/null || return 1
        tenths=$((tenths - 1))
        sleep 0.1
    done
    return 1
}

# A site whose world runs so many times faster than we do; sets what sim_serve prints.
serve() { # speed
    need_ours tests/peers/sim_serve
    mkfifo "$scratch/in" || exit 1
    : >"$scratch/env"
    tests/peers/sim_serve "$1" <"$scratch/in" >"$scratch/env" &
    pid=$!
    pids="$pids $pid"
    exec 9>"$scratch/in"
    await "$scratch/env" '/^READY=1/p' 20 >/dev/null || die "sim_serve does not start"
    set -a
    . "$scratch/env"
    set +a
}

# `rushhour sim`; what it says is in $scratch/sim.
start_sim() {
    need_ours ./rushhour
    ./rushhour sim --listen 127.0.0.1:0 --seed 7 >"$scratch/sim" 2>&1 &
    pid=$!
    pids="$pids $pid"
    await "$scratch/sim" '/"control"/p' 20 >/dev/null || {
        cat "$scratch/sim"
        die "rushhour sim does not start"
    }
}

sim_url() { # name of the API
    sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$scratch/sim" | head -n 1
}

# One case: the command's output holds the text.
expect() { # name, text, command …
    what=$1
    want=$2
    shift 2
    timeout 60 "$@" >"$scratch/out" 2>&1 </dev/null
    if grep -qF -- "$want" "$scratch/out"; then
        ok "$what"
    else
        fail "$what: no \"$want\" in:"
        head -n 20 "$scratch/out"
    fi
}
