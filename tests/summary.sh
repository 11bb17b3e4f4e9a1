#!/bin/sh
# Counts what `make check` ran in a build folder: every case of a cmocka program, every other test
# once. Prints the failures, then "N passed, N failed, N skipped" as the last line.
# usage: summary.sh BUILD [LOG]
set -u
build=$1
passed=0 failed=0 skipped=0

for trs in $(find "$build/tests" -name '*.trs' | sort); do
    log=${trs%.trs}.log
    result=$(sed -n 's/^:global-test-result: //p' "$trs")
    cases=$(sed -n 's/^\[==========\] \([0-9]*\) test(s) run\.*$/\1/p' "$log" | tail -n 1)
    bad=$(grep -c '^\[  FAILED  \] [^0-9].*' "$log")
    case $result in
    PASS) passed=$((passed + ${cases:-1})) ;;
    SKIP)
        skipped=$((skipped + 1))
        echo "skipped: $(basename "$trs" .trs): $(tail -n 2 "$log" | head -n 1)"
        ;;
    *)
        # A program that crashed says how many cases it had done; at least one failed.
        if [ -n "$cases" ] && [ "$bad" -gt 0 ]; then
            bad=$(grep '^\[  FAILED  \] [^0-9]' "$log" | sort -u | wc -l)
            failed=$((failed + bad))
            passed=$((passed + cases - bad))
        else
            failed=$((failed + 1))
        fi
        echo "FAILED: $trs"
        tail -n 40 "$log"
        ;;
    esac
done
if [ $((passed + failed)) = 0 ]; then
    echo "no test ran"
    [ $# -lt 2 ] || tail -n 30 "$2"
    failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
