noinst_LIBRARIES += libcore.a
libcore_a_SOURCES =

include core/base/local.mk
include core/model/local.mk
include core/cost/local.mk
include core/policy/local.mk
include core/net/local.mk
include core/api/local.mk
include core/store/local.mk
include core/move/local.mk
include core/engine/local.mk
include core/sim/local.mk
