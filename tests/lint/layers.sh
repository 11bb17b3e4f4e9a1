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
# never PATTERN WHY: no line of the folder's files is like that
never() {
    # shellcheck disable=SC2086 # the files are words
    grep -nHE "^ *# *include *$1" $files && say "core/$folder: $2"
}

for dir in core/*/; do
    folder=$(basename "$dir")
    row=$(echo "$rules" | grep "^$folder:") || say "core/$folder: no rule says what it may include"
    # shellcheck disable=SC2086 # the folders are words
    allowed=$(echo $folder ${row#*:} | tr ' ' '|')
    files=$(find "$dir" -maxdepth 1 -name '*.[ch]' -o -maxdepth 1 -name '*.def')
    # shellcheck disable=SC2086 # the files are words
    grep -nH '^ *# *include *"core/' $files | grep -vE "\"core/($allowed)/" &&
        say "core/$folder: it may include core/($allowed) and no other"
    never '"tui/' "core must not include tui"
    never '"(\.|[^/]*")' "project headers are included by their full path"
    never '<(n?curses|ncursesw/.*|panel|menu|form|term)\.h>' "core must not include curses"
    # A library hides behind the headers of one folder.
    for pair in curl/:net libxml/:net jansson:net,api,engine,sim sqlite3:store \
        microhttpd:sim libconfig:model; do
        case ,${pair#*:}, in
        *",$folder,"*) ;;
        *) never "<${pair%%:*}" "<${pair%%:*}…> belongs behind the headers of core/${pair#*:}" ;;
        esac
    done
    awk '/^ *# *include/ && !(FILENAME in seen) {
        seen[FILENAME]
        if ($0 == "#include <config.h>") next
        print FILENAME ": config.h comes first"
        bad = 1
    }
    END { exit bad }' "$dir"*.c || status=1
done
exit $status
