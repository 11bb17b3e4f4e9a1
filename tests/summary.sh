#!/bin/sh
# Counts what `make check` ran in a build folder: every case of a cmocka program, every other test
# once. Prints the failures, then "N passed, N failed, N skipped" as the last line.
# usage: summary.sh BUILD [LOG [STATUS]]; LOG is what make said, STATUS what it ended with.
set -u
build=$1
passed=0 failed=0 skipped=0
list=$(mktemp) || exit 1
trap 'rm -f "$list"' EXIT

# Of all groups of a cmocka program: the numbers of its cases, of those that passed, skipped ones.
numbers() {
    awk '/^\[==========\] [0-9]+ test\(s\) run/ { run += $2 }
         /^\[  PASSED  \] [0-9]+ test\(s\)/ { passed += $4 }
         /^\[  SKIPPED \] [0-9]+ test\(s\)/ { skipped += $4 }
         END { printf "%d %d %d\n", run, passed, skipped }' "$1"
}

find "$build/tests" -name '*.trs' 2>/dev/null | sort >"$list"
while read -r trs; do
    log=${trs%.trs}.log
    name=${trs#"$build/"}
    name=${name%.trs}
    result=$(sed -n 's/^:global-test-result: //p' "$trs")
    # shellcheck disable=SC2046 # the numbers are words
    set -- $(numbers "$log") "$@"
    run=$1 good=$2 left_out=$3
    shift 3
    case $result in
    PASS)
        [ "$run" -gt 0 ] || good=1
        passed=$((passed + good)) skipped=$((skipped + left_out))
        [ "$left_out" = 0 ] || echo "skipped: $left_out cases of $name"
        ;;
    SKIP)
        skipped=$((skipped + 1))
        echo "skipped: $name: $(tail -n 2 "$log" | head -n 1 | sed 's/^[Ss][Kk][Ii][^:]*: *//')"
        ;;
    *)
        # A program that crashed does not say how many cases it had done; at least one failed.
        bad=$((run - good - left_out))
        [ "$bad" -gt 0 ] || bad=1
        passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left_out))
        echo "FAILED: $name"
        tail -n 40 "$log"
        ;;
    esac
done <"$list"

# Nothing failed, yet make did: something did not compile, or no test ran at all.
if [ "$failed" = 0 ] && { [ "$passed" = 0 ] || [ "${3:-0}" != 0 ]; }; then
    [ "$passed" != 0 ] || echo "no test ran"
    [ $# -lt 2 ] || tail -n 30 "$2"
    failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
