#!/bin/sh
# The same seed gives the same history whoever compiled the program and however: unoptimized, much
# optimized with characters unsigned and overflow trapped, and by clang. Each build has warnings as
# errors. A compiler that is not there is skipped. usage: builds.sh SRC MAKE [NAME...]
set -u
src=$(cd "$1" && pwd) make=$2
shift 2
[ $# -gt 0 ] || set -- gcc-O0 gcc-O3 clang-O2
unset MAKEFLAGS MFLAGS
jobs=$(nproc 2>/dev/null || echo 2)
passed=0 failed=0 skipped=0 first=

flags_of() {
    case $1 in
    *-O0) echo "-O0" ;;
    *-O3) echo "-O3 -funsigned-char -ftrapv" ;;
    *) echo "-O2" ;;
    esac
}

# histories NAME: what it tells of a quarter without bytes and with faults, of a week of bytes, and of
# sites drawn by chance
histories() {
    rushhour=builds/$1/rushhour
    "$rushhour" simulate --json --for 90d --seed 7 --faults no-capacity=0.2,status-500=0.01 || echo "simulate: $?"
    "$rushhour" demo --json --for 7d --speed max --seed 7 || echo "demo: $?"
    # How much memory it took is the compiler's.
    { "builds/$1/tests/sim/campaign" --from 100 --seeds 6 || echo "campaign: $?"; } | grep -v ' of heap'
}

for name in "$@"; do
    cc=${name%%-*}
    if ! command -v "$cc" >/dev/null 2>&1; then
        echo "skipped: $name: no $cc"
        skipped=$((skipped + 1))
        continue
    fi
    command -v ccache >/dev/null 2>&1 && cc="ccache $cc"
    mkdir -p "builds/$name"
    if ! (cd "builds/$name" && "$src/configure" CC="$cc" --enable-werror CFLAGS="$(flags_of "$name")" &&
        "$make" -j"$jobs" rushhour tests/sim/campaign) >"builds/$name.log" 2>&1; then
        echo "FAIL $name does not build"
        grep -a 'error:\|warning:' "builds/$name.log" | head -n 20 || tail -n 20 "builds/$name.log"
        failed=$((failed + 1))
        continue
    fi
    histories "$name" >"builds/$name.histories" 2>&1
    if ! grep -q '"trace":"[0-9a-f]' "builds/$name.histories"; then
        echo "FAIL $name tells nothing: $(head -c 300 "builds/$name.histories")"
        failed=$((failed + 1))
        continue
    fi
    : "${first:=$name}"
    if cmp -s "builds/$first.histories" "builds/$name.histories"; then
        echo "ok $name ($(flags_of "$name")): $(grep -o '"trace":"[0-9a-f]*"' "builds/$name.histories" | tr '\n' ' ')"
        passed=$((passed + 1))
    else
        echo "FAIL $name tells another history than $first"
        diff "builds/$first.histories" "builds/$name.histories" | cut -c 1-300 | head -n 10
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
