#!/bin/sh
# What `make bench` shows of the whole program: a simulated week at full speed, a year without
# bytes, then the dashboard beside htop and btop. Nothing passes or fails; only numbers of one
# run, side by side, mean anything. usage: bench.sh RUSHHOUR BENCH_TUI [SECONDS]
set -u
rushhour=$1
tui=$2
seconds=${3:-20}
TERM=xterm-256color
export TERM
# The state of the comparators' own settings is not ours to change.
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

echo "dashboards in 120x35, nobody touching them, $seconds s (ours without the threads of its simulated site):"
# A Saturday: nothing moves, so what is measured is rest.
"$tui" "$seconds" "$rushhour" demo --speed 1 --from 2026-11-21T10:00:00Z | tee "$HOME/ours"
# "NAME first frame X ms (...)  idle Y % CPU  Z B/s  W B a refresh": ours against another one
ratios() {
	cat "$HOME/ours" "$HOME/other" | sed 's/.*first frame *\([0-9.]*\) ms.*idle *\([0-9.]*\) % CPU *\([0-9.]*\) B\/s *\([0-9.]*\) B a.*/\1 \2 \3 \4/' |
		awk -v other="$1" '
		NR == 1 { first = $1; cpu = $2; rate = $3; bytes = $4 }
		NR == 2 {
			printf "  ours / %s: first frame %.2f", other, first / ($1 > 0 ? $1 : 1)
			if ($2 > 0) printf ", CPU %.2f", cpu / $2
			if ($3 > 0) printf ", output %.3f", rate / $3
			if ($4 > 0) printf ", a refresh %.3f", bytes / $4
			print ""
		}'
}
for other in htop btop; do
	if command -v "$other" >/dev/null 2>&1; then
		"$tui" "$seconds" "$other" | tee "$HOME/other"
		ratios "$other"
	else
		echo "$other: not installed, left out"
	fi
done
