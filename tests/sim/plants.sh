#!/bin/sh
# A checker that catches nothing proves nothing: each patch of plants/ is a mistake that
# somebody could make. It is built into a campaign of its own, which must find it within
# 200 seeds. plants/README is the list.
#   plants.sh SOURCES MAKE [NUMBER]...   in the build folder; make check-plants
#   PLANT_FROM, PLANT_SEEDS, PLANT_SECONDS: other limits; PLANT_JOBS: so many at a time
set -u
sources=$1
make=$2
seeds=${PLANT_SEEDS:-200}
seconds=${PLANT_SECONDS:-600}
out=$PWD/plants

# One patch; the verdict goes to $out/NAME.verdict and to the screen.
one() {
    patch=$1
    name=$(basename "$patch" .patch)
    dir=$out/$name
    rm -rf "$dir"
    mkdir -p "$dir"
    files=$(sed -n 's,^--- a/\([^\t ]*\).*,\1,p' "$patch" | tr '\n' ' ')
    say() {
        printf '%s %s\n' "$name" "$*" | tee "$out/$name.verdict"
    }
    for f in $files; do
        mkdir -p "$dir/$(dirname "$f")"
        cp "$sources/$f" "$dir/$f" && chmod u+w "$dir/$f" || {
            say "FAILED: no $f"
            return
        }
    done
    # Not a line of leeway: where the code has changed, the mistake is looked at anew.
    if ! (cd "$dir" && patch -p1 -s -F0 --no-backup-if-mismatch) <"$patch" >"$dir/log" 2>&1; then
        say "FAILED: it does not apply"
        return
    fi
    if ! "$make" -s plant PLANT="plants/$name" PLANT_SOURCES="$files" >>"$dir/log" 2>&1; then
        say "FAILED: it does not build, see $dir/log"
        return
    fi
    began=$(date +%s)
    with=$(sed -n 's/^# Lived with: //p' "$patch")
    first=${PLANT_FROM:-1}
    from=$first
    while :; do
        timeout "$seconds" "$dir/campaign" $with --from $from --seeds $((first + seeds - from)) --until-bad >"$dir/found" 2>&1
        code=$?
        took=$(($(date +%s) - began))
        seed=$(sed -n '/^seed [0-9]/{s/^seed \([0-9]*\).*/\1/p;q;}' "$dir/found")
        case $code in
        0) say "MISSED in $seeds seeds, ${took} s" ;;
        124) say "MISSED: no time left after ${took} s" ;;
        *)
            # A seed that is bad without the mistake says nothing of it.
            if [ -n "$seed" ] && ! tests/sim/campaign $with --seed "$seed" >/dev/null 2>&1; then
                from=$((seed + 1))
                [ $from -lt $((first + seeds)) ] && continue
                say "MISSED in $seeds seeds, ${took} s"
            else
                # Its own checks may be faster than the campaign's.
                say "caught: $(sed -n '/: not so: /{s/^/seed '"$seed"', by the program itself: /;p;q;};/^seed [0-9]*[,:]/{p;q;}' "$dir/found" | cut -c1-150), ${took} s"
            fi
            ;;
        esac
        break
    done
    rm -f "$dir/campaign"
}

if [ "${PLANT_ONE:-}" != "" ]; then
    one "$PLANT_ONE"
    exit 0
fi
shift 2
mkdir -p "$out"
rm -f "$out"/*.verdict
list=
for p in "$sources"/tests/sim/plants/*.patch; do
    number=$(basename "$p" | sed 's/-.*//')
    case " $* " in
    "  " | *" $number "*) list="$list $p" ;;
    esac
done
printf '%s\n' $list |
    xargs -P "${PLANT_JOBS:-$(getconf _NPROCESSORS_ONLN)}" -I '{}' \
        env PLANT_ONE='{}' sh "$0" "$sources" "$make"
passed=$(cat "$out"/*.verdict | grep -c '^[^ ]* caught: seed')
all=$(printf '%s\n' $list | wc -l)
echo "$passed passed, $((all - passed)) failed"
[ "$passed" -eq "$all" ]
