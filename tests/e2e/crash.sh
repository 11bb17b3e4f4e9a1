#!/bin/sh
# Deaths on the way out and back with Velostrata; see crash_way.sh.
# shellcheck disable=SC2034 # for what is sourced
set -u
site_mover='mover = "velostrata"'
begins=run-in-cloud
out="servers.0.instance.state servers.0.nodes.cloud.marked servers.0.nodes.onprem.marked = running false true"
at_home="servers.0.vm.power servers.0.nodes.onprem.marked servers.0.nodes.cloud.marked extension.state = on false true stopped"
overlap_ms=0 least_deaths=60
. "${srcdir:-.}/tests/e2e/crash_way.sh"
