# Tests of api.
check_PROGRAMS += tests/contract/test_jenkins
tests_contract_test_jenkins_SOURCES = tests/contract/test_jenkins.c tests/contract/jenkins_site.c \
	tests/contract/jenkins_site.h tests/unit/table.h
tests_contract_test_jenkins_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_jenkins
check_PROGRAMS += tests/contract/test_jenkins_history
tests_contract_test_jenkins_history_SOURCES = tests/contract/test_jenkins_history.c tests/contract/jenkins_site.c \
	tests/contract/jenkins_site.h tests/unit/table.h
tests_contract_test_jenkins_history_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_jenkins_history

check_PROGRAMS += tests/contract/test_jenkins_versions
tests_contract_test_jenkins_versions_SOURCES = tests/contract/test_jenkins_versions.c tests/contract/jenkins_site.c \
	tests/contract/jenkins_site.h tests/unit/table.h
tests_contract_test_jenkins_versions_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_jenkins_versions
check_PROGRAMS += tests/contract/test_velostrata
tests_contract_test_velostrata_SOURCES = tests/contract/test_velostrata.c tests/unit/table.h
tests_contract_test_velostrata_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_velostrata


# Clients against scripted answers, without a socket.
check_LIBRARIES += tests/contract/libscript.a
tests_contract_libscript_a_SOURCES = tests/contract/script.c tests/contract/script.h \
	tests/contract/vsphere_site.c tests/contract/vsphere_site.h

check_PROGRAMS += tests/contract/test_vsphere
tests_contract_test_vsphere_SOURCES = tests/contract/test_vsphere.c tests/unit/table.h
tests_contract_test_vsphere_LDADD = tests/contract/libscript.a $(CORE_TEST_LIBS)
TESTS += tests/contract/test_vsphere

check_PROGRAMS += tests/contract/test_vsphere_watch
tests_contract_test_vsphere_watch_SOURCES = tests/contract/test_vsphere_watch.c \
	tests/unit/table.h
tests_contract_test_vsphere_watch_LDADD = tests/contract/libscript.a $(CORE_TEST_LIBS)
TESTS += tests/contract/test_vsphere_watch

check_PROGRAMS += tests/contract/test_vsphere_news
tests_contract_test_vsphere_news_SOURCES = tests/contract/test_vsphere_news.c tests/unit/table.h
tests_contract_test_vsphere_news_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_vsphere_news

check_PROGRAMS += tests/contract/test_request_id
tests_contract_test_request_id_SOURCES = tests/contract/test_request_id.c tests/contract/carried.h tests/unit/table.h
tests_contract_test_request_id_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/contract/test_request_id

check_PROGRAMS += tests/contract/test_asked
tests_contract_test_asked_SOURCES = tests/contract/test_asked.c tests/contract/carried.h tests/unit/table.h
tests_contract_test_asked_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/contract/test_asked

check_PROGRAMS += tests/contract/test_vsphere_perf
tests_contract_test_vsphere_perf_SOURCES = tests/contract/test_vsphere_perf.c tests/unit/table.h
tests_contract_test_vsphere_perf_LDADD = tests/contract/libscript.a $(CORE_TEST_LIBS)
TESTS += tests/contract/test_vsphere_perf

check_PROGRAMS += tests/contract/test_vsphere_act
tests_contract_test_vsphere_act_SOURCES = tests/contract/test_vsphere_act.c tests/unit/table.h
tests_contract_test_vsphere_act_LDADD = tests/contract/libscript.a $(CORE_TEST_LIBS)
TESTS += tests/contract/test_vsphere_act

check_PROGRAMS += tests/contract/test_ec2
tests_contract_test_ec2_SOURCES = tests/contract/test_ec2.c tests/unit/table.h
tests_contract_test_ec2_LDADD = tests/contract/libscript.a $(CORE_TEST_LIBS)
TESTS += tests/contract/test_ec2
check_PROGRAMS += tests/contract/test_ec2_act
tests_contract_test_ec2_act_SOURCES = tests/contract/test_ec2_act.c tests/unit/table.h
tests_contract_test_ec2_act_LDADD = tests/contract/libscript.a $(CORE_TEST_LIBS)
TESTS += tests/contract/test_ec2_act

check_PROGRAMS += tests/contract/test_pricelist
tests_contract_test_pricelist_SOURCES = tests/contract/test_pricelist.c tests/unit/table.h
tests_contract_test_pricelist_LDADD = tests/contract/libscript.a $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_pricelist

check_PROGRAMS += tests/contract/test_sqs
tests_contract_test_sqs_SOURCES = tests/contract/test_sqs.c tests/unit/table.h
tests_contract_test_sqs_LDADD = tests/contract/libscript.a $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_sqs

check_PROGRAMS += tests/contract/test_vsphere_wire
tests_contract_test_vsphere_wire_SOURCES = tests/contract/test_vsphere_wire.c tests/unit/table.h
tests_contract_test_vsphere_wire_LDADD = tests/contract/libscript.a $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_vsphere_wire

check_PROGRAMS += tests/unit/test_ec2_words
tests_unit_test_ec2_words_SOURCES = tests/unit/test_ec2_words.c tests/unit/table.h
tests_unit_test_ec2_words_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_ec2_words

check_PROGRAMS += tests/contract/test_mutations
tests_contract_test_mutations_SOURCES = tests/contract/test_mutations.c tests/unit/table.h
tests_contract_test_mutations_LDADD = tests/contract/libscript.a $(CORE_TEST_LIBS)
TESTS += tests/contract/test_mutations

check_PROGRAMS += tests/contract/test_jenkins_queue
tests_contract_test_jenkins_queue_SOURCES = tests/contract/test_jenkins_queue.c tests/contract/jenkins_site.c \
	tests/contract/jenkins_site.h tests/unit/table.h
tests_contract_test_jenkins_queue_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_jenkins_queue

check_PROGRAMS += tests/unit/test_etcd_wire
tests_unit_test_etcd_wire_SOURCES = tests/unit/test_etcd_wire.c tests/unit/table.h
tests_unit_test_etcd_wire_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_etcd_wire

check_PROGRAMS += tests/contract/test_etcd
tests_contract_test_etcd_SOURCES = tests/contract/test_etcd.c tests/unit/table.h
tests_contract_test_etcd_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_etcd
