themedir = $(pkgdatadir)/themes
dist_theme_DATA = \
	themes/dark.theme \
	themes/default.theme \
	themes/light.theme \
	themes/mono.theme
