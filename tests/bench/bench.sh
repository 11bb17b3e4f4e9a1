#!/bin/sh
# What `make bench` shows of the whole program without a screen: a simulated week at full speed, a
# year without bytes. Nothing passes or fails. usage: bench.sh RUSHHOUR
set -u
rushhour=$1
HOME=$(mktemp -d) || exit 1
export HOME
trap 'rm -rf "$HOME"' EXIT

echo "a week of four servers at full speed (seed 1):"
# The last line of "times" is user and system of everything it waited for.
sh -c '"$1" demo --json --for 7d --speed max --seed 1 >"$2/week" || echo "  failed"; times' \
	sh "$rushhour" "$HOME" | sed -n '$s/^/  user and system: /p'
sed -n 's/.*"trace":"\([0-9a-f]*\)".*/  trace \1/p' "$HOME/week"

echo "a year of four servers without bytes (seed 1):"
sh -c '"$1" simulate --json --for 365d --seed 1 >"$2/year" || echo "  failed"; times' \
	sh "$rushhour" "$HOME" | sed -n '$s/^/  user and system: /p'
sed -n 's/.*"trace":"\([0-9a-f]*\)".*/  trace \1/p' "$HOME/year"
