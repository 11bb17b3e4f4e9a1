#!/bin/sh
# Calls that house style bans: unbounded, not thread-safe, or not ours to make there.
set -u
cd "${srcdir:-.}" || exit 1
awk=tests/lint/banned.awk

everywhere='sprintf|vsprintf|strcpy|strcat|strncpy|strncat|stpcpy|gets|atoi|atol|atof|strtok|sscanf|localtime|gmtime|ctime|asctime|strerror|system|popen|rand|signal|usleep|setenv|alloca'
clocks='time|clock_gettime|gettimeofday|clock|ftime'
prints='printf|vprintf|puts|putchar|perror'

# The checker must see what it is for, and only that.
for try in '1:x = atoi(y);' '0:s.atoi(y); p->system(q);' '0:/* atoi(y) */ f("atoi(y)");' \
    '1:f("\"", atoi(y));' '0:atoi(y); /* lint: allow atoi - for this try */' \
    '0:my_atoi(y);' '1:} strcpy (a, b);'; do
    echo "${try#*:}" | awk -v calls="$everywhere" -v file=try -f "$awk" >/dev/null
    [ $? -eq "${try%%:*}" ] || { echo "the checker is wrong about: ${try#*:}"; exit 1; }
done

status=0
for file in $(find core tui tests -name '*.[ch]' -o -name '*.def' | sort); do
    calls=$everywhere
    words=
    case $file in
    tests/*) ;;
    core/base/clock.c) calls="$calls|$prints" words=stderr ;;
    core/base/log.c | tui/main.c) calls="$calls|$clocks" ;;
    *) calls="$calls|$clocks|$prints" words=stderr ;;
    esac
    awk -v calls="$calls" -v words="$words" -v file="$file" -f "$awk" "$file" || status=1
done
exit $status
