#!/bin/sh
# make coverage: tests of every kind in an instrumented build of their own, then what plain gcov says
# of the objects of the shipped program: lines and branches of every folder, and whether the gates
# below hold. Files below a gate are named; coverage/missed says which lines and branches of all.
# Run in the build folder; usage: coverage.sh SOURCES "MAKE" "TOOLS" TEST...
# SOURCES is a copy as of the tarball, so that this works beside any way to build; TOOLS are the
# programs that scripts among the tests run.
set -u
src=$1
make=$2
tools=$3
shift 3
gcov=${GCOV:-gcov}
build=coverage/build
jobs=$(nproc 2>/dev/null || echo 2)
# The copies of a source that a cache of objects has are not told apart, nor is their place.
CCACHE_DISABLE=1
export CCACHE_DISABLE
FUZZ_RUNS=${FUZZ_RUNS:-1000} # enough for what chance reaches at all
export FUZZ_RUNS

# What has to be so: a name, percent of lines, percent of branches, a folder, and which of its files are
# something else. What is around the controller is not pure either (tests/lint/pure.sh).
gates='policy     100 100 core/policy
cost       100 100 core/cost
move       100 95  core/move
controller 100 95  core/engine api_set,board,crew,doctor,engine,keeper,mailbox,replay,runtime
base       92  0   core/base
model      92  0   core/model
net        92  0   core/net
api        92  0   core/api
store      92  0   core/store
engine     92  0   core/engine
sim        92  0   core/sim
tui        92  0   tui
all        92  0   .'

