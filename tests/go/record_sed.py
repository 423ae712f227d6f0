"""Record what busybox's sed finds for random patterns: `python -m tests.go.record_sed`."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path


def pattern(chance: random.Random, depth: int, extended: bool) -> str:
    """Return a random POSIX pattern."""

    def sign(char: str) -> str:
        return char if extended else f"\\{char}"

    kind = chance.random()
    if not depth or kind < 0.35:
        return chance.choice(["a", "b", "c", ".", "[ab]", "[^a]"])
    inner = pattern(chance, depth - 1, extended)
    if kind < 0.6:
        return inner + pattern(chance, depth - 1, extended)
    if kind < 0.75:
        return sign("(") + inner + sign("|") + pattern(chance, depth - 1, extended) + sign(")")
    if kind < 0.85:
        return sign("(") + inner + sign(")")
    # Of a group that is counted, glibc tells another repeat's text than other libraries: only one atom is.
    if chance.random() < 0.5:
        counted = chance.choice(["2", "1,2", "0,2", "1,"])
        return pattern(chance, 0, extended) + sign("{") + counted + sign("}")
    return sign("(") + inner + sign(")") + chance.choice(["*", sign("+"), sign("?")])


def main() -> None:
    """Ask busybox and write busybox_sed.json."""
    chance, rows = random.Random(2019), []
    while len(rows) < 400:
        extended = chance.random() < 0.5
        wanted = "^" * (chance.random() < 0.1) + pattern(chance, 3, extended) + "$" * (chance.random() < 0.1)
        line = "".join(chance.choice("aabbc") for _ in range(chance.randrange(9)))
        shown = r"[&|\1]" if "(" in wanted else "[&]"
        argv = ["busybox", "sed", *["-E"] * extended, f"s/{wanted}/{shown}/g"]
        answer = subprocess.run(argv, input=line + "\n", capture_output=True, text=True, check=True)
        rows.append([wanted, extended, line, answer.stdout.removesuffix("\n")])
    lines = ",\n".join(json.dumps(row) for row in rows)
    (Path(__file__).parent / "busybox_sed.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
