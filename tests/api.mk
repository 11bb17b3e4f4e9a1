# Tests of api.

# Programs for servers that are not ours. make check-peers runs them; it may download.
check_PROGRAMS += tests/peers/vsphere_peer
tests_peers_vsphere_peer_SOURCES = tests/peers/vsphere_peer.c
tests_peers_vsphere_peer_LDADD = libcore.a $(CORE_LIBS)
EXTRA_DIST += tests/peers/vcsim.sh
check-peers-vsphere: tests/peers/vsphere_peer
	$(srcdir)/tests/peers/vcsim.sh tests/peers/vsphere_peer peers
.PHONY: check-peers-vsphere
