# Tests of api.
check_PROGRAMS += tests/contract/test_jenkins
tests_contract_test_jenkins_SOURCES = tests/contract/test_jenkins.c tests/unit/table.h
tests_contract_test_jenkins_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_jenkins

check_PROGRAMS += tests/contract/test_velostrata
tests_contract_test_velostrata_SOURCES = tests/contract/test_velostrata.c tests/unit/table.h
tests_contract_test_velostrata_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_velostrata

