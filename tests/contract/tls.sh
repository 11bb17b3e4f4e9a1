#!/bin/sh
# Trust, tried against real TLS servers on loopback with certificates made for the
# occasion: CA, pin, both, neither; a wrong name; an old protocol; a client certificate.
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

# expect WHAT WORD ARGUMENTS…: the first word of what tls_get prints
expect() {
    what=$1 word=$2
    shift 2
    said=$("$get" "$@")
    case "$said" in
    "$word"*) echo "ok: $what: $said" ;;
    *)
        echo "FAILED: $what: wanted \"$word\", got \"$said\""
        failed=1
        ;;
    esac
}

certificate here IP:127.0.0.1
certificate there DNS:there.example
certificate client DNS:client.example
here=$(pin here) wrong=$(pin client) there=$(pin there)
ca=$work/here.pem

serve here here
u=https://127.0.0.1:$port/
expect "its own CA" ok "$u" "$ca" - ca - - -
expect "the system's CAs" TLS "$u" - - ca - - -
expect "CA and pin" ok "$u" "$ca" "$here" ca+pin - - -
expect "CA, wrong pin" TLS "$u" "$ca" "$wrong" ca+pin - - -
expect "right pin without its CA" TLS "$u" - "$here" ca+pin - - -
expect "pin alone" ok "$u" - "$here" pin-only - - -
expect "pin alone, wrong" TLS "$u" - "$wrong" pin-only - - -
expect "no such CA file" TLS "$u" "$work/none.pem" - ca - - -

serve there there
u=https://127.0.0.1:$port/
expect "a wrong name" TLS "$u" "$work/there.pem" - ca - - -
expect "a wrong name, pin alone" ok "$u" - "$there" pin-only - - -
expect "its name, connected elsewhere" ok "https://there.example/" "$work/there.pem" - \
    ca "127.0.0.1:$port" - -

serve old here -tls1_1 -cipher DEFAULT:@SECLEVEL=0
expect "TLS 1.1" TLS "https://127.0.0.1:$port/" "$ca" - ca - - -

serve mutual here -tls1_2 -Verify 1 -verify_return_error -CAfile "$work/client.pem"
u=https://127.0.0.1:$port/
expect "no client certificate" TLS "$u" "$ca" - ca - - -
expect "a client certificate" ok "$u" "$ca" - ca - "$work/client.pem" "$work/client.key"

exit "$failed"
