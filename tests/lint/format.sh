#!/bin/sh
# Every C file is as clang-format 14 leaves it: other versions format differently.
set -u
src=${srcdir:-.}
rc=0
tool=
for name in clang-format-14 clang-format; do
    command -v $name >/dev/null 2>&1 && $name --version | grep -q 'version 14\.' && tool=$name && break
done
if [ -z "$tool" ] || [ ! -f "$src/.clang-format" ]; then
    echo "skipped: clang-format 14 is missing"
    exit 77
fi
list=$(find "$src/core" "$src/tui" "$src/tests" -name '*.[ch]' | LC_ALL=C sort)
# shellcheck disable=SC2086 # no name of ours has a blank
$tool --dry-run -Werror $list 2>&1 | sed -n 's/^\(.*\):[0-9]*:[0-9]*: error: code should.*/\1/p' | sort -u | {
    while read -r file; do
        echo "$file is not formatted: $tool -i $file"
        rc=1
    done
    exit $rc
}
