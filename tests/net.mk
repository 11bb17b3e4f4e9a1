# Tests of net.

check_PROGRAMS += tests/unit/test_xml
tests_unit_test_xml_SOURCES = tests/unit/test_xml.c tests/unit/table.h
tests_unit_test_xml_LDADD = libcore.a $(CMOCKA_LIBS) $(XML_LIBS)
TESTS += tests/unit/test_xml
