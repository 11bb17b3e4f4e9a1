# Tests of net.

check_PROGRAMS += tests/unit/test_xml
tests_unit_test_xml_SOURCES = tests/unit/test_xml.c tests/unit/table.h
tests_unit_test_xml_LDADD = libcore.a $(CMOCKA_LIBS) $(XML_LIBS)
TESTS += tests/unit/test_xml
# Tests of net, and of the cleaning of outside text that it rests on.
check_PROGRAMS += tests/unit/test_text
tests_unit_test_text_SOURCES = tests/unit/test_text.c tests/unit/table.h
tests_unit_test_text_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_text

# The faulty server of all contract tests: link $(CONTRACT_TEST_LIBS).
check_LIBRARIES += tests/contract/libfake.a
tests_contract_libfake_a_SOURCES = tests/contract/fake_server.c tests/contract/fake_server.h
CONTRACT_TEST_LIBS = tests/contract/libfake.a $(CORE_TEST_LIBS)

check_PROGRAMS += tests/unit/test_json
tests_unit_test_json_SOURCES = tests/unit/test_json.c tests/unit/table.h
tests_unit_test_json_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_json

check_PROGRAMS += tests/unit/test_aws_credentials
tests_unit_test_aws_credentials_SOURCES = tests/unit/test_aws_credentials.c tests/unit/table.h
tests_unit_test_aws_credentials_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_aws_credentials

check_PROGRAMS += tests/unit/test_aws_keys
tests_unit_test_aws_keys_SOURCES = tests/unit/test_aws_keys.c tests/unit/table.h
tests_unit_test_aws_keys_LDADD = libcore.a $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += tests/unit/test_aws_keys

check_PROGRAMS += tests/unit/test_http
tests_unit_test_http_SOURCES = tests/unit/test_http.c tests/unit/table.h
tests_unit_test_http_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_http

check_PROGRAMS += tests/contract/test_http_client
tests_contract_test_http_client_SOURCES = tests/contract/test_http_client.c tests/unit/table.h
tests_contract_test_http_client_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_http_client

check_PROGRAMS += tests/unit/test_certificate
tests_unit_test_certificate_SOURCES = tests/unit/test_certificate.c tests/unit/table.h
tests_unit_test_certificate_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_certificate

check_PROGRAMS += tests/contract/test_aws_chain
tests_contract_test_aws_chain_SOURCES = tests/contract/test_aws_chain.c tests/unit/table.h
tests_contract_test_aws_chain_LDADD = $(CONTRACT_TEST_LIBS)
TESTS += tests/contract/test_aws_chain

check_PROGRAMS += tests/contract/tls_get
tests_contract_tls_get_SOURCES = tests/contract/tls_get.c
tests_contract_tls_get_LDADD = libcore.a $(CORE_LIBS)
TESTS += tests/contract/tls.sh
EXTRA_DIST += tests/contract/tls.sh

check_PROGRAMS += tests/unit/test_dial
tests_unit_test_dial_SOURCES = tests/unit/test_dial.c tests/unit/table.h
tests_unit_test_dial_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_dial
