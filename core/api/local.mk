libcore_a_SOURCES += \
	core/api/ec2.h \
	core/api/jenkins.h \
	core/api/velostrata.h \
	core/api/vsphere.h
