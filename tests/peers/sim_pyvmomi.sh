#!/bin/sh
# Drives the simulated ESX host with pyVmomi.
set -u
. "$(dirname "$0")/lib.sh"

need_python pyvmomi pyvmomi==9.1.1.0
serve 20
timeout 180 "$python" "$here/sim_pyvmomi.py" || failed=1
exit $failed
