"""Commands about users and the machine: id, whoami, hostname, uname, ps, sync."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.task import CommandError, Task
from labkit.engine.shell.users import group_name, primary_group, user_id, user_name


def identity(task: Task, args: Sequence[str]) -> int:
    """Print users and groups."""
    options = parse(args, "ugGnr", most=1)
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
    options = parse(args, "s", lacks="idfF", most=1)
    if options.operands:
        raise CommandError("sethostname: Operation not permitted")
    name = task.run.process.hostname
    task.out((name.partition(".")[0] if "s" in options else name) + "\n")
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


def ps(task: Task, args: Sequence[str]) -> int:
    """List this process and the first one."""
    user = user_name(task.fs, task.run.process.uid) or str(task.run.process.uid)
    task.out("PID   USER     TIME  COMMAND\n")
    for pid, command in {1: "sh", task.pid: "ps"}.items():
        task.out(f"{pid:5} {user:<8.8}  0:00 {command}\n")
    return 0


def sync(task: Task, args: Sequence[str]) -> int:
    """Succeed: what is written here is written at once."""
    return 0
