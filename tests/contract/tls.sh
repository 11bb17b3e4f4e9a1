#!/bin/sh
# Trust, tried against real TLS servers on loopback with certificates made for the
# occasion: CA, pin, both, neither; a wrong name; an expired one; an old protocol; a client
# certificate. Each with the message that people read.
set -eu

command -v openssl >/dev/null || {
    echo "SKIP: no openssl to make certificates with"
    exit 77
}
get=./tests/contract/tls_get
work=$(mktemp -d)
servers= failed=0

cleanup() {
    for pid in $servers; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# certificate NAME SUBJECT_ALT_NAME
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj "/CN=$1" -addext "subjectAltName=$2" \
        -keyout "$work/$1.key" -out "$work/$1.pem" 2>"$work/openssl.log" || {
        cat "$work/openssl.log"
        echo "SKIP: openssl cannot make a certificate"
        exit 77
    }
}

pin() {
    printf 'sha256//'
    openssl x509 -in "$work/$1.pem" -noout -pubkey | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | openssl base64 -A
}

# An hour of validity that ended yesterday, or (openssl 3.4 has other words) none.
expired() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=late \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$work/late.key" -out "$work/late.csr" \
        2>"$work/openssl.log" &&
        openssl x509 -req -in "$work/late.csr" -signkey "$work/late.key" -days -1 \
            -copy_extensions copy -out "$work/late.pem" 2>>"$work/openssl.log"
}

# serve NAME CERTIFICATE OPTION...: sets port
serve() {
    log=$work/$1.log cert=$2
    shift 2
    openssl s_server -www -accept 127.0.0.1:0 -cert "$work/$cert.pem" \
        -key "$work/$cert.key" "$@" >"$log" 2>&1 &
    servers="$servers $!"
    port=
    tries=100
    while [ -z "$port" ] && [ "$tries" -gt 0 ]; do
        port=$(sed -n 's/^ACCEPT 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$log" | head -n 1)
        [ -n "$port" ] || sleep 0.1
        tries=$((tries - 1))
    done
    [ -n "$port" ] || {
        cat "$log"
        echo "SKIP: openssl s_server does not tell its port"
        exit 77
    }
}

# expect WHAT MESSAGE ARGUMENTS…: the whole of what tls_get prints, without the address
expect() {
    what=$1 want=$2
    shift 2
    said=$("$get" "$@" | sed 's/ 127\.0\.0\.1:[0-9]*: / /; s/ there\.example: / /; s/ *$//')
    if [ "$said" = "$want" ]; then
        echo "ok: $what: $said"
    else
        echo "FAILED: $what: wanted \"$want\", got \"$said\""
        failed=1
    fi
}

unknown='TLS TLS: unknown certificate: compare its fingerprint (`rushhour doctor`), then set ca_file or pinned_key'
other_pin='TLS TLS: its public key is not the pinned one: compare it (`rushhour doctor`), then correct pinned_key'
other_name='TLS TLS: its certificate is for another name: put that name into the URL, and the address into connect_to'
late='TLS TLS: its certificate has expired: renew it, or set pinned_key and trust = "pin-only"'
old='TLS TLS: it speaks no TLS 1.2 or newer: update it'
bad_ca='TLS TLS: ca_file cannot be read: it must hold certificates (PEM)'
bad_client='TLS TLS: client_cert and client_key_file cannot be used: they must be PEM and belong together'
wants_12='TLS TLS: it refuses the handshake: it may want a client certificate (client_cert, client_key_file)'
wants_13='TLS TLS: it wants a client certificate: set client_cert and client_key_file (maybe sent)'
other_client='TLS TLS: it does not know the client certificate'"'"'s CA: is client_cert the right one?'

certificate here IP:127.0.0.1
certificate there DNS:there.example
certificate client DNS:client.example
here=$(pin here) wrong=$(pin client) there=$(pin there)
ca=$work/here.pem

serve here here
u=https://127.0.0.1:$port/
expect "its own CA" ok "$u" "$ca" - ca - - -
expect "the system's CAs" "$unknown" "$u" - - ca - - -
expect "CA and pin" ok "$u" "$ca" "$here" ca+pin - - -
expect "CA, wrong pin" "$other_pin" "$u" "$ca" "$wrong" ca+pin - - -
expect "right pin without its CA" "$unknown" "$u" - "$here" ca+pin - - -
expect "pin alone" ok "$u" - "$here" pin-only - - -
expect "pin alone, wrong" "$other_pin" "$u" - "$wrong" pin-only - - -
expect "no such CA file" "$bad_ca" "$u" "$work/none.pem" - ca - - -

serve there there
u=https://127.0.0.1:$port/
expect "a wrong name" "$other_name" "$u" "$work/there.pem" - ca - - -
expect "a wrong name, pin alone" ok "$u" - "$there" pin-only - - -
expect "its name, connected elsewhere" ok "https://there.example/" "$work/there.pem" - \
    ca "127.0.0.1:$port" - -

serve old here -tls1_1 -cipher DEFAULT:@SECLEVEL=0
expect "TLS 1.1" "$old" "https://127.0.0.1:$port/" "$ca" - ca - - -

serve mutual here -tls1_2 -Verify 1 -verify_return_error -CAfile "$work/client.pem"
u=https://127.0.0.1:$port/
expect "no client certificate" "$wants_12" "$u" "$ca" - ca - - -
expect "a client certificate" ok "$u" "$ca" - ca - "$work/client.pem" "$work/client.key"
expect "a client certificate with another's key" "$bad_client" "$u" "$ca" - ca - \
    "$work/client.pem" "$work/here.key"
expect "another client certificate" "$other_client" "$u" "$ca" - ca - \
    "$work/here.pem" "$work/here.key"

serve mutual13 here -tls1_3 -Verify 1 -verify_return_error -CAfile "$work/client.pem"
u=https://127.0.0.1:$port/
expect "no client certificate, TLS 1.3" "$wants_13" "$u" "$ca" - ca - - -
expect "a client certificate, TLS 1.3" ok "$u" "$ca" - ca - "$work/client.pem" \
    "$work/client.key"

if expired; then
    late_pin=$(pin late)
    serve late late
    u=https://127.0.0.1:$port/
    expect "an expired one" "$late" "$u" "$work/late.pem" - ca - - -
    expect "an expired one, CA and pin" "$late" "$u" "$work/late.pem" "$late_pin" ca+pin - - -
    expect "an expired one, pin alone" ok "$u" - "$late_pin" pin-only - - -
else
    echo "left out: this openssl makes no expired certificate"
fi


exit "$failed"
