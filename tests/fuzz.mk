FUZZ_FILES = tests/fuzz/fuzz.c tests/fuzz/fuzz.h tests/fuzz/answers.c tests/fuzz/answers.h \
	tests/fuzz/site.c tests/fuzz/site.h tests/fuzz/apis.c tests/fuzz/files.c tests/fuzz/words.c tui/args.c tui/args.h
check_PROGRAMS += tests/fuzz/test_fuzz tests/fuzz/record
tests_fuzz_test_fuzz_SOURCES = tests/fuzz/test_fuzz.c tests/fuzz/corpus.c tests/fuzz/corpus.h \
	tests/fuzz/mutate.c tests/fuzz/mutate.h tests/unit/table.h $(FUZZ_FILES)
tests_fuzz_test_fuzz_LDADD = $(TUI_TEST_LIBS)
tests_fuzz_record_SOURCES = tests/fuzz/record.c $(FUZZ_FILES)
tests_fuzz_record_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/fuzz/test_fuzz

# Coverage-guided, with clang: configure a build with
#   CC=clang-14 CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined'
# and there  make tests/fuzz/libfuzzer && FUZZ_TARGET=vsphere tests/fuzz/libfuzzer FOLDER
EXTRA_PROGRAMS += tests/fuzz/libfuzzer
tests_fuzz_libfuzzer_SOURCES = tests/fuzz/libfuzzer.c $(FUZZ_FILES)
tests_fuzz_libfuzzer_LDADD = $(TUI_TEST_LIBS)
tests_fuzz_libfuzzer_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer,address,undefined

EXTRA_DIST += \
	tests/fuzz/corpus/act/build-queue \
	tests/fuzz/corpus/act/build-stop \
	tests/fuzz/corpus/act/extension-start \
	tests/fuzz/corpus/act/launch \
	tests/fuzz/corpus/act/node-close \
	tests/fuzz/corpus/act/node-launch \
	tests/fuzz/corpus/act/node-open \
	tests/fuzz/corpus/act/power-on \
	tests/fuzz/corpus/act/return \
	tests/fuzz/corpus/act/run-in-cloud \
	tests/fuzz/corpus/act/shutdown-guest \
	tests/fuzz/corpus/act/terminate \
	tests/fuzz/corpus/builds/back \
	tests/fuzz/corpus/builds/cloud \
	tests/fuzz/corpus/builds/home \
	tests/fuzz/corpus/calendar/days \
	tests/fuzz/corpus/certificate/self-signed \
	tests/fuzz/corpus/command_line/demo \
	tests/fuzz/corpus/command_line/hold \
	tests/fuzz/corpus/command_line/simulate \
	tests/fuzz/corpus/configuration/design \
	tests/fuzz/corpus/configuration/story \
	tests/fuzz/corpus/etcd/answers \
	tests/fuzz/corpus/head/all \
	tests/fuzz/corpus/head/date \
	tests/fuzz/corpus/instances/back \
	tests/fuzz/corpus/instances/cloud \
	tests/fuzz/corpus/instances/home \
	tests/fuzz/corpus/interfaces/back \
	tests/fuzz/corpus/interfaces/cloud \
	tests/fuzz/corpus/interfaces/home \
	tests/fuzz/corpus/jenkins/back \
	tests/fuzz/corpus/jenkins/cloud \
	tests/fuzz/corpus/jenkins/home \
	tests/fuzz/corpus/journal/move \
	tests/fuzz/corpus/journal/orders \
	tests/fuzz/corpus/json/all \
	tests/fuzz/corpus/keys/container \
	tests/fuzz/corpus/keys/instance \
	tests/fuzz/corpus/keys/process \
	tests/fuzz/corpus/keys/sts \
	tests/fuzz/corpus/lock_record/extension \
	tests/fuzz/corpus/lock_record/interrupted \
	tests/fuzz/corpus/lock_record/way-home \
	tests/fuzz/corpus/lock_record/way-out \
	tests/fuzz/corpus/orders/numbers \
	tests/fuzz/corpus/orders/words \
	tests/fuzz/corpus/pricelist/back \
	tests/fuzz/corpus/prices/back \
	tests/fuzz/corpus/prices/cloud \
	tests/fuzz/corpus/prices/home \
	tests/fuzz/corpus/profile/all \
	tests/fuzz/corpus/queue/back \
	tests/fuzz/corpus/queue/cloud \
	tests/fuzz/corpus/queue/home \
	tests/fuzz/corpus/snapshot/home \
	tests/fuzz/corpus/spot/back \
	tests/fuzz/corpus/spot/cloud \
	tests/fuzz/corpus/text/mixed \
	tests/fuzz/corpus/theme/dark \
	tests/fuzz/corpus/theme/default \
	tests/fuzz/corpus/theme/light \
	tests/fuzz/corpus/theme/mono \
	tests/fuzz/corpus/velostrata/back \
	tests/fuzz/corpus/velostrata/cloud \
	tests/fuzz/corpus/velostrata/home \
	tests/fuzz/corpus/vsphere/back \
	tests/fuzz/corpus/vsphere/cloud \
	tests/fuzz/corpus/vsphere/home \
	tests/fuzz/corpus/wish_record/all \
	tests/fuzz/corpus/wish_record/held \
	tests/fuzz/corpus/wish_record/pinned \
	tests/fuzz/corpus/xml/all \
	tests/fuzz/corpus/xml/doctype \
	tests/fuzz/corpus/xml/entities \
	tests/fuzz/corpus/zone/Jerusalem \
	tests/fuzz/corpus/zone/Lord_Howe \
	tests/fuzz/corpus/zone/Sao_Paulo \
	tests/fuzz/corpus/zone/UTC \
	tests/fuzz/dict/act.dict \
	tests/fuzz/dict/builds.dict \
	tests/fuzz/dict/calendar.dict \
	tests/fuzz/dict/command_line.dict \
	tests/fuzz/dict/configuration.dict \
	tests/fuzz/dict/etcd.dict \
	tests/fuzz/dict/head.dict \
	tests/fuzz/dict/instances.dict \
	tests/fuzz/dict/interfaces.dict \
	tests/fuzz/dict/jenkins.dict \
	tests/fuzz/dict/journal.dict \
	tests/fuzz/dict/json.dict \
	tests/fuzz/dict/keys.dict \
	tests/fuzz/dict/lock_record.dict \
	tests/fuzz/dict/wish_record.dict \
	tests/fuzz/dict/orders.dict \
	tests/fuzz/dict/pricelist.dict \
	tests/fuzz/dict/prices.dict \
	tests/fuzz/dict/profile.dict \
	tests/fuzz/dict/queue.dict \
	tests/fuzz/dict/snapshot.dict \
	tests/fuzz/dict/spot.dict \
	tests/fuzz/dict/text.dict \
	tests/fuzz/dict/theme.dict \
	tests/fuzz/dict/velostrata.dict \
	tests/fuzz/dict/vsphere.dict \
	tests/fuzz/dict/xml.dict \
	tests/fuzz/dict/zone.dict
