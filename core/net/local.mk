libcore_a_SOURCES += \
	core/net/aws_credentials.c \
	core/net/aws_credentials.h \
	core/net/aws_keys.c \
	core/net/aws_keys.h \
	core/net/aws_metadata.c \
	core/net/aws_metadata.h \
	core/net/aws_process.c \
	core/net/aws_process.h \
	core/net/aws_profile.c \
	core/net/aws_profile.h \
	core/net/certificate.c \
	core/net/certificate.h \
	core/net/aws_region.c \
	core/net/aws_region.h \
	core/net/aws_web_identity.c \
	core/net/aws_web_identity.h \
	core/net/http.c \
	core/net/http.h \
	core/net/http_client.c \
	core/net/http_held.c \
	core/net/http_internal.h \
	core/net/http_trouble.c \
	core/net/json.c \
	core/net/json.h \
	core/net/xml.c \
	core/net/xml.h
