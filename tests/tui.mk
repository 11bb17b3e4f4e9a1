# Tests of tui.
