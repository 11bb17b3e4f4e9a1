# What the whole-program tests share; sourced with `set -u`. Each case prints one line, "ok NAME"
# or "FAILED NAME: why" with what the program said; finish() sets the exit code.
# shellcheck shell=sh

rh=$(pwd)/rushhour
peek=$(pwd)/tests/e2e/peek
src=$(cd "${srcdir:-.}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/rushhour-e2e-XXXXXX") || exit 99
children='' failed=0 cases=0

# A home of its own: nothing of the person who runs the tests is read or written.
HOME=$work/home
TERM=${TERM:-xterm}
AWS_EC2_METADATA_DISABLED=true # and nothing beyond this machine is asked
export HOME TERM AWS_EC2_METADATA_DISABLED
unset XDG_CONFIG_HOME XDG_STATE_HOME AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID \
    AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL \
    AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI \
    AWS_CONTAINER_CREDENTIALS_FULL_URI NO_COLOR http_proxy https_proxy
mkdir -p "$HOME"

# Ends what was started, newest first, and waits for it.
end_children() {
    for pid in $children; do
        kill "$pid" 2>/dev/null || :
    done
    for pid in $children; do
        poll_for 10 gone "$pid" || kill -9 "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    children=
}

cleanup() {
    end_children
    chmod -R u+rwx "$work" 2>/dev/null || :
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

gone() {
    ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# poll_for SECONDS COMMAND...: until the command succeeds; fails when the time is up.
poll_for() {
    poll_end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$poll_end" ] || return 1
        sleep 0.1
    done
}

ok() {
    cases=$((cases + 1))
    echo "ok $1"
}

bad() {
    cases=$((cases + 1))
    failed=$((failed + 1))
    echo "FAILED $1: $2"
    for f in "$work/out" "$work/err"; do
        [ -s "$f" ] && sed 's/^/    | /' "$f" | head -n 20
    done
    return 0
}

# check NAME COMMAND...: the case passes when the command does.
check() {
    check_name=$1
    shift
    if "$@" >"$work/out" 2>"$work/err"; then
        ok "$check_name"
    else
        bad "$check_name" "$* failed"
    fi
}

# A program that hangs is a failure (124), never a hanging test.
bounded() {
    timeout -k 5 300 "$@"
}

# run COMMAND...: sets rc, fills $work/out and $work/err; no input.
run() {
    bounded "$@" >"$work/out" 2>"$work/err" </dev/null
    rc=$?
}

# expect NAME CODE PATTERN COMMAND...: exit code, and what it said where (a pattern for an error is
# looked for on standard error, which then has that one line and no more; for 0 in the output).
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    run "$@"
    judge "$name" "$code" "$pattern"
}

judge() {
    where=$work/err lines=$(wc -l <"$work/err")
    [ "$2" != 0 ] || where=$work/out
    if [ "$rc" != "$2" ]; then
        bad "$1" "exit code $rc, not $2"
    elif ! grep -Eq -e "$3" "$where"; then
        bad "$1" "nothing says \"$3\""
    elif [ "$2" != 0 ] && [ "$lines" -gt 1 ]; then
        bad "$1" "$lines lines of complaint instead of one"
    elif [ "$2" = 0 ] && [ "$lines" != 0 ]; then
        bad "$1" "a complaint although it is done"
    else
        ok "$1"
    fi
}

# say TEXT: to what was said before a case that is judged by hand
finish() {
    echo "$cases cases, $failed failed"
    [ "$failed" = 0 ]
    exit
}

skip() {
    echo "SKIP: $1"
    exit 77
}

[ -x "$rh" ] || skip "no rushhour in $(pwd)"
