#!/bin/sh
# Secrets stay where they are: in no log, state, output, screen, title, argument list or environment, nor in
# the environment of a program that is started.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"
. "${srcdir:-.}/tests/e2e/site.sh"

site_start
conf=$work/conf/rh.conf
site_config "$conf"
c="--config $conf --state $work/state --log-level debug"

# One from a variable, two from files; the site's own, so that calls are made and answered.
sed -i 's/password_file = "velostrata.secret"/password_env = "E2E_PASSWORD"/' "$conf"
canaries="$password $token $vsphere_password $secret_key"
# One from a program, which writes down what a child of ours sees.
mkdir "$work/proc"
cat >"$work/conf/give" <<END
#!/bin/sh
{ echo "\$@" && env && tr '\\0' '\\n' </proc/\$PPID/cmdline; } >"$work/proc/child"
cat "$work/conf/jenkins.token"
END
chmod 700 "$work/conf/give"
sed -i "s|token_file = \"jenkins.token\"|token_command = [\"$work/conf/give\", \"quietly\"]|" "$conf"
# As they go over the wire, too.
for pair in "apiuser:$password" "rushhour:$token"; do
    canaries="$canaries $(printf %s "$pair" | base64)"
done

hunt() {
    for canary in $canaries; do
        grep -raF -e "$canary" "$@" && return 1
    done
    return 0
}

clean() {
    name=$1
    shift
    if hunt "$@" >"$work/found" 2>&1; then
        ok "$name"
    else
        bad "$name" "$(head -c 300 "$work/found" | tr -c '[:print:]\n' '?')"
    fi
}

mkdir "$work/said"
E2E_PASSWORD=$password "$rh" $c --plain >"$work/said/lines" 2>&1 </dev/null &
main=$!
children="$main $children"
up() {
    [ "$("$rh" $c status --json | "$peek" apis.name=velostrata.state apis.name=jenkins.state \
        apis.name=vsphere.state apis.name=ec2.state | tr '\n' ' ')" = "ok ok ok ok " ]
}
E2E_PASSWORD=$password
export E2E_PASSWORD
check "every API is reached with its secret" poll_for 30 up
tr '\0' '\n' <"/proc/$main/cmdline" >"$work/proc/cmdline"
clean "no argument list has one" "$work/proc/cmdline"
if tr '\0' '\n' <"/proc/$main/environ" >"$work/proc/environ" 2>/dev/null; then
    clean "nor the environment of the running program" "$work/proc/environ"
else
    ok "the environment of the running program is closed to others"
fi
check "a program that gives a secret was asked" grep -q quietly "$work/proc/child"
clean "and was shown none" "$work/proc/child"
grep -q '^CoreDumping:\|^State:' "/proc/$main/status" && awk '$1 == "Max" && $2 == "core" { exit $5 != 0 }' "/proc/$main/limits"
[ $? = 0 ] && ok "it leaves no core" || bad "it leaves no core" "its limit is above 0"

"$rh" $c auto on >"$work/said/auto" 2>&1
"$rh" $c status --json >"$work/said/status" 2>&1
"$rh" $c log --json >"$work/said/log" 2>&1
"$rh" $c doctor --offline >"$work/said/doctor" 2>&1
"$rh" $c doctor >"$work/said/doctor.online" 2>&1
# Refusals are where secrets leak: of a password that is wrong, and of an answer that echoes.
order fault '{"name":"status-500","rate":1}' >/dev/null
failing() {
    "$rh" $c status --json | "$peek" apis.name=velostrata.error | grep -v -e null -e none
}
poll_for 40 failing
"$rh" $c status --json >"$work/said/status.failing" 2>&1
order fault '{"name":"status-500","rate":0}' >/dev/null
kill "$main"
wait "$main"
# All that a terminal is sent: the views, the title.
TERM=xterm-256color LC_ALL=C.UTF-8
export TERM LC_ALL
printf '%s\n' 'wait 20 q quit' 'keys 2' 'pause 300' 'keys 3' 'pause 300' 'keys 4' 'pause 300' 'keys 5' \
    'pause 300' 'keys 1' 'pause 300' 'signal 15' 'end 10' |
    bounded "$(pwd)/tests/e2e/pty" --cast "$work/said/screen" 40 160 "$rh" $c >"$work/said/ended" 2>&1
grep -q '^exit 0' "$work/said/ended" && ok "a dashboard was drawn and has ended" ||
    bad "a dashboard was drawn and has ended" "$(head -c 300 "$work/said/ended")"
check "with the names of the servers" grep -q cache "$work/said/screen"
clean "nothing that was said or drawn has one" "$work/said"
clean "the state directory has none" "$work/state"
check "which has a log to look through" test -s "$work/state/rushhour.log"

# Wrong secrets: they are not to be told either.
E2E_PASSWORD=wrong-canary-1
secret_file "$work/conf/jenkins.token" wrong-canary-2
secret_file "$work/conf/vsphere.secret" wrong-canary-3
canaries="wrong-canary $(printf %s apiuser:wrong-canary-1 | base64) $(printf %s rushhour:wrong-canary-2 | base64)"
bounded "$rh" $c --state "$work/wrong" once >"$work/said/wrong" 2>&1 </dev/null
rc=$?
[ "$rc" = 4 ] && ok "wrong secrets end in 4" || bad "wrong secrets end in 4" "exit code $rc: $(cat "$work/said/wrong")"
clean "and are not told" "$work/said" "$work/wrong"
unset E2E_PASSWORD
expect "a variable that is not set" 2 "E2E_PASSWORD" "$rh" $c once

finish
