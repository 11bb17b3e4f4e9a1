#!/bin/sh
# The functional core stays pure: its objects may need nothing but each other, the pure
# parts of base and model, and what the compiler puts in. Runs in the build folder.
set -u

pure="core/cost core/move core/policy"
helpers="core/base/err.o core/base/money.o core/base/rng.o core/base/str.o
core/base/timefmt.o core/base/tz.o core/base/tz_rule.o
core/model/calendar.o core/model/call.o core/model/command.o core/model/window.o core/model/words.o"
# Of the helpers these do I/O or allocate.
impure='^(tz_load|tz_parse|tz_free|tz_system_name|strbuf_.*)$'
libc='^(mem(chr|cmp|cpy|move|rchr|set)|str(chr|cmp|cspn|len|ncmp|nlen|pbrk|rchr|spn|str)|__stack_chk_fail|__(mem|str)[a-z]*_chk|_GLOBAL_OFFSET_TABLE_)$'

command -v nm >/dev/null 2>&1 || { echo "nm is not installed"; exit 77; }

objects=
for dir in $pure; do
    for o in "$dir"/*.o; do
        [ -f "$o" ] && objects="$objects $o"
    done
done
[ -n "$objects" ] || { echo "no objects below $pure in $(pwd)"; exit 1; }

own=$objects
for o in $helpers; do
    [ -f "$o" ] && own="$own $o"
done
# shellcheck disable=SC2086
defined=$(nm --defined-only $own | awk 'NF == 3 && $2 ~ /[TDRB]/ {print $3}' |
    grep -Ev "$impure")

status=0
for o in $objects; do
    needs=$(nm -u "$o" | awk '{print $NF}')
    if echo "$needs" | grep -Eq '^(__asan|__ubsan|__tsan|__sanitizer|__gcov|__llvm)'; then
        echo "built with a sanitizer or for coverage"
        exit 77
    fi
    for symbol in $needs; do
        echo "$symbol" | grep -Eq "$libc" && continue
        echo "$defined" | grep -Fqx "$symbol" && continue
        echo "$o: needs $symbol, which is not pure"
        status=1
    done
done
exit $status
