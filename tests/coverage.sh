#!/bin/sh
# make coverage: the unit tests in an instrumented build of their own, then what plain gcov says of
# it: branches of every file of core/policy and core/cost, lines of every folder. The gate is every
# branch of those two. Run in the build folder; usage: coverage.sh SOURCES "MAKE" TEST...
# SOURCES is a copy as of the tarball, so that this works beside any way to build.
set -u
src=$1
make=$2
shift 2
gcov=${GCOV:-gcov}
build=coverage/build
gated="core/policy core/cost"

skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
command -v "$gcov" >/dev/null 2>&1 || skip "coverage needs gcov, which comes with gcc"

tests=
for t in "$@"; do
    case $t in
    tests/unit/*) tests="$tests $t" ;;
    esac
done
[ -n "$tests" ] || skip "coverage needs the unit tests, and they need cmocka"

mkdir -p "$build" || exit 1
src=$(cd "$src" && pwd) || exit 1
if [ ! -f "$build/Makefile" ]; then
    (cd "$build" && "$src/configure" --enable-coverage --enable-werror CFLAGS="-g") \
        >coverage/configure.log 2>&1 ||
        { tail -n 20 coverage/configure.log && exit 1; }
fi
# Counts of an earlier run, and of objects that are no more, are not this run's.
find "$build" -name '*.gcda' -exec rm -f {} +
# shellcheck disable=SC2086 # the tests are words
$make -C "$build" libcore.a libtui.a $tests >coverage/make.log 2>&1 ||
    { tail -n 40 coverage/make.log && exit 1; }
status=0
$make -C "$build" check-TESTS TESTS="$tests" >coverage/check.log 2>&1 ||
    { grep -a '^FAIL' coverage/check.log; status=1; }

# What gcov -b -c says of each object, as "PATH LINE branch N COUNT" and "PATH LINE line 0 COUNT"; a
# header's inline functions are in several objects, so the counts of all are added up.
counts() {
    # shellcheck disable=SC2086 # the objects are words
    for o in $(find "$build/core" "$build/tui" -name '*.gcno'); do
        "$gcov" -t -b -c "$o" 2>/dev/null
    done | awk -v below="$src/" '
        /^ *-: *0:Source:/ {
            file = $0
            sub(/^ *-: *0:Source:/, "", file)
            file = index(file, below) == 1 ? substr(file, length(below) + 1) : ""
        }
        file == "" { next }
        /^ *[-0-9#=%*]+: *[0-9]+:/ {
            split($0, f, ":")
            line = f[2] + 0
            gsub(/ /, "", f[1])
            if (line > 0 && f[1] != "-") runs[file " " line " line 0"] += f[1] + 0
        }
        /^branch / { runs[file " " line " branch " $2 + 0] += $3 == "taken" ? $4 : 0 }
        END { for (key in runs) print key, runs[key] }' | sort -k1,1 -k2,2n -k3,3 -k4,4n
}

all=coverage/counts
counts >"$all"
covered=1
echo "branches of $gated:"
for dir in $gated; do
    awk -v below="$dir/" 'index($1, below) == 1 && $3 == "branch" {
        if (!($1 in all)) order[n++] = $1
        all[$1]++
        if ($5 > 0) taken[$1]++
    } END {
        for (i = 0; i < n; i++) {
            file = order[i]
            printf "  %-24s %4d of %4d\n", file, taken[file], all[file]
            got += taken[file]
            sum += all[file]
        }
        printf "  %-24s %4d of %4d  %.1f %%\n", below, got, sum, (sum > 0 ? 100 * got / sum : 0)
        exit !(sum > 0 && got == sum)
    }' "$all" || covered=0
    awk -v below="$dir/" 'index($1, below) == 1 && $3 == "branch" && $5 == 0 {
        printf "  never taken: %s:%d, branch %d\n", $1, $2, $4
    }' "$all"
done
echo "lines of each folder, by the unit tests:"
awk '$3 == "line" {
    dir = $1
    sub(/\/[^\/]*$/, "", dir)
    if (!(dir in lines)) order[n++] = dir
    lines[dir]++
    total++
    if ($5 > 0) {
        run[dir]++
        sum++
    }
} END {
    for (i = 0; i < n; i++)
        printf "  %-12s %6d of %6d  %5.1f %%\n", order[i], run[order[i]], lines[order[i]],
            100 * run[order[i]] / lines[order[i]]
    printf "  %-12s %6d of %6d  %5.1f %%\n", "all", sum, total,
        (total > 0 ? 100 * sum / total : 0)
}' "$all"
[ "$covered" = 1 ] || { echo "not every branch of $gated is taken by the unit tests"; status=1; }
echo "$((1 - status)) passed, $status failed, 0 skipped"
exit $status
