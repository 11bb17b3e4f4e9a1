#!/bin/sh
# Drives the simulated region with boto3. usage: sim_boto3.sh PROGRAM [FOLDER]; PROGRAM is
# sim_serve, FOLDER keeps what is installed. Ends with 77 when boto3 cannot be had.
set -u
me=sim_boto3.sh
program=${1:?usage: sim_boto3.sh PROGRAM [FOLDER]}
folder=${2:-peers}
. "$(dirname "$0")/sim_lib.sh"

need_python boto3 boto3
serve 20
AWS_EC2_METADATA_DISABLED=true timeout 180 "$python" -W ignore \
	"$(dirname "$0")/sim_boto3.py" || failed=1
exit $failed
