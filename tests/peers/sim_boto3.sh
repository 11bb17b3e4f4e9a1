#!/bin/sh
# Drives the simulated region with boto3.
set -u
. "$(dirname "$0")/lib.sh"

need_python boto3 boto3==1.43.11
serve 20
AWS_EC2_METADATA_DISABLED=true timeout 180 "$python" -W ignore "$here/sim_boto3.py" || failed=1
exit $failed
