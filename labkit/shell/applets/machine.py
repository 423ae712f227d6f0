"""Commands on users, the machine and processes: id, whoami, hostname, uname, ps, env, xargs, sleep."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from labkit.go.moment import SECOND
from labkit.shell.applets.options import Options, number
from labkit.shell.launch import ExecNotFound
from labkit.shell.task import CommandError, Task
from labkit.shell.users import group_name, primary_group, user_id, user_name

# Users and the machine.


def identity(task: Task, options: Options) -> int:
    """Print users and groups."""
    process, fs = task.run.process, task.fs
    uid, gid = process.uid, process.gid
    if options.operands:
        name = options.operands[0]
        found = user_id(fs, name)
        if found is None:
            raise CommandError(f"unknown user {name}")
        uid, gid = found, primary_group(fs, name) or 0
    kind = options.last("ugG")
    if kind:
        number, label = (uid, user_name(fs, uid)) if kind == "u" else (gid, group_name(fs, gid))
        task.out(f"{label if label and 'n' in options else number}\n")
        return 0

    def shown(number: int, label: str | None) -> str:
        return f"{number}({label})" if label else str(number)

    group = shown(gid, group_name(fs, gid))
    task.out(f"uid={shown(uid, user_name(fs, uid))} gid={group} groups={group}\n")
    return 0


def whoami(task: Task, options: Options) -> int:
    """Print the user's name."""
    uid = task.run.process.uid
    name = user_name(task.fs, uid)
    if name is None:
        raise CommandError(f"unknown uid {uid}")
    task.out(name + "\n")
    return 0


def hostname(task: Task, options: Options) -> int:
    """Print the host's name."""
    if options.operands:
        raise CommandError("sethostname: Operation not permitted")
    name = task.run.process.hostname
    task.out((name.partition(".")[0] if "s" in options else name) + "\n")
    return 0


def uname(task: Task, options: Options) -> int:
    """Print what the system is."""
    process = task.run.process
    parts = {"s": "Linux", "n": process.hostname, "r": process.kernel, "v": "#1 SMP", "m": "x86_64",
             "p": "unknown", "i": "unknown", "o": "GNU/Linux"}  # fmt: skip
    wanted = "snrvmo" if "a" in options else "".join(flag for flag in parts if flag in options) or "s"
    task.out(" ".join(parts[flag] for flag in wanted) + "\n")
    return 0


def ps(task: Task, args: Sequence[str]) -> int:
    """List this process and the first one."""
    user = user_name(task.fs, task.run.process.uid) or str(task.run.process.uid)
    task.out("PID   USER     TIME  COMMAND\n")
    for pid, command in {1: "sh", task.pid: "ps"}.items():
        task.out(f"{pid:5} {user:<8.8}  0:00 {command}\n")
    return 0


# Commands that run others, and one that waits.


def env(task: Task, options: Options) -> int:
    """Print the environment, or run a command in another one."""
    bare = options.operands[:1] == ["-"]
    values = {} if bare or "i" in options else dict(task.env)
    for name in options.values("u"):
        values.pop(name, None)
    argv = _assigned(options.operands[bare:], values)
    if not argv:
        task.out("".join(f"{name}={value}\n" for name, value in values.items()))
        return 0
    try:
        return task.run.execute(task.child(env=values), argv)
    except ExecNotFound as error:
        return task.fail(f"can't execute '{argv[0]}': {error.words}", error.status)


def _assigned(operands: Sequence[str], values: dict[str, str]) -> list[str]:
    """Set the variables that are assigned before a command, and return the command."""
    argv = list(operands)
    while argv and "=" in argv[0]:
        name, _, value = argv.pop(0).partition("=")
        values[name] = value
    return argv


_SUDO_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def sudo(task: Task, options: Options) -> int:
    """Run a command as root, in an environment of root's (sudoers(5), env_reset and secure_path)."""
    run = task.run
    own = {"HOME": "/root", "USER": "root", "LOGNAME": "root", "PATH": _SUDO_PATH}
    values = {**(task.env if "E" in options else {}), **own}
    argv = _assigned(options.operands, values)
    if "i" in options or "s" in options or argv[:1] == ["su"] or argv in (["bash"], ["sh"]):
        raise CommandError("a prompt of root's own is not simulated: sudo sh -c 'COMMAND; COMMAND'")
    if not argv:
        raise CommandError("which command? Here sudo runs one command as root: sudo ls /var/lib/docker")
    before = run.process, run.fs
    run.process = replace(run.process, uid=0, gid=0)
    run.fs = run.process.fs
    try:
        return run.execute(task.child(env=values), argv)
    except ExecNotFound as error:
        return task.fail(f"{argv[0]}: {'command not found' if error.status == 127 else error.words}")
    finally:
        run.process, run.fs = before


def xargs(task: Task, options: Options) -> int:
    """Run a command on the words of standard input."""
    text = task.text(task.stdin()).replace("\0", " ")
    argv, replaced = options.operands or ["echo"], options.value("I")
    if replaced is not None:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        batches = [[part.replace(replaced, line) for part in argv] for line in lines]
    else:
        words = _unquoted(text)
        if not words and "r" in options:
            return 0
        most = options.value("n")
        size = max(len(words), 1) if most is None else number(most, 1, 2**31 - 1)
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


def sleep(task: Task, options: Options) -> int:
    """Wait."""
    total = 0
    for word in options.operands:
        match = re.fullmatch(r"(\d{1,19}(?:\.\d*)?|\.\d+|inf(?:inity)?)([smhd]?)", word, re.ASCII)
        if match is None:
            raise CommandError(f"invalid number '{word}'")
        amount = 10**9 if match[1].startswith("inf") else float(match[1])
        total += int(amount * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]] * SECOND)
    task.run.sleep(total)
    return 0
