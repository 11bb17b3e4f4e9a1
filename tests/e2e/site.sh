# A simulated site in real time for whole-program tests, and the configuration that fits it;
# sourced after lib.sh.
#   site_start        serves a site; sets site_pid, urls (its JSON line) and control (base URL)
#   site_config FILE [POLICY]  writes the configuration, secrets and AWS keys beside it; POLICY is
#                     what stands in the policy group (default: rush hours now, auto off to begin).
#                     $site_mover: what says of each server how it is moved (default: velostrata)
# The secrets are those that every simulated site accepts.
# shellcheck shell=sh disable=SC2154

password=velostrata-demo token=jenkins-demo vsphere_password=vsphere-demo
key_id=AKIASIMULATEDSITE001 secret_key='simulated/secret+key/of/nobody/0123456789'

# site_start [PORT] [OPTION...]
site_start() {
    site_port=${1:-0}
    [ $# = 0 ] || shift
    : >"$work/urls"
    "$rh" sim --listen "127.0.0.1:$site_port" "$@" >"$work/urls" 2>"$work/site.err" </dev/null &
    site_pid=$!
    children="$site_pid $children"
    poll_for 20 grep -q control "$work/urls" || {
        cat "$work/site.err"
        echo "the simulated site does not start"
        exit 1
    }
    control=$("$peek" control <"$work/urls")
    site_port=$(echo "$control" | sed 's,.*:\([0-9]*\)/.*,\1,')
}

site_stop() {
    kill "$site_pid"
    wait "$site_pid" || :
}

url() {
    "$peek" "$1" <"$work/urls"
}

world() {
    "$peek" --get "$control/world" | "$peek" "$@"
}

# order NAME BODY: to the control endpoint
order() {
    "$peek" --post "$control/$1" "$2"
}

secret_file() {
    (umask 077 && printf '%s\n' "$2" >"$1")
}

# Five lines for each server of $everything, which is read once for all of them.
each_server() {
    i=0 paths=
    while [ $i -lt "$n_servers" ]; do
        paths="$paths servers.$i.name servers.$i.vm.name servers.$i.nodes.onprem.name"
        paths="$paths servers.$i.nodes.cloud.name servers.$i.eni"
        i=$((i + 1))
    done
    # shellcheck disable=SC2086
    echo "$everything" | "$peek" $paths
}

site_config() {
    dir=$(dirname "$1")
    mkdir -p "$dir"
    secret_file "$dir/velostrata.secret" "$password"
    secret_file "$dir/jenkins.token" "$token"
    secret_file "$dir/vsphere.secret" "$vsphere_password"
    (umask 077 && printf '[rushhour]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
        "$key_id" "$secret_key" >"$dir/aws")
    AWS_SHARED_CREDENTIALS_FILE=$dir/aws AWS_CONFIG_FILE=$dir/none
    export AWS_SHARED_CREDENTIALS_FILE AWS_CONFIG_FILE
    : "${site_mover:=mover = \"velostrata\"}"
    policy=${2:-'window = ["Sun-Sat 00:00-24:00"]  auto = "dry-run"'}
    everything=$("$peek" --get "$control/world") || exit 1
    n_servers=$(echo "$everything" | "$peek" servers.#)
    {
        cat <<END
site       = { name = "haifa"  tz = "Asia/Jerusalem" }
policy     = { $policy }
velostrata = { url = "$(url velostrata)"  user = "apiuser"  poll = "5s"
               password_file = "velostrata.secret"  cloud_extension = "ce-1" }
jenkins    = { url = "$(url jenkins)"  user = "rushhour"  token_file = "jenkins.token"  poll = "5s" }
vsphere    = { url = "$(url vsphere)"  user = "rushhour"  password_file = "vsphere.secret" }
aws        = { region = "eu-west-1"  profile = "rushhour"  endpoint_ec2 = "$(url ec2)"
               endpoint_pricing = "$(url pricing)"  endpoint_sqs = "$(url sqs)"
               interruption_queue = "$(url sqs)123456789012/rushhour" }
cost       = { cloud_extension_hour = 0.266 }
servers    = {
END
        each_server | while read -r name && read -r vm && read -r onprem && read -r cloud && read -r eni; do
            cat <<END
  $name = { vm = "$vm"  $site_mover  onprem_node = "$onprem"  cloud_node = "$cloud"  eni = "$eni"
         instance_types = ["c5.2xlarge", "c5a.2xlarge"] }
END
        done
        echo '}'
    } >"$1"
}
