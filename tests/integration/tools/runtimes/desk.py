"""A program that answers line by line, as people and the runtime talk to it."""

import os
import sys
import time

log = open(os.environ.get("DESK_LOG", "desk.log"), "a", encoding="utf-8")  # noqa: SIM115 - open as long as the program
if "silent" in sys.argv:
    time.sleep(600)
if "broken" in sys.argv:
    sys.exit("I cannot begin.")


def say(text: str) -> None:
    """Write a line as a program does at a terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


count = 0
say("Desk 1.0")
while True:
    sys.stdout.write("desk> ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        break
    line = line.rstrip("\n")
    log.write(line + "\n")
    log.flush()
    count += 1
    if line.startswith("slow"):
        time.sleep(float(line.split()[1]))
    if line == "die":
        sys.exit("I die.")
    if line == "flood":
        while True:
            say("y")
    if line == "long":
        say("word " * 200)
    elif line == "lines":
        say("one\n\n  two")
    elif line == "json":
        say('{"n": 3}')
    elif line == "nothing":
        pass
    else:
        say(f"{count}: {line.upper()}")
    if "marker" in sys.argv:
        say("Done. <<end>>")
