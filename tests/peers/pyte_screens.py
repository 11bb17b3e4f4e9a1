"""Plays a cast to pyte; every dump must be its screen at some moment, in their order."""

import json
import sys

import pyte


def lines(text):
    return [line.rstrip() for line in text]


def main():
    cast, dumps = sys.argv[1], sorted(sys.argv[2:])
    with open(cast, encoding="utf-8") as f:
        head = json.loads(f.readline())
        events = [json.loads(line) for line in f]
    screen = pyte.Screen(head["width"], head["height"])
    stream = pyte.Stream(screen)
    wanted = []
    for name in dumps:
        with open(name, encoding="utf-8") as f:
            wanted.append((name.rsplit("/", 1)[-1], lines(f.read().splitlines())))
    seen = 0
    for _, _, data in events:
        stream.feed(data)
        while seen < len(wanted) and lines(screen.display) == wanted[seen][1]:
            seen += 1
    size = f"{head['width']}x{head['height']}"
    if len(wanted) < 4 or seen < len(wanted):
        print(f"FAIL {size}: {seen} of {len(wanted)} dumps were on the screen")
        if seen < len(wanted):
            for shown, meant in zip(lines(screen.display), wanted[seen][1]):
                if shown != meant:
                    print(f"  shown at the end {shown!r}\n  meant            {meant!r}")
        return 1
    print(f"ok   {size}: pyte showed each of {len(wanted)} dumps")
    return 0


sys.exit(main())
