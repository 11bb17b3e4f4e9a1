# Tests of policy.
