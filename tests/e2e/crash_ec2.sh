#!/bin/sh
# Deaths on the way out and back of mover ec2, home first; see crash_way.sh.
# shellcheck disable=SC2034 # for what is sourced
set -u
site_mover='mover = "ec2"  launch_template = "rushhour-tests"'
begins=launch
out="servers.0.instance.state servers.0.nodes.cloud.marked servers.0.nodes.onprem.marked servers.0.vm.power = running false true off"
at_home="servers.0.vm.power servers.0.nodes.onprem.marked servers.0.nodes.cloud.marked totals.alive = on false true 0"
overlap_ms=0 least_deaths=70
. "${srcdir:-.}/tests/e2e/crash_way.sh"
