#!/bin/sh
# The functional core stays pure: its objects may need nothing but each other, the pure
# parts of base and model, and what the compiler puts in; nor may they keep anything. Runs in the
# build folder.
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

# Prints what is wrong with an object: a need that is not pure, or data that could change. What only
# the loader writes (.data.rel.ro, tables of pointers) cannot.
impurities() {
    for symbol in $(nm -u "$1" | awk '{print $NF}'); do
        echo "$symbol" | grep -Eq "$libc" && continue
        echo "$defined" | grep -Fqx "$symbol" && continue
        echo "$1: needs $symbol, which is not pure"
    done
    nm -f sysv "$1" | awk -F'|' -v object="$1" '{
        gsub(/ /, "", $1)
        gsub(/ /, "", $3)
        gsub(/ /, "", $7)
        if (($7 ~ /^\.(data|bss|tdata|tbss)/ && $7 !~ /^\.data\.rel\.ro/) || $3 == "C")
            print object ": " $1 " is data that can change"
    }'
}

# The checker must see what it is for; without a compiler of that name that is left out.
if command -v cc >/dev/null 2>&1; then
    try=$(mktemp -d) || exit 1
    trap 'rm -rf "$try"' EXIT
    cat >"$try/try.c" <<'END'
long time(long *);
static int calls;
static int sum = 3;
static _Thread_local int mine = 1;
static const char *const words[] = {"a", "b"};
const char *word(int i);
const char *word(int i) { return words[i + calls++ + sum++ + mine++ + (int)time(0)]; }
END
    if cc -fPIE -O0 -c -o "$try/try.o" "$try/try.c" 2>/dev/null; then
        seen=$(impurities "$try/try.o" | sed 's/^[^:]*: //' | sort | tr '\n' ',')
        want="calls is data that can change,mine is data that can change,needs time, which is not pure,"
        want="${want}sum is data that can change,"
        [ "$seen" = "$want" ] || { echo "the checker is wrong about a planted object: $seen"; exit 1; }
    fi
fi

status=0
for o in $objects; do
    if nm -u "$o" | grep -Eq ' (__asan|__ubsan|__tsan|__sanitizer|__gcov|__llvm)'; then
        echo "built with a sanitizer or for coverage"
        exit 77
    fi
    found=$(impurities "$o")
    [ -z "$found" ] || { echo "$found"; status=1; }
done
exit $status
