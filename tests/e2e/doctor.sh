#!/bin/sh
# `doctor`, online: a site without fault, then one planted error after the other; each is named
# with its remedy, and nothing is changed or left behind. Certificates are those of openssl.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/site.sh"

conf=$work/rh.conf

# says NAME CODE LINE [REMEDY]: the exit code, a line of the output, and the one below it.
says() {
    run "$rh" --config "${file:-$conf}" doctor
    if [ "$rc" != "$2" ]; then
        bad "$1" "exit code $rc, not $2"
    elif ! grep -qF -e "$3" "$work/out"; then
        bad "$1" "nothing says \"$3\""
    elif [ $# -gt 3 ] && ! grep -F -A1 -e "$3" "$work/out" | grep -qF -e "$4"; then
        bad "$1" "no remedy \"$4\""
    else
        ok "$1"
    fi
}

# planted NAME CODE LINE REMEDY SED: the configuration with that change
planted() {
    file=$work/planted.conf
    sed "$5" "$conf" >"$file"
    if cmp -s "$file" "$conf"; then
        bad "$1" "nothing was planted"
    else
        says "$1" "$2" "$3" "$4"
    fi
    file=
}

site_start
site_config "$conf"
says "a site without fault" 0 "0 to mend, 0 to know"
for line in "configuration: $conf is understood, 4 servers" "vsphere: answers: 6 VMs" \
    "jenkins: answers: version" "velostrata: answers: 4 VMs, cloud extension ce-1 is stopped" \
    "ec2: answers: 4 network interfaces" "pricelist: answers: 2 on-demand prices in eu-west-1" \
    "servers.cache: VM, nodes and interfaces are as configured" "sqs: not asked"; do
    grep -qF "$line" "$work/out" && ok "  $line" || bad "  $line" "it is not said"
done
[ -e "$HOME/.local/state/rushhour" ] && bad "nothing is left behind" "a state directory" ||
    ok "nothing is left behind"
[ "$(world totals.launches)" = 0 ] && ok "nothing is launched" || bad "nothing is launched" "?"

for api in vsphere velostrata jenkins; do
    secret_file "$work/$api.wrong" wrong
    case $api in
    jenkins) option=token_file right=jenkins.token ;;
    *) option=password_file right=$api.secret ;;
    esac
    planted "a wrong password of $api" 4 "FAIL $api: " "correct $api.user" \
        "/^$api /,/^[a-z]*  *=/s/$option = \"$right\"/$option = \"$api.wrong\"/"
done
planted "an unknown VM" 1 "FAIL servers.cache: vSphere shows no VM called nobody" "correct vm" \
    's/vm = "tests-cache"/vm = "nobody"/'
planted "a VM in other letters" 1 "no VM called Tests-Cache, but one called tests-cache" \
    "as vSphere does" 's/vm = "tests-cache"/vm = "Tests-Cache"/'
planted "an unknown node" 1 "Jenkins shows no node tests-cash (onprem_node)" \
    "correct its name" 's/onprem_node = "tests-cache"/onprem_node = "tests-cash"/'
planted "an unknown cloud node" 1 "Jenkins shows no node clout (cloud_node)" \
    "correct its name" 's/cloud_node = "tests-cache-cloud"/cloud_node = "clout"/'
planted "an unknown interface" 1 "AWS shows no interface eni-0123456789abcdef0" "correct eni" \
    '/^  cache/s/eni = "[^"]*"/eni = "eni-0123456789abcdef0"/'
planted "an unknown cloud extension" 1 "there is no cloud extension ce-9" \
    "correct velostrata.cloud_extension" 's/cloud_extension = "ce-1"/cloud_extension = "ce-9"/'
planted "an unknown instance type" 1 "has no instance type c5.2xlage in eu-west-1" \
    "correct instance_types" '/^  cache/,/c5a/s/c5.2xlarge/c5.2xlage/'
eni=$(world servers.name=end-to-end.eni)
file=$work/zone.conf
sed '/^  end-to-end/,$d' "$conf" >"$file"
cat >>"$file" <<END
  end-to-end = { vm = "tests-end-to-end"  mover = "ec2"  onprem_node = "tests-end-to-end"
    cloud_node = "tests-end-to-end-cloud"  instance_types = ["c5.2xlarge"]
    image = "ami-0123456789abcdef0"  subnet = "subnet-0123456789abcdef0"
    security_groups = ["sg-0123456789abcdef0"]
    zones = { eu-west-1c = { eni = "$eni"  cloud_node = "zone-c" } } }
}
END
says "an interface in another zone" 1 "interface $eni is in eu-west-1" "under its own zone"
file=
planted "nothing listens there" 4 "FAIL jenkins: jenkins: " "check the address in its url" \
    's,http://127.0.0.1:[0-9]*/jenkins/,http://127.0.0.1:9/jenkins/,'
planted "another server's address" 1 "FAIL vsphere: vSphere version: HTTP 404" "" \
    's,/sdk",/nothing/here",'
site_stop

site_start 0 --faults skew=1
site_config "$conf"
says "a clock that is off" 1 "vsphere: its clock is 60" "set both clocks by NTP"
grep -Eq 'vsphere: its clock is 60[0-9] s behind ours' "$work/out" && ok "  by how much" ||
    bad "  by how much" "it does not say"
site_stop

# The first contact with an appliance.
if command -v openssl >/dev/null && openssl req -x509 -newkey ec \
    -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=esx1" \
    -keyout "$work/esx.key" -out "$work/esx.pem" 2>/dev/null; then
    openssl s_server -www -accept 127.0.0.1:0 -cert "$work/esx.pem" -key "$work/esx.key" \
        >"$work/tls" 2>&1 </dev/null &
    children="$! $children"
    if poll_for 10 grep -q '^ACCEPT 127' "$work/tls"; then
        tls_port=$(sed -n 's/^ACCEPT 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/tls" | head -n 1)
        site_start
        site_config "$conf"
        sed -i "s,http://127.0.0.1:[0-9]*/sdk,https://127.0.0.1:$tls_port/sdk," "$conf"
        print=$(openssl x509 -in "$work/esx.pem" -noout -fingerprint -sha256 | sed 's/.*=//')
        pin=sha256//$(openssl x509 -in "$work/esx.pem" -noout -pubkey |
            openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64 -A)
        says "an unknown certificate" 4 "FAIL vsphere: vSphere version: 127.0.0.1:$tls_port: TLS: unknown certificate"
        for line in "SHA-256  $print" "pinned_key = \"$pin\"" "subject  CN = esx1"; do
            grep -qF "$line" "$work/out" && ok "  it shows $line" ||
                bad "  it shows $line" "it does not"
        done
        planted "the pin that it shows, pasted: the server is trusted" 1 "FAIL vsphere: " \
            "check" "s,/sdk\",/sdk\"  pinned_key = \"$pin\","
        grep -q TLS "$work/out" && bad "and its certificate no more a matter" "it is" ||
            ok "and its certificate no more a matter"
        other=sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
        planted "another pin" 4 "its public key is not the pinned one" "" \
            "s,/sdk\",/sdk\"  pinned_key = \"$other\","
        grep -qF "pinned_key = \"$pin\"" "$work/out" && ok "  and it shows the key that is there" ||
            bad "  and it shows the key that is there" "it does not"
    else
        echo "left out: openssl s_server does not tell its port"
    fi
else
    echo "left out: no openssl to make a certificate with"
fi
finish
