#!/bin/sh
# Drives the simulated Jenkins with python-jenkins.
set -u
. "$(dirname "$0")/lib.sh"

need_python jenkins python-jenkins==1.8.3
start_sim
JENKINS_URL=$(sim_url jenkins) CONTROL_URL=$(sim_url control) timeout 180 \
    "$python" -W ignore "$here/sim_jenkins.py" || failed=1
exit $failed
