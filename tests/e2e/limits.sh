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

# Each number, as what this script inherited takes some of them.
for n in $(seq 6 20) 24; do
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
# The dashboard, at each number up to where it works: it says what is missing and does not begin, or
# works without what it cannot reach; the terminal is as it was.
begun=0
for n in $(seq 6 24) 34; do
    printf 'pause 600\nkeys q\nend 10\n' | bounded "$pty" --cast "$work/cast" 30 100 sh -c \
        "ulimit -n $n; exec $rh demo --speed 1" >"$work/out" 2>"$work/err"
    name="the dashboard with $n descriptors"
    case $(tr '\n' ' ' <"$work/out") in
    *"exit 0 modes restored ") begun=$n && ok "$name works" ;;
    *"exit 1 modes restored ")
        if grep -q "rushhour: .*Too many open files" "$work/cast"; then
            ok "$name does not begin"
        elif grep -q "loading shared libraries" "$work/cast"; then
            ok "$name does not begin"
        else
            bad "$name" "it does not say why"
        fi
        ;;
    *) bad "$name" "$(tr '\n' ' ' <"$work/out")" ;;
    esac
done
[ "$begun" = 34 ] && ok "with 34 it works" || bad "with 34 it works" "the last that worked was $begun"

# Memory, and with it the stacks of threads.
if [ -z "$sanitized" ]; then
    for v in 100000 120000 160000 240000; do
        plain -v "$v"
        name="line mode in $v KiB of addresses"
        in_order "memory\|cannot be started\|listen" && ok "$name" || bad "$name" "exit code $rc"
    done
fi

finish
