# Ours beside software of others; make check-peers downloads that. PEERS="NAME..." picks scripts.
PEERS_OURS = tests/peers/vsphere_peer tests/peers/vsphere_follow tests/peers/ec2_peer \
	tests/peers/sqs_peer tests/peers/velostrata_peer tests/peers/velostrata_week \
	tests/peers/velostrata_words tests/peers/sim_serve tests/peers/etcd_peer
check_PROGRAMS += $(PEERS_OURS)
tests_peers_vsphere_peer_SOURCES = tests/peers/vsphere_peer.c
tests_peers_vsphere_peer_LDADD = libcore.a $(CORE_LIBS)
tests_peers_vsphere_follow_SOURCES = tests/peers/vsphere_follow.c
tests_peers_vsphere_follow_LDADD = libcore.a $(CORE_LIBS)
tests_peers_ec2_peer_SOURCES = tests/peers/ec2_peer.c
tests_peers_ec2_peer_LDADD = libcore.a $(CORE_LIBS)
tests_peers_sqs_peer_SOURCES = tests/peers/sqs_peer.c
tests_peers_sqs_peer_LDADD = libcore.a $(CORE_LIBS)
tests_peers_velostrata_peer_SOURCES = tests/peers/velostrata_peer.c
tests_peers_velostrata_peer_LDADD = libcore.a $(CORE_LIBS)
tests_peers_velostrata_week_SOURCES = tests/peers/velostrata_week.c
tests_peers_velostrata_week_LDADD = libcore.a $(CORE_LIBS)
tests_peers_velostrata_words_SOURCES = tests/peers/velostrata_words.c
tests_peers_velostrata_words_LDADD = libcore.a $(CORE_LIBS)
tests_peers_etcd_peer_SOURCES = tests/peers/etcd_peer.c
tests_peers_etcd_peer_LDADD = libcore.a $(CORE_LIBS)
tests_peers_sim_serve_SOURCES = tests/peers/sim_serve.c
tests_peers_sim_serve_LDADD = libcore.a $(CORE_LIBS)

EXTRA_DIST += tests/peers/container_keys.py tests/peers/etcd.sh tests/peers/etcd_lib.sh tests/peers/etcd_many.sh tests/peers/lib.sh \
	tests/peers/moto.sh tests/peers/prism.sh tests/peers/pyte.sh tests/peers/pyte_screens.py tests/peers/run.sh \
	tests/peers/sim_api4jenkins.py tests/peers/sim_api4jenkins.sh \
	tests/peers/sim_awscli.sh tests/peers/sim_boto3.py tests/peers/sim_boto3.sh tests/peers/sim_govc.sh \
	tests/peers/sim_jenkins.py tests/peers/sim_jenkins.sh tests/peers/sim_pyvmomi.py \
	tests/peers/sim_pyvmomi.sh tests/peers/vcsim.sh

check-peers: rushhour $(PEERS_OURS) tests/e2e/pty tests/e2e/peek
	srcdir=$(srcdir) sh $(srcdir)/tests/peers/run.sh $(PEERS)
.PHONY: check-peers
