#!/bin/sh
# Few descriptors, little memory, no more threads: the program says what is missing and ends, or works
# with what it has; it does not spin, and the terminal is as it was.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"

pty=$(pwd)/tests/e2e/pty
LC_ALL=C.UTF-8 TMPDIR=$work
export LC_ALL TMPDIR
sanitized=
grep -q __asan_init "$rh" && sanitized=yes # it needs terabytes of addresses

# plain LIMIT...: a second of line mode under that limit; sets rc and ticks (hundredths of a second)
plain() {
    (
        ulimit "$@" || exit 77
        exec timeout -k 5 60 "$rh" demo --plain --speed 1
    ) >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    children="$pid $children"
    sleep 1
    child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
    ticks=$(awk '{print $14 + $15}' "/proc/${child:-$pid}/stat" 2>/dev/null)
    kill "$pid" 2>/dev/null
    wait "$pid"
    rc=$?
}

# It ended in order: with 0 on the signal, or with 1 and one line that says why.
in_order() {
    case $rc in
    127) grep -q "loading shared libraries" "$work/err" ;; # not even begun
    124 | 143 | 0) [ ! -s "$work/err" ] ;;                 # by the signal, through timeout
    1) [ "$(wc -l <"$work/err")" = 1 ] && grep -q "^rushhour: .*$1" "$work/err" ;;
    *) false ;;
    esac
}

for n in 6 8 10 12 14 16 18 22 26; do
    plain -n "$n"
    name="line mode with $n descriptors"
    if ! in_order "Too many open files"; then
        bad "$name" "exit code $rc"
    elif [ "${ticks:-0}" -gt 60 ]; then
        bad "$name" "$ticks hundredths of a second of processor in a second"
    else
        ok "$name"
    fi
done

TERM=xterm-256color
export TERM
# The dashboard: it never begins, and nothing is left on the terminal; or it works.
for n in 6 10 14 18; do
    printf 'end 20\n' | bounded "$pty" --cast "$work/cast" 30 100 sh -c \
        "ulimit -n $n; exec $rh demo --speed 1" >"$work/out" 2>"$work/err"
    name="the dashboard with $n descriptors"
    if [ "$(tr '\n' ' ' <"$work/out")" = "exit 1 modes restored " ] && grep -q "rushhour: " "$work/cast"; then
        ok "$name does not begin"
    else
        bad "$name" "$(tr '\n' ' ' <"$work/out")"
    fi
done
printf 'wait 20 q quit\npause 1500\nkeys q\nend 10\n' |
    bounded "$pty" 30 100 sh -c "ulimit -n 34; exec $rh demo --speed 1" >"$work/out" 2>"$work/err"
[ "$(tr '\n' ' ' <"$work/out")" = "exit 0 modes restored " ] && ok "with 34 it works what it cannot reach" ||
    bad "with 34 it works what it cannot reach" "$(cat "$work/out")"

# Memory, and with it the stacks of threads.
if [ -z "$sanitized" ]; then
    for v in 100000 120000 160000 240000; do
        plain -v "$v"
        name="line mode in $v KiB of addresses"
        in_order "memory\|cannot be started\|listen" && ok "$name" || bad "$name" "exit code $rc"
    done
fi

finish
