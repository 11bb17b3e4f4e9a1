#!/bin/sh
# The folders are the architecture: a file includes headers of its own folder and of those
# it may use, of no other. One row a folder; the libraries' headers have their folder too.
set -u
cd "${srcdir:-.}" || exit 1

rules='base:
model: base
cost: base model
policy: base model
net: base
api: base model cost net
store: base model cost net
move: base model cost net api store
engine: base model cost policy net api store move
sim: base model cost policy net api store move engine'

status=0
say() {
    echo "$1"
    status=1
}

for dir in core/*/; do
    folder=$(basename "$dir")
    row=$(echo "$rules" | grep "^$folder:") || say "core/$folder: no rule says what it may include"
    allowed=" $folder ${row#*:} "
    for file in "$dir"*.c "$dir"*.h "$dir"*.def; do
        [ -f "$file" ] || continue
        for used in $(sed -n 's|^ *# *include *"core/\([a-z0-9_]*\)/.*|\1|p' "$file" | sort -u); do
            case $allowed in
            *" $used "*) ;;
            *) say "$file: core/$folder must not include core/$used" ;;
            esac
        done
        grep -n '^ *# *include *"tui/' "$file" && say "$file: core must not include tui"
        grep -n '^ *# *include *"\(\.\|[^/]*"\)' "$file" &&
            say "$file: project headers are included by their full path"
        grep -nE '^ *# *include *<(n?curses|ncursesw/.*|panel|menu|form|term)\.h>' "$file" &&
            say "$file: core must not include curses"
        # A library hides behind the headers of one folder.
        for pair in curl/:net libxml/:net jansson:net,api,engine,sim sqlite3:store \
            microhttpd:sim libconfig:model; do
            header=${pair%%:*}
            owners=",${pair#*:},"
            case $owners in
            *",$folder,"*) continue ;;
            esac
            grep -n "^ *# *include *<$header" "$file" &&
                say "$file: <$header…> belongs behind the headers of core/${pair#*:}"
        done
        case $file in
        *.c)
            first=$(grep -m1 '^ *# *include' "$file")
            [ "$first" = '#include <config.h>' ] || [ -z "$first" ] ||
                say "$file: config.h comes first"
            ;;
        esac
    done
done
exit $status
