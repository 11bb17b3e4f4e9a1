/*
 * site_secrets - what the simulated site accepts as passwords and keys; no secret at all.
 * Owns nothing.
 * Threads: any.
 */
#include <config.h>

#include "core/sim/site.h"

const char site_velostrata_password[] = "velostrata-demo";
const char site_jenkins_token[] = "jenkins-demo";
const char site_jenkins_password[] = "jenkins-demo-password";
const char site_vsphere_password[] = "vsphere-demo";
const char site_aws_key_id[] = "AKIASIMULATEDSITE001";
const char site_aws_secret_key[] = "simulated/secret+key/of/nobody/0123456789";
