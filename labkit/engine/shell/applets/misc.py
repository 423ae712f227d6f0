"""Commands about names, users and processes, and those that run other commands."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.lookup import ExecNotFound
from labkit.engine.shell.streams import bounded
from labkit.engine.shell.task import CommandError, Task
from labkit.engine.shell.users import group_name, groups_of, primary_group, user_id, user_name
from labkit.engine.shell.words import decode


def identity(task: Task, args: Sequence[str]) -> int:
    """Print users and groups."""
    options = parse(args, "ugGnr", most=1)
    process, fs = task.run.process, task.fs
    uid, gid = process.uid, process.gid
    name = user_name(fs, uid)
    groups = [gid]
    if options.operands:
        name = options.operands[0]
        found = user_id(fs, name)
        if found is None:
            raise CommandError(f"unknown user {name}")
        uid, gid = found, primary_group(fs, name) or 0
        groups = [gid]
    groups += [extra for extra in (groups_of(fs, name) if name else ()) if extra not in groups]
    if options.last("ugG"):
        numbers = {"u": [uid], "g": [gid], "G": groups}[options.last("ugG")]
        namer = user_name if options.last("ugG") == "u" else group_name
        task.out(
            " ".join(str(namer(fs, each) or each) if "n" in options else str(each) for each in numbers) + "\n"
        )
        return 0

    def shown(number_: int, label: str | None) -> str:
        return f"{number_}({label})" if label else str(number_)

    line = f"uid={shown(uid, user_name(fs, uid))} gid={shown(gid, group_name(fs, gid))}"
    line += " groups=" + ",".join(shown(each, group_name(fs, each)) for each in groups)
    task.out(line + "\n")
    return 0


def whoami(task: Task, args: Sequence[str]) -> int:
    """Print the user's name."""
    parse(args, "", most=0)
    uid = task.run.process.uid
    name = user_name(task.fs, uid)
    if name is None:
        raise CommandError(f"unknown uid {uid}")
    task.out(name + "\n")
    return 0


def hostname(task: Task, args: Sequence[str]) -> int:
    """Print the host's name."""
    options = parse(args, "sidfF:", most=1)
    if options.operands:
        raise CommandError("sethostname: Operation not permitted")
    name = task.run.process.hostname
    task.out(("" if "d" in options else name.partition(".")[0] if "s" in options else name) + "\n")
    return 0


def uname(task: Task, args: Sequence[str]) -> int:
    """Print what the system is."""
    options = parse(args, "amnrspvio", {"all": "a"}, most=0)
    process = task.run.process
    parts = {"s": "Linux", "n": process.hostname, "r": process.kernel, "v": "#1 SMP", "m": "x86_64",
             "p": "unknown", "i": "unknown", "o": "GNU/Linux"}  # fmt: skip
    wanted = "snrvmo" if "a" in options else "".join(flag for flag in parts if flag in options) or "s"
    task.out(" ".join(parts[flag] for flag in wanted) + "\n")
    return 0


def arch(task: Task, args: Sequence[str]) -> int:
    """Print the machine's architecture."""
    task.out("x86_64\n")
    return 0


def nproc(task: Task, args: Sequence[str]) -> int:
    """Print the number of processors."""
    task.out("2\n")
    return 0


def ps(task: Task, args: Sequence[str]) -> int:
    """List this process and the first one."""
    user = user_name(task.fs, task.run.process.uid) or str(task.run.process.uid)
    rows = [(1, "sh" if task.pid > 1 else "ps"), (task.pid, "ps")]
    task.out("PID   USER     TIME  COMMAND\n")
    for pid, command in dict(rows).items():
        task.out(f"{pid:5} {user:<8.8}  0:00 {command}\n")
    return 0


def nothing(task: Task, args: Sequence[str]) -> int:
    """Succeed: what it would do has no effect here."""
    return 0


def tty(task: Task, args: Sequence[str]) -> int:
    """Say that standard input is no terminal."""
    task.out("not a tty\n")
    return 1


def env(task: Task, args: Sequence[str]) -> int:
    """Print the environment, or run a command in another one."""
    options = parse(
        ["-i" if word == "-" else word for word in args],
        "i0u:",
        {"ignore-environment": "i", "unset": "u"},
        ordered=True,
    )
    values = {} if "i" in options else dict(task.env)
    for name in options.values("u"):
        values.pop(name, None)
    words = list(options.operands)
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        values[name] = value
    if words:
        return _run(task.child(env=values), words)
    end = "\0" if "0" in options else "\n"
    task.out("".join(f"{name}={value}{end}" for name, value in values.items()))
    return 0


def printenv(task: Task, args: Sequence[str]) -> int:
    """Print variables of the environment."""
    if not args:
        return env(task, [])
    for name in args:
        if name in task.env:
            task.out(task.env[name] + "\n")
    return int(any(name not in task.env for name in args))


def _run(task: Task, argv: list[str]) -> int:
    try:
        return task.run.execute(task, argv)
    except ExecNotFound as error:
        task.fail(f"can't execute '{argv[0]}': {error.words}")
        return error.status


def xargs(task: Task, args: Sequence[str]) -> int:
    """Run a command on the words of standard input."""
    options = parse(args, "0a:rtpE:e::I:n:s:P:xL:", ordered=True)
    data = b"".join(chunk for segment in task.stdin().segments() for chunk in bounded(segment))
    text = decode(data)
    replaced = options.value("I")
    if "0" in options:
        words = text.removesuffix("\0").split("\0") if text else []
    elif replaced is not None:
        words = [line.strip() for line in text.splitlines() if line.strip()]
    else:
        words = _words(text)
    argv = options.operands or ["echo"]
    if not words and "r" in options:
        return 0
    if replaced is not None:
        batches = [[part.replace(replaced, word) for part in argv] for word in words]
    else:
        size = number(options.value("n") or options.value("L") or str(max(len(words), 1)))
        batches = [[*argv, *words[start : start + size]] for start in range(0, len(words) or 1, size)]
    status = 0
    for batch in batches:
        if "t" in options:
            task.err(" ".join(batch) + "\n")
        try:
            code = task.run.execute(task, batch)
        except ExecNotFound as error:
            task.fail(f"{batch[0]}: {error.words}")
            return error.status
        if code == 255:
            return task.fail(f"{batch[0]}: exited with status 255; aborting", 124)
        status = 123 if code else status
    return status


def _words(text: str) -> list[str]:
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters = True, ""
        return list(lexer)
    except ValueError:
        quote = next((char for char in text if char in "\"'"), "'")
        raise CommandError(f"unmatched {'single' if quote == chr(39) else 'double'} quote") from None


def clear(task: Task, args: Sequence[str]) -> int:
    """Clear the terminal."""
    task.out("\x1b[H\x1b[J")
    return 0


def groups(task: Task, args: Sequence[str]) -> int:
    """Print the user's groups."""
    return identity(task, ["-Gn", *args])
