#!/usr/bin/env python3
"""make mutate: one small mistake at a time in a file of core/policy or core/move; do its unit tests
notice? Each mistake is compiled, linked with those tests, and run until one fails. What none
notices is named, unless tests/mutate.equal says why it is no mistake. Run in the build folder; usage, as the Makefile does it:
  mutate.py --source DIR --compile CMD --link CMD --libs LIBS [--every N] [--skip N] FILE..."""
import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile

TESTS = {  # quick ones first; test_schedule_zones takes too long for each of thousands
    "core/policy/": "plan plan_gates plan_stay plan_budget plan_extension plan_pressure schedule "
                    "calendar lead offering explain requeue policy_page plan_walk plan_random",
    "core/move/": "move_steps move move_ec2",
}
# What is found, and what is put in its place.
MISTAKES = [
    (r" == ", " != "), (r" != ", " == "),
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" && ", " || "), (r" \|\| ", " && "),
    (r" \+ ", " - "), (r" - ", " + "), (r" \+= ", " -= "),
    (r"(?<=[ (\[!])!(?=[a-z(])", ""),
    (r"\btrue\b", "false"), (r"\bfalse\b", "true"),
    (r"(?<=[=+\-*/<>(] )\b\d+\b(?=[;,) ])", lambda m: str(int(m.group()) + 1)),
    # a statement of its own is dropped
    (r"^( +)(?!return|static|const|enum|struct|bool|int|char|size_t|case|default|if|else|for|while)"
     r"(\(void\))?[a-z][\w>.\-\[\]]*( [-+|&]?= [^;]*|\([^;]*\)|\+\+|--);$", r"\1;"),
]


def for_probes(lines):
    """Numbers of the lines of an if (...) that only a probe follows: nothing in the shipped program."""
    found = set()
    for n, line in enumerate(lines):
        if not line.lstrip().startswith("RH_PROBE(") or not lines[n - 1].endswith(")"):
            continue
        first = n - 1
        while first > 0 and not re.match(r"\s*(\} else )?if \(", lines[first]):
            first -= 1
        found.update(range(first + 1, n + 1))
    return found


def mistakes(text):
    """Yields (line number, the line as it becomes); neither comments nor texts nor tables of
    the preprocessor, nor what checks that the code itself is right (with that weaker it still is), nor
    what only probes are for."""
    in_comment = False
    lines = text.split("\n")
    probed = for_probes(lines)
    for n, line in enumerate(lines, 1):
        if n in probed:
            continue
        if in_comment or re.match(r"\s*/\*", line):
            in_comment = "*/" not in line
            continue
        if re.match(r"\s*(#|assert\(|SURE\(|_Static_assert|RH_)", line):
            continue
        code = re.sub(r"/\*.*?(\*/|$)", lambda m: " " * len(m.group()), line)
        in_comment = "/*" in line and "*/" not in line
        code = re.sub(r'"(\\.|[^"\\])*"', lambda m: '"' + "~" * (len(m.group()) - 2) + '"', code)
        for what, to in MISTAKES:
            for m in re.finditer(what, code):
                if re.search(r"\.s [!=]= $", code[: m.start()]):
                    continue  # no time is the second after 1970 began
                new = m.expand(to) if isinstance(to, str) else to(m)
                yield n, line[: m.start()] + new + line[m.end():]


def equivalents(name):
    """What a mistake may be although it changes nothing, as (file, line, line as it becomes)."""
    known, file = set(), None
    with open(name, encoding="utf-8") as f:
        for line in f:
            line = line.strip()
            if line.endswith(".c:"):
                file = line[:-1]
            elif line and not line.startswith("#"):
                known.add((file, *line.split("  ->  ")))
    return known


def main():
    p = argparse.ArgumentParser()
    for name in ("source", "compile", "link", "libs"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--every", type=int, default=1)
    p.add_argument("--skip", type=int, default=0)
    p.add_argument("files", nargs="+")
    a = p.parse_args()
    caught = lived = senseless = equal = count = 0
    known = equivalents(os.path.join(a.source, "tests/mutate.equal"))
    with tempfile.TemporaryDirectory(prefix="rushhour-mutate-") as tmp:
        for name in a.files:
            with open(os.path.join(a.source, name), encoding="utf-8") as f:
                text = f.read()
            lines = text.split("\n")
            tests = next(t for k, t in TESTS.items() if name.startswith(k)).split()
            src = os.path.join(tmp, os.path.basename(name))
            own = src[:-2] + ".o"  # linked before the library, whose own it takes the place of
            for n, line in mistakes(text):
                count += 1
                if (count + a.skip) % a.every != 0:
                    continue
                if (name, lines[n - 1].strip(), line.strip()) in known:
                    equal += 1
                    continue
                with open(src, "w", encoding="utf-8") as f:
                    f.write("\n".join(lines[: n - 1] + [line] + lines[n:]))
                if subprocess.run(shlex.split(a.compile) + ["-w", "-Wno-error", "-c", "-o", own, src],
                                  capture_output=True).returncode != 0:
                    senseless += 1
                    continue
                for t in tests:
                    exe = os.path.join(tmp, t)
                    subprocess.run(shlex.split(a.link) + ["-o", exe, f"tests/unit/test_{t}.o", own,
                                   "-Wl,--allow-multiple-definition", "libcore.a"] + shlex.split(a.libs),
                                   check=True, capture_output=True)
                    try:
                        rc = subprocess.run([exe], capture_output=True, timeout=60).returncode
                    except subprocess.TimeoutExpired:
                        rc = 1
                    if rc != 0:
                        caught += 1
                        break
                else:
                    lived += 1
                    print(f"  lives: {name}:{n}: {lines[n - 1].strip()}  ->  {line.strip()}",
                          flush=True)
    tried = caught + lived
    print(f"{caught} of {tried} mistakes noticed, {100 * caught / max(1, tried):.1f} %; "
          f"{senseless} did not compile, {equal} are the same program; of {count} one in {a.every} was tried")
    return 0


if __name__ == "__main__":
    sys.exit(main())
