libcore_a_SOURCES += \
	core/net/aws_credentials.h \
	core/net/http.h \
	core/net/json.h \
	core/net/xml.c \
	core/net/xml.h
