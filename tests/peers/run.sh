#!/bin/sh
# Runs the scripts of this folder, or those that are named, one after the other in the build
# folder. Each leaves peers/NAME.log; the last line counts their cases.
# usage: run.sh [NAME...]
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
srcdir=${srcdir:-$here/../..}
export srcdir
logs=${PEERS_DIR:-peers}
mkdir -p "$logs" || exit 1
passed=0 failed=0 skipped=0

[ $# -gt 0 ] || set -- vcsim moto prism etcd etcd_many sim_govc sim_pyvmomi sim_boto3 sim_awscli sim_jenkins sim_api4jenkins pyte
for name in "$@"; do
    log=$logs/$name.log
    began=$(date +%s)
    echo "== $name"
    timeout -k 10 1500 sh "$here/$name.sh" >"$log" 2>&1 </dev/null
    rc=$?
    cat "$log"
    good=$(grep -c '^ok ' "$log")
    bad=$(grep -c '^FAIL ' "$log")
    if [ "$rc" = 77 ] && [ "$bad" = 0 ]; then
        skipped=$((skipped + 1))
    elif [ "$bad" = 0 ] && [ "$rc" != 0 ]; then
        echo "FAIL $name: ended with $rc"
        bad=1
    elif [ "$bad" = 0 ] && [ "$good" = 0 ]; then
        echo "FAIL $name: ran no case"
        bad=1
    elif [ "$bad" -gt 0 ] && [ "$rc" = 0 ]; then
        echo "     $name: ended with 0 all the same"
    fi
    passed=$((passed + good)) failed=$((failed + bad))
    echo "== $name: $good passed, $bad failed in $(($(date +%s) - began)) s"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
