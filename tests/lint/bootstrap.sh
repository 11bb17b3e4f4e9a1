#!/bin/sh
# bootstrap without the packages, and the counting of the tests, each with made-up tools around it.
set -u
src=$(cd "${srcdir:-.}" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
status=0

check() { # what, file, text that a line of it must hold
    grep -qF -- "$3" "$2" || {
        echo "$1: no \"$3\" in:"
        cat "$2"
        status=1
    }
}

# A PATH with nothing but what bootstrap needs to get as far as the packages: no sudo.
mkdir "$work/bin" "$work/tree" || exit 1
for tool in sh dirname grep tr printf mkdir tail env cat; do
    ln -s "$(command -v "$tool")" "$work/bin/$tool" 2>/dev/null || :
done
fake() { # name, script
    printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
cp "$src/bootstrap" "$work/tree/bootstrap" || exit 1
run() { # wanted exit status, words …
    want=$1
    shift
    PATH=$work/bin "$work/bin/sh" "$work/tree/bootstrap" "$@" >"$work/out" 2>&1 </dev/null
    got=$?
    [ "$got" = "$want" ] || {
        echo "bootstrap $*: ended with $got, not $want:"
        cat "$work/out"
        status=1
    }
}

# All but two are installed; one of these was removed, but not its configuration.
fake dpkg-query 'shift 3; for p; do case $p in libcmocka-dev) ;;
    libjansson-dev) echo "$p deinstall ok config-files" ;;
    *) echo "$p install ok installed" ;; esac; done; exit 1'
fake apt-get "echo \"\$@\" >>'$work/apt'; cat >>'$work/asked'"
fake id 'echo 1000'
run 1
check "refusal" "$work/out" "apt-get update && apt-get install -y --no-install-recommends libjansson-dev libcmocka-dev"
[ ! -e "$work/apt" ] || { echo "apt-get was started without the right"; status=1; }

# sudo would ask for a password: without a terminal it is not asked.
fake sudo '[ "$1" = -n ] && exit 1; echo asked; exit 1'
run 1
check "refusal beside sudo" "$work/out" "as root, run:"

# root: installs just that, and says so when it fails.
fake id 'echo 0'
fake apt-get "echo \"\$@\" >>'$work/apt'; [ \"\$1\" != install ] || { echo 'E: no such package'; exit 100; }"
run 1
check "root" "$work/apt" "install -y --no-install-recommends libjansson-dev libcmocka-dev"
check "the reason" "$work/out" "E: no such package"
check "what to do" "$work/out" "apt-get update && apt-get install"
run 2 chekc
run 2 check now

# The counting. A row: folder of the test, result, what its log says, as made by cmocka or by hand.
trs() { # name, result; the log is the standard input
    mkdir -p "$work/build/tests"
    echo ":global-test-result: $2" >"$work/build/tests/$1.trs"
    cat >"$work/build/tests/$1.log"
}
count() { # wanted last line, wanted exit status, make's exit status
    sh "$src/tests/summary.sh" "$work/build" /dev/null "$3" >"$work/out" 2>&1
    got=$?
    [ "$got" = "$2" ] && [ "$(tail -n 1 "$work/out")" = "$1" ] || {
        echo "summary.sh ended with $got, wanted $2 and \"$1\":"
        cat "$work/out"
        status=1
    }
}
count "0 passed, 1 failed, 0 skipped" 1 0
printf '[==========] 3 test(s) run.\n[  PASSED  ] 3 test(s).\n[==========] 2 test(s) run.\n[  PASSED  ] 1 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n' |
    trs two_groups PASS
echo "all well" | trs script PASS
count "5 passed, 0 failed, 1 skipped" 0 0
count "5 passed, 1 failed, 1 skipped" 1 2
printf 'skipped: no openssl\nSKIP tests/x (exit status: 77)\n' | trs want SKIP
count "5 passed, 0 failed, 2 skipped" 0 0
check "the reason of a skip" "$work/out" "skipped: tests/want: no openssl"
printf '[==========] 4 test(s) run.\n[  PASSED  ] 2 test(s).\n[  FAILED  ] 2 test(s), listed below:\n' |
    trs bad FAIL
printf '[ RUN      ] it\n' | trs crashed FAIL
count "7 passed, 3 failed, 2 skipped" 1 2
exit $status
