#!/bin/sh
# Valgrind's memcheck on quick tests that read what comes from outside, and on short runs of the
# real program: what AddressSanitizer does not know, memory that was never written.
# usage: memcheck.sh SRC TEST...
set -u
srcdir=$(cd "$1" && pwd)
export srcdir
shift
command -v valgrind >/dev/null 2>&1 || { echo "skipped: no valgrind"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }

passed=0 failed=0
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
HOME=$out
export HOME
unset XDG_CONFIG_HOME XDG_STATE_HOME
for t in "$@"; do
    # shellcheck disable=SC2086 # the test is words
    timeout -k 5 300 valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        ./$t >"$out/said" 2>"$out/words" </dev/null
    rc=$?
    # Its own exit code is judged elsewhere: here, of what has no configuration, it is 2.
    if [ "$rc" = 99 ] || [ "$rc" -ge 124 ] || grep -q '^==[0-9]*== ' "$out/words"; then
        echo "FAIL $t: exit code $rc"
        grep '^==' "$out/words" | head -n 40
        failed=$((failed + 1))
    else
        echo "ok $t"
        passed=$((passed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
