#!/bin/sh
# cost: the worked day of policy-and-cost 8.1 as a table, JSON and CSV, months without data, and
# wrong questions. No API is asked, nothing is written.
set -u
. "${srcdir:-.}/tests/e2e/lib.sh"

ledger=$(pwd)/tests/e2e/ledger
conf=$work/rh.conf
c="--config $conf --state $work/state"

# config [BUDGET] [COST]
config() {
    for secret in v j s; do
        (umask 077 && echo canary >"$work/$secret")
    done
    cat >"$conf" <<END
site       = { name = "haifa"  tz = "Asia/Jerusalem" }
policy     = { ${1:-} }
velostrata = { url = "http://127.0.0.1:9/velostrata/api/v25"  user = "apiuser"
               password_file = "v"  cloud_extension = "ce-1" }
jenkins    = { url = "http://127.0.0.1:9/"  user = "rushhour"  token_file = "j" }
vsphere    = { url = "http://127.0.0.1:9/sdk"  user = "rushhour"  password_file = "s" }
aws        = { region = "eu-west-1" }
cost       = { cloud_extension_hour = 0.266  compare_host_month = 350.00
               prices = ( { type = "c5.2xlarge"  on_demand = 0.384  spot = 0.06 } )  ${2:-} }
servers    = { cache = { vm = "tests-cache"  mover = "velostrata"  onprem_node = "tests-cache"
                         cloud_node = "tests-cache-cloud"  eni = "eni-0a1b2c3d"
                         instance_types = ["c5.2xlarge"] }
               other = { vm = "tests-other"  mover = "velostrata"  onprem_node = "tests-other"
                         cloud_node = "tests-other-cloud"  eni = "eni-0a1b2c3e"
                         instance_types = ["c5.2xlarge"] } }
END
}

# is NAME WANT PATH...: values of the JSON that was printed last
is() {
    name=$1 want=$2
    shift 2
    got=$("$peek" "$@" <"$work/json" 2>&1 | tr '\n' ' ')
    [ "$got" = "$want " ] && ok "$name" || bad "$name" "$got"
}

config
expect "no state yet" 1 "there is no ledger in .*state yet" "$rh" $c cost
check "looking made none" test ! -e "$work/state"
(umask 077 && mkdir "$work/state")
check "a ledger with one day" "$ledger" "$work/state" haifa

expect "the table" 0 "^the month +3.28$" "$rh" $c cost --month 2025-10
cp "$work/out" "$work/table"
for line in "spot instances +0.62" "cloud extension +2.66" "cache +0.62  9:23 h" "other +0.00  0:00 h" \
    "same hours on-demand +6.27" "24x7 on-demand +" "an owned host +350.00"; do
    grep -Eq "$line" "$work/table" && ok "its line: $line" || bad "its line: $line" "not there"
done
grep -q "^prices of an hour at the month's end" "$work/table" &&
    grep -Eq "eu-west-1a +0.0700  spot, history, of 2025-10-07$" "$work/table" &&
    ok "its prices are those of its end" || bad "its prices are those of its end" "$(cat "$work/table")"
! grep -q forecast "$work/table" && ok "a month that is over has no forecast" ||
    bad "a month that is over has no forecast" "it has"

"$rh" $c cost --month 2025-10 --json >"$work/json"
is "JSON: sums" "2025-10 3.28 false 2" month month_to_date upper_bound segments
is "JSON: items" "0.62 2.66 0.00" items.spot items.extension items.transfer
is "JSON: servers" "2 cache 0.62 33810 3.61" servers.# servers.0.name servers.0.month_to_date \
    servers.0.instance_s servers.0.same_hours_on_demand
is "JSON: 24x7 on spot at the average of its hours" "298.92" always_spot
is "JSON: forecast as text, budget null" "3.28 null" forecast.p50 budget
check "JSON: one line" sh -c "[ \"\$(wc -l <'$work/json')\" = 1 ]"
for field in extension_never_stopped always_spot always_on_demand owned_host; do
    "$peek" $field <"$work/json" >/dev/null && ok "JSON: $field" || bad "JSON: $field" "missing"
done

"$rh" $c cost --month 2025-10 --csv >"$work/csv"
head -n 1 "$work/csv" | grep -q '^start,end,kind,server,resource,type,zone,cost,' &&
    ok "CSV: its head" || bad "CSV: its head" "$(head -n 1 "$work/csv")"
grep -q '^2025-10-07T08:41:20Z,2025-10-07T18:04:50Z,spot,cache,i-0123456789abcdef0,c5.2xlarge,eu-west-1a,0.617417,' \
    "$work/csv" && ok "CSV: the worked example, to the micro-dollar" ||
    bad "CSV: the worked example" "$(cat "$work/csv")"
grep -q ',extension,,ce-1,,,2.660000,' "$work/csv" && ok "CSV: the extension" ||
    bad "CSV: the extension" "$(cat "$work/csv")"
awk -F, 'NR == 1 { n = NF } NF != n { exit 1 }' "$work/csv" && ok "CSV: as many fields in each line" ||
    bad "CSV: as many fields in each line" "$(cat "$work/csv")"

# An extension of unknown price is no free one.
sed 's/cloud_extension_hour = 0.266//' "$conf" >"$work/unpriced.conf"
expect "an extension without a price" 0 "^  24x7 on spot +\?$" \
    "$rh" --config "$work/unpriced.conf" --state "$work/state" cost --month 2025-10

# Billing by the hour, before October 2017.
config "" 'billing = "hour"'
expect "whole hours" 0 "^2025.*,0.660000," "$rh" $c cost --month 2025-10 --csv

# Budgets.
config 'budget_month = 5.00'
expect "a budget and its share" 0 "^budget +5.00  65 % spent$" "$rh" $c cost --month 2025-10
config 'budget_month = 3.00'
expect "one that is reached" 0 "^budget +3.00  109 % spent, it is reached$" "$rh" $c cost --month 2025-10
config 'budget_month = 1.00  window = ["Sun-Sat 00:00-24:00"]'
expect "one that the forecast exceeds" 0 "^budget +1.00  0 % spent, the forecast exceeds it$" \
    "$rh" $c cost --month 2090-03

# Months without data.
config "" 'extension_disk_gb = 740'
expect "a month before the ledger" 0 "nothing of this month: typed-in amounts alone" \
    "$rh" $c cost --month 2024-02
"$rh" $c cost --month 2024-02 --json >"$work/json"
is "and no price of a later month is one of its own" "configured null" prices.0.spot.0.source prices.0.spot.0.as_of
is "says so in JSON" "0 0.00 71.53" segments items.spot month_to_date
"$rh" $c cost --month 2024-02 --csv >"$work/csv"
! grep -q '^20' "$work/csv" && ok "and has no stretch in CSV" || bad "no stretch in CSV" "$(cat "$work/csv")"
expect "a month to come has a forecast" 0 "^forecast +[1-9]" "$rh" $c cost --month 2090-03

# Wrong questions.
for month in 2026-13 2026-00 2026-1 202611 2026-02-01 march ""; do
    expect "no month: '$month'" 2 "is no month: write it as 2026-11" "$rh" $c cost --month "$month"
done
expect "a month without its value" 2 "--month needs a value" "$rh" $c cost --month
expect "two forms at once" 2 "--json and --csv" "$rh" $c cost --json --csv
expect "a word too many" 2 "extra" "$rh" $c cost extra
check "nobody took the lock" test ! -e "$work/state/controller.lock"

finish
