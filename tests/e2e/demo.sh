#!/bin/sh
# The demo at full speed, help and version, and the command lines that README promises.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"

trace() {
    "$peek" trace <"$1"
}

demo() {
    bounded "$rh" demo --json --for 1d --speed max "$@" 2>"$work/err" </dev/null
}
demo >"$work/one"
rc=$?
cp "$work/one" "$work/out"
judge "a simulated day" 0 '"trace"'
fields="seed from to servers days moves.out moves.back moves.failed interruptions requeued_builds
lost_builds window_ready_percent ready_late_s.p50 ready_late_s.p99 ready_late_s.max cost.total
cost.spot cost.extension cost.disks cost.same_hours_on_demand speedup.median_percent speedup.jobs speedup.builds invariant_violations trace"
# shellcheck disable=SC2086
check "has every field of its contract" sh -c "'$peek' $(echo $fields) <'$work/one'"
demo >"$work/two"
check "twice the same day is the same, to the byte" cmp "$work/one" "$work/two"
demo --seed 2 >"$work/three"
[ "$(trace "$work/one")" != "$(trace "$work/three")" ] && ok "another seed is another day" ||
    bad "another seed is another day" "both $(trace "$work/one")"
[ "$("$peek" invariant_violations moves.failed lost_builds <"$work/one" | tr '\n' ' ')" = "0 0 0 " ] &&
    [ "$("$peek" moves.out <"$work/one")" -ge 4 ] && ok "the day went well" ||
    bad "the day went well" "$(cat "$work/one")"
expect "from another day" 0 '"from":"2026-11-24T' \
    "$rh" demo --json --from 2026-11-24T06:00:00Z --for 6h --speed max
expect "with another fleet" 0 '"servers":2' "$rh" demo --json --servers 2 --for 6h --speed max
expect "as text" 0 "[Mm]oves" "$rh" demo --speed max --for 1d

# Help.
expect "--version" 0 '^rushhour [0-9]' "$rh" --version
expect "--help" 0 "^Exit codes" "$rh" --help
"$rh" --help | sed -n 's/^  rushhour \([a-z-]*\).*/\1/p' >"$work/subs"
check "--help names the commands" test "$(wc -l <"$work/subs")" -ge 14
while read -r sub; do
    expect "$sub --help" 0 "^usage: rushhour $sub" "$rh" "$sub" --help
done <"$work/subs"
expect "options before the command" 0 "^usage: rushhour status" "$rh" --ascii status --help

# README. What needs a terminal, a real site or root is not run here.
readme=$src/README.md
if [ -f "$readme" ]; then
    sed -n 's,^    build/rushhour ,,p; s,^    rushhour \([^#]*\).*,\1,p' "$readme" >"$work/promised"
    cd "$work" || exit 99 # where what they write ends with it
    check "README promises commands" test "$(wc -l <"$work/promised")" -ge 6
    while read -r words; do
        eval "set -- $words" # as a shell would read them
        case $words in
        # Its week is the README's to promise; memory a sanitizer has seen in the days above.
        demo*) grep -q "AddressSanitizer\|__tsan" "$rh" || expect "README: $words" 0 '"days":7' "$rh" "$@" ;;
        init) expect "README: $words" 0 "wrote $HOME/.config/rushhour/rushhour.conf" "$rh" "$@" ;;
        *)
            # Without a configuration it must be a known command all the same.
            run "$rh" --config "$work/none" "$@"
            [ "$rc" = 2 ] && grep -q "$work/none" "$work/err" && ok "README: $words" ||
                bad "README: $words" "exit code $rc, or not for the missing configuration"
            ;;
        esac
    done <"$work/promised"
    # The sample configuration loads once its secrets are there.
    sed -n '/^    site  /,/^$/p' "$readme" | sed 's/^    //' >"$work/sample.conf"
    for secret in velostrata.secret jenkins.token vsphere.secret; do
        (umask 077 && echo canary >"$work/$secret")
        sed -i "s,/etc/rushhour/$secret,$secret," "$work/sample.conf"
    done
    expect "README: the sample configuration" 0 "as understood" "$rh" --config "$work/sample.conf" doctor --offline
fi

finish
