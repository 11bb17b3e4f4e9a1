#!/bin/sh
# Drives the simulated Jenkins with api4jenkins.
set -u
. "$(dirname "$0")/lib.sh"

need_python api4jenkins api4jenkins==2.1.0
start_sim
JENKINS_URL=$(sim_url jenkins) CONTROL_URL=$(sim_url control) timeout 180 \
    "$python" -W ignore "$here/sim_api4jenkins.py" || failed=1
exit $failed
