#!/bin/sh
# The campaign has the core's probes and buggify points: the files of tests/sim/libpoints.a are those
# that have some, and all of them. One that lacks would be linked without its points, untold.
set -u
cd "${srcdir:-.}" || exit 1

have=$(grep -lE '\<(RH_PROBE|RH_BUGGIFY|RH_POINTS)\>' core/*/*.[ch] | grep -v '^core/base/probe\.h$' | sort)
built=$(sed -n '/^tests_sim_libpoints_a_SOURCES/,/[^\\]$/p' tests/sim.mk | grep -o 'core/[a-z0-9_/]*\.[ch]' | sort)
[ -n "$have" ] && [ "$have" = "$built" ] && exit 0
printf '%s\n' "$have" "$built" | sort | uniq -u |
    sed 's/$/: either it has no points, or tests_sim_libpoints_a_SOURCES lacks it/'
exit 1
