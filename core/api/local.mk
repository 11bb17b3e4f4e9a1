libcore_a_SOURCES += \
	core/api/answer.c \
	core/api/answer.h \
	core/api/ec2.c \
	core/api/ec2.h \
	core/api/ec2_read.c \
	core/api/ec2_read.h \
	core/api/ec2_words.c \
	core/api/jenkins.c \
	core/api/jenkins.h \
	core/api/jenkins_act.c \
	core/api/jenkins_internal.h \
	core/api/jenkins_read.c \
	core/api/velostrata.c \
	core/api/velostrata.h \
	core/api/velostrata_act.c \
	core/api/velostrata_internal.h \
	core/api/velostrata_read.c \
	core/api/vsphere.c \
	core/api/vsphere.h \
	core/api/vsphere_act.c \
	core/api/vsphere_props.c \
	core/api/vsphere_props.h \
	core/api/vsphere_session.c \
	core/api/vsphere_session.h \
	core/api/vsphere_soap.c \
	core/api/vsphere_soap.h
