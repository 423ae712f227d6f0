"""Commands that run others, and one that waits: env, xargs, sleep."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.lookup import ExecNotFound
from labkit.engine.shell.streams import bounded
from labkit.engine.shell.task import SECOND, CommandError, Task
from labkit.engine.shell.words import decode


def env(task: Task, args: Sequence[str]) -> int:
    """Print the environment, or run a command in another one."""
    long = {"ignore-environment": "i", "unset": "u"}
    options = parse(["-i" if word == "-" else word for word in args], "iu:", long, lacks="0", ordered=True)
    values = {} if "i" in options else dict(task.env)
    for name in options.values("u"):
        values.pop(name, None)
    argv = list(options.operands)
    while argv and "=" in argv[0]:
        name, _, value = argv.pop(0).partition("=")
        values[name] = value
    if not argv:
        task.out("".join(f"{name}={value}\n" for name, value in values.items()))
        return 0
    try:
        return task.run.execute(task.child(env=values), argv)
    except ExecNotFound as error:
        return task.fail(f"can't execute '{argv[0]}': {error.words}", error.status)


def xargs(task: Task, args: Sequence[str]) -> int:
    """Run a command on the words of standard input."""
    options = parse(args, "rn:I:", lacks="0aoptPeEsxL", ordered=True)
    text = decode(b"".join(chunk for segment in task.stdin().segments() for chunk in bounded(segment)))
    argv, replaced = options.operands or ["echo"], options.value("I")
    if replaced is not None:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        batches = [[part.replace(replaced, line) for part in argv] for line in lines]
    else:
        words = _unquoted(text)
        if not words and "r" in options:
            return 0
        size = max(number(options.value("n") or "0"), 0) or max(len(words), 1)
        batches = [[*argv, *words[start : start + size]] for start in range(0, len(words) or 1, size)]
    status = 0
    for batch in batches:
        try:
            code = task.run.execute(task, batch)
        except ExecNotFound as error:
            return task.fail(f"{batch[0]}: {error.words}", error.status)
        if code == 255:
            return task.fail(f"{batch[0]}: exited with status 255; aborting", 124)
        status = 123 if code else status
    return status


def _unquoted(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        kind = next(("double" if char == '"' else "single" for char in text if char in "\"'"), "single")
        raise CommandError(f"unmatched {kind} quote") from None


def sleep(task: Task, args: Sequence[str]) -> int:
    """Wait."""
    total = 0
    for word in parse(args, "", least=1).operands:
        match = re.fullmatch(r"(\d+\.?\d*|\.\d+|inf(?:inity)?)([smhd]?)", word, re.ASCII)
        if match is None:
            raise CommandError(f"invalid number '{word}'")
        amount = 10**9 if match[1].startswith("inf") else float(match[1])
        total += int(amount * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]] * SECOND)
    task.run.sleep(total)
    return 0
