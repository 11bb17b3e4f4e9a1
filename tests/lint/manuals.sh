#!/bin/sh
# The manual pages say what the tables say: every option of the configuration, every sub-command,
# every flag and every key; and mandoc finds nothing to warn about.
set -u
src=${srcdir:-.}
rc=0
tests/lint/conf_manual "$src/rushhour.conf.5" || rc=1
for name in $(sed -n 's/^SUBCOMMAND([A-Z]*, "\([a-z]*\)".*/\1/p' "$src/tui/commands.def"); do
    grep -q "^\.It Cm $name" "$src/rushhour.1" || { echo "rushhour.1 lacks the command $name"; rc=1; }
done
for name in $(sed -n 's/^FLAG([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$src/tui/flags.def"); do
    grep -q "^\.It Fl Fl $name" "$src/rushhour.1" || { echo "rushhour.1 lacks the option --$name"; rc=1; }
done
# An option of some commands alone: the page names each, and the usage of each has it.
sed -n 's/^FLAG([A-Z_]*, "\([a-z-]*\)", [^,]*, "\([a-z ]*\)".*/\1 \2/p' "$src/tui/flags.def" >manuals.flags
while read -r name subs; do
    for sub in $subs; do
        sed -n "/^\.It Fl Fl $name\( \|\$\)/,/^For: /p" "$src/rushhour.1" | grep -q "^For: .*\b$sub\b" ||
            { echo "rushhour.1 does not say that --$name is for $sub, too"; rc=1; }
        grep -q "^SUBCOMMAND([A-Z]*, \"$sub\", \"[^\"]*--$name\b" "$src/tui/commands.def" ||
            { echo "the usage of $sub lacks --$name"; rc=1; }
        sed -n "/^\.It Cm $sub /{:more
            /\\\\\$/{N;b more}
            p}" "$src/rushhour.1" | sed 's/\\-/-/g' | grep -q -e "--$name\b" ||
            { echo "rushhour.1: the usage of $sub lacks --$name"; rc=1; }
    done
done <manuals.flags
rm -f manuals.flags
for name in $(sed -n 's/^ACTION([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$src/tui/actions.def"); do
    grep -q "^\.It Cm $name" "$src/rushhour.1" || { echo "rushhour.1 lacks the key action $name"; rc=1; }
done
if command -v mandoc >/dev/null 2>&1; then
    mandoc -Tlint -W warning "$src/rushhour.1" "$src/rushhour.conf.5" || rc=1
fi
exit $rc
