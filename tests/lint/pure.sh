#!/bin/sh
# The functional core stays pure: its objects may need nothing but each other, the pure
# parts of base and model, and what the compiler puts in; nor may they keep anything. The controller
# may use memory besides, and nothing else: no clock, no chance but its seed, no environment, no thread,
# no file, no network (reliability 4). Runs in the build folder.
set -u

pure="core/cost core/move core/policy"
helpers="core/base/err.o core/base/money.o core/base/rng.o core/base/str.o
core/base/timefmt.o core/base/tz.o core/base/tz_rule.o
core/model/calendar.o core/model/call.o core/model/command.o core/model/window.o core/model/wish.o
core/model/words.o"
# Of the helpers these do I/O or allocate.
impure='^(tz_load|tz_parse|tz_free|tz_system_name|strbuf_.*)$'
# Of core/engine these are not the controller but what is around it.
shell=' api_set board crew doctor engine keeper keeper_record keeper_wish lock_record mailbox replay runtime wish_record '
# What the controller may use of other objects, and of libc.
memory='^(calloc|free|qsort|reallocarray|strtoll|(__)?vsnprintf(_chk)?|sha256(_hex)?|strbuf_(clear|init|text)
|config_(has_eni|print|server_(find|ties)|zone_find)|fleet_(new|note_quarter)|observation_unref|sample_job_name|seen_build_progress)$'
memory=$(echo "$memory" | tr -d '\n')
libc='^(mem(chr|cmp|cpy|move|rchr|set)|str(chr|cmp|cspn|len|ncmp|nlen|pbrk|rchr|spn|str)|__stack_chk_fail|sure_failed|__(mem|str)[a-z]*_chk|_GLOBAL_OFFSET_TABLE_)$'

command -v nm >/dev/null 2>&1 || { echo "nm is not installed"; exit 77; }

objects=
for dir in $pure; do
    for o in "$dir"/*.o; do
        case $o in
        */tests_*) ;; # the campaign's own, with its probes (core/base/probe.h)
        *) [ -f "$o" ] && objects="$objects $o" ;;
        esac
    done
done
controller=
for o in core/engine/*.o; do
    name=$(basename "$o" .o)
    case $shell:$name in
    *" $name "* | *:tests_*) ;;
    *) [ -f "$o" ] && controller="$controller $o" ;;
    esac
done
[ -n "$objects" ] && [ -n "$controller" ] || { echo "no objects below $pure core/engine in $(pwd)"; exit 1; }

own="$objects $controller"
for o in $helpers; do
    [ -f "$o" ] && own="$own $o"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086
nm --defined-only $own | awk 'NF == 3 && $2 ~ /[TDRB]/ {print $3}' | grep -Ev "$impure" >"$work/defined"

# Prints what is wrong with an object: a need that is not pure (nor among the names of $2), or data that
# could change. What only the loader writes (.data.rel.ro, tables of pointers) cannot.
impurities() {
    nm -u "$1" | awk '{print $NF}' | grep -Ev "$libc|${2:-^$}" | grep -Fvx -f "$work/defined" |
        sed "s|.*|$1: needs &, which is not pure|"
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
    cat >"$work/try.c" <<'END'
long time(long *);
static int calls;
static int sum = 3;
static _Thread_local int mine = 1;
static const char *const words[] = {"a", "b"};
const char *word(int i);
const char *word(int i) { return words[i + calls++ + sum++ + mine++ + (int)time(0)]; }
END
    if cc -fPIE -O0 -c -o "$work/try.o" "$work/try.c" 2>/dev/null; then
        seen=$(impurities "$work/try.o" | sed 's/^[^:]*: //' | sort | tr '\n' ',')
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
for o in $controller; do
    found=$(impurities "$o" "$memory")
    [ -z "$found" ] || { echo "$found"; status=1; }
done
# The pure folders have no points even in the campaign; the shipped program has none at all.
if [ -d "${srcdir:-.}/core/policy" ]; then
    grep -nE 'RH_(PROBE|BUGGIFY)' "${srcdir:-.}"/core/cost/*.[ch] "${srcdir:-.}"/core/policy/*.[ch] &&
        { echo "core/cost and core/policy have no points"; status=1; }
fi
if [ -f rushhour ] && nm rushhour 2>/dev/null | grep -E ' (point_reached|point_fires|__start_rh_points)$'; then
    echo "the shipped program has points of the campaign"
    status=1
fi
exit $status
