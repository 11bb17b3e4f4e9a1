#!/bin/sh
# The programs with threads, in a build with --enable-sanitizers=thread: a word of ThreadSanitizer,
# also of a program in the background, is a failure. What has one thread would only take its time.
# usage: threads.sh SRC TEST...
set -u
srcdir=$(cd "$1" && pwd)
export srcdir
shift

passed=0 failed=0 skipped=0
grep -q __tsan_init rushhour || { echo "threads.sh: this build has no ThreadSanitizer"; exit 2; }
words=$(mktemp -d) || exit 1
trap 'rm -rf "$words"' EXIT
TSAN_OPTIONS="log_path=$words/of exitcode=66"
export TSAN_OPTIONS
for t in "$@"; do
    program=$t
    [ -x "$program" ] || program=$srcdir/$t
    timeout -k 5 300 "$program" >"$words/out" 2>&1 </dev/null
    rc=$?
    if [ "$rc" = 77 ]; then
        echo "skipped: $t: $(tail -n 1 "$words/out")"
        skipped=$((skipped + 1))
    elif [ "$rc" = 0 ] && ! ls "$words"/of.* >/dev/null 2>&1; then
        echo "ok $t"
        passed=$((passed + 1))
    else
        echo "FAIL $t: exit code $rc"
        grep -a '^FAILED\|^\[  FAILED' "$words/out" | head -n 5
        cat "$words"/of.* 2>/dev/null | head -n 60
        rm -f "$words"/of.*
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
