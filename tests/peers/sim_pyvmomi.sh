#!/bin/sh
# Drives the simulated ESX host with pyVmomi. usage: sim_pyvmomi.sh PROGRAM [FOLDER];
# PROGRAM is sim_serve, FOLDER keeps what is installed. Ends with 77 when pyVmomi cannot be
# had.
set -u
me=sim_pyvmomi.sh
program=${1:?usage: sim_pyvmomi.sh PROGRAM [FOLDER]}
folder=${2:-peers}
. "$(dirname "$0")/sim_lib.sh"

need_python pyVmomi pyvmomi
serve 20
timeout 180 "$python" "$(dirname "$0")/sim_pyvmomi.py" || failed=1
exit $failed
