themedir = $(pkgdatadir)/themes
dist_theme_DATA = \
	themes/dark.theme \
	themes/default.theme \
	themes/deuter-protan.theme \
	themes/dracula.theme \
	themes/gruvbox.theme \
	themes/high-contrast.theme \
	themes/light.theme \
	themes/mono.theme \
	themes/tritan.theme \
	themes/tty16.theme