# Which tests run: all of these folders but what takes long and goes no other way, and of the others
# what is quick. A whole week at -O0 takes too long, the campaign's short lives go more ways; what dies
# by a signal, or has no right to write, leaves no counts.
chosen() {
    for t in "$@"; do
        case $t in
        tests/unit/test_schedule_zones) ;;
        tests/contract/test_vsphere_news) ;; # counts milliseconds
        tests/unit/* | tests/contract/* | tests/screen/* | tests/fuzz/*) echo "$t" ;;
        tests/sim/test_offerings | tests/sim/test_full_disk | tests/sim/test_unknown | \
            tests/sim/test_warnings) echo "$t" ;;
        tests/e2e/bad_input.sh | tests/e2e/cost.sh | tests/e2e/doctor.sh | tests/e2e/explain.sh | \
            tests/e2e/observer.sh | tests/e2e/orders.sh | tests/e2e/reload.sh | \
            tests/e2e/replay.sh | tests/e2e/simulate.sh | tests/e2e/terminal.sh) echo "$t" ;;
        esac
    done
}

# What else lives, beside the tests.
lives="tests/sim/campaign_shipped --from 1 --seeds 6
tests/sim/campaign_shipped --from 24 --seeds 1
tests/sim/campaign_shipped --from 32 --seeds 1
tests/sim/campaign_shipped --several --from 205 --seeds 2
tests/sim/campaign_shipped --several --from 210 --seeds 2
tests/sim/campaign_shipped --level wire --from 201 --seeds 5
./rushhour demo --json --for 15m --speed max"

live() {
    printf '%s\n' "$lives" | while read -r command; do
        # shellcheck disable=SC2086 # the options are words
        (cd "$build" && TZ=UTC $command) >>coverage/lives.log 2>&1 </dev/null ||
            echo "FAIL: $command"
    done
}

skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
command -v "$gcov" >/dev/null 2>&1 || skip "coverage needs gcov, which comes with gcc"
tests=$(chosen "$@" | tr '\n' ' ')
[ -n "$tests" ] || skip "coverage needs the tests, and they need cmocka"
programs=$(printf '%s\n' "$tests" | tr ' ' '\n' | grep -v '\.sh$' | tr '\n' ' ')

mkdir -p "$build" || exit 1
src=$(cd "$src" && pwd) || exit 1
ln -sfn "$src/themes" coverage/themes # the program looks beside its build folder
if [ ! -f "$build/Makefile" ]; then
    (cd "$build" && "$src/configure" --enable-coverage --enable-werror CFLAGS="-g") \
        >coverage/configure.log 2>&1 ||
        { tail -n 20 coverage/configure.log && exit 1; }
fi
# Counts of an earlier run, and of objects that are no more, are not this run's.
find "$build" -name '*.gcda' -exec rm -f {} +
# shellcheck disable=SC2086 # the tests are words
$make -C "$build" -j"$jobs" libcore.a libtui.a $tools $programs >coverage/make.log 2>&1 ||
    { tail -n 40 coverage/make.log && exit 1; }
status=0
live >coverage/lives &
# Some wait more than they work. Other programs than these are not built.
$make -C "$build" -j"$((jobs + 1))" -k check-TESTS TESTS="$tests" check_PROGRAMS= check_LIBRARIES= \
    >coverage/check.log 2>&1 || { grep -a '^FAIL' coverage/check.log; status=1; }
wait
cat coverage/lives
[ ! -s coverage/lives ] || status=1

# What gcov -b -c says of each object, as "PATH LINE branch N COUNT" and "PATH LINE line 0 COUNT". All
# programs add to the same counts of an object. Objects of a program's own (automake names them
# after it: the campaign's, with its points) have other branches and are not the shipped program's; a
# header's inline functions are in several objects, so the counts of all are added up.
counts() {
    (cd "$build" && find core tui -name '*.gcno' ! -name 'tests_*' -exec "$gcov" -t -b -c {} + \
        2>/dev/null) | awk -v below="$src/" '
        /^ *-: *0:Source:/ {
            file = $0
            sub(/^ *-: *0:Source:/, "", file)
            file = index(file, below) == 1 ? substr(file, length(below) + 1) : ""
        }
        file == "" { next }
        # What must be so of our own memory has no other way that anybody could take.
        /^ *[-0-9#=%*]+: *[0-9]+:/ { sure = index($0, "SURE(") > 0 }
        /^ *[-0-9#=%*]+: *[0-9]+:/ {
            split($0, f, ":")
            line = f[2] + 0
            gsub(/ /, "", f[1])
            if (line > 0 && f[1] != "-") runs[file " " line " line 0"] += f[1] + 0
        }
        /^branch / && !sure { runs[file " " line " branch " $2 + 0] += $3 == "taken" ? $4 : 0 }
        END { for (key in runs) print key, runs[key] }' | sort -k1,1 -k2,2n -k3,3 -k4,4n
}

all=coverage/counts
counts >"$all"
[ -s "$all" ] || {
    echo "$gcov says nothing of what the compiler writes: set GCOV to the compiler's own"
    exit 1
}

echo "                lines                   branches"
awk -v gates="$gates" '
    function percent(got, of) { return of > 0 ? 100 * got / of : 100 }
    function below(got, of, gate) { return 100 * got < gate * of }
    {
        if (!($1 in seen)) { seen[$1]; order[n++] = $1 }
        of[$1, $3]++
        if ($5 > 0) got[$1, $3]++
        else missed[$1, $3] = missed[$1, $3] (missed[$1, $3] ~ (" " $2 "$") ? "" : " " $2)
    }
    function add(name, file) {
        for (k = 1; k <= 2; k++) {
            of[name, kinds[k]] += of[file, kinds[k]]
            got[name, kinds[k]] += got[file, kinds[k]]
        }
    }
    END {
        split("line branch", kinds, " ")
        split("lines branches", names_of, " ")
        rows = split(gates, row, "\n")
        for (r = 1; r <= rows; r++) {
            split(row[r], g, " ")
            names = 0
            for (i = 0; i < n; i++) {
                base = order[i]
                if (g[4] != "." && index(base, g[4] "/") != 1) continue
                sub(/.*\//, "", base)
                sub(/\.[ch]$/, "", base)
                if (g[5] != "" && index("," g[5] ",", "," base ",") > 0) continue
                file[names++] = order[i]
                add(g[1], order[i])
            }
            printf "  %-10s", g[1]
            for (k = 1; k <= 2; k++) printf "  %6d of %6d  %5.1f %%", got[g[1], kinds[k]],
                of[g[1], kinds[k]], percent(got[g[1], kinds[k]], of[g[1], kinds[k]])
            print ""
            for (k = 1; k <= 2; k++) {
                kind = kinds[k]
                gate = g[k + 1]
                sum = of[g[1], kind]
                ran = got[g[1], kind]
                if (sum > 0 && !below(ran, sum, gate)) continue
                failed = 1
                bad = bad sprintf("%s: %.1f %% of %s, and the gate is %d %%; below it:\n",
                    g[1], percent(ran, sum), names_of[k], gate)
                for (i = 0; i < names; i++) {
                    if (!below(got[file[i], kind], of[file[i], kind], gate)) continue
                    bad = bad sprintf("  %-32s %5d of %5d  %5.1f %%\n", file[i], got[file[i], kind],
                        of[file[i], kind], percent(got[file[i], kind], of[file[i], kind]))
                }
            }
        }
        printf "%s", bad
        for (i = 0; i < n; i++)
            for (k = 1; k <= 2; k++)
                if (missed[order[i], kinds[k]] != "")
                    print order[i] ": " kinds[k] missed[order[i], kinds[k]] >"coverage/missed"
        exit failed
    }' "$all" || { echo "what was missed: coverage/missed"; status=1; }
echo "$((1 - status)) passed, $status failed, 0 skipped"
exit $status
