"""What instructions set in an image's config, and what is wrong with them before any is run.

A build runs them, and so does `docker commit --change`, which refuses those that need files (moby,
builder/dockerfile/dispatchers.go; buildkit, frontend/dockerfile/instructions/parse.go).
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from labkit.base.errors import DaemonError, NotSimulated
from labkit.dockerfile.parse import KNOWN, ONE_ARGUMENT, Instruction, expand, instruction, parse
from labkit.engine.container import signal_name
from labkit.go.moment import SECOND, UNITS, duration, wrong_duration
from labkit.go.quote import go_quote

_ANY = ("ARG", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "SHELL", "VOLUME")
_FLAGS = {
    "ADD": ("chown", "chmod"),
    "COPY": ("chown", "from", "chmod"),
    "FROM": ("platform",),
    "HEALTHCHECK": ("interval", "timeout", "start-period", "retries"),
}
_WITHOUT_FLAGS = ("ARG", "STOPSIGNAL")
_STAGE = re.compile(r"[a-z][a-z0-9-_.]*", re.ASCII)
_TIMES = {"interval": "Interval", "timeout": "Timeout", "start-period": "StartPeriod"}


def check_instruction(step: Instruction) -> None:
    """Raise DaemonError where an instruction is none, or lacks its arguments; NotSimulated for ADD of a URL.

    >>> check_instruction(instruction("ENV"))
    Traceback (most recent call last):
    labkit.base.errors.DaemonError: ENV requires at least one argument
    """
    name, args = step.name, step.args
    if name not in KNOWN:
        raise DaemonError(f"unknown instruction: {name}")
    if name in ONE_ARGUMENT and len(args) != 1:
        raise DaemonError(f"{name} requires exactly one argument")
    if name in _ANY and not args:
        raise DaemonError(f"{name} requires at least one argument")
    if name in ("ADD", "COPY") and len(args) < 2:
        given = "only one was provided" if args else "only zero were provided"
        raise DaemonError(
            f"{name} requires at least two arguments, but {given}. Destination could not be determined"
        )
    if name == "FROM":
        _check_from(args)
    if name == "HEALTHCHECK" and args[0].upper() == "NONE":
        if len(args) > 1:
            raise DaemonError("HEALTHCHECK NONE takes no arguments")
    elif name == "HEALTHCHECK":
        _healthcheck(step)
    elif name != "RUN":
        flags(step)
    if name == "ADD" and any(re.match("https?://", arg) for arg in args[:-1]):
        raise NotSimulated(
            f"labkit: line {step.line}: ADD of a URL is not simulated; it would download the file"
        )
    if name in ("ENV", "LABEL") and "" in args[::2]:
        raise DaemonError(f"{name} names can not be blank")
    if name == "ARG" and any(arg.startswith("=") for arg in args):
        raise DaemonError("ARG names can not be blank")
    if name == "SHELL" and not step.is_json:
        raise DaemonError("SHELL requires the arguments to be in JSON form")
    if name == "VOLUME" and not all(arg.strip() for arg in args):
        raise DaemonError("VOLUME specified can not be an empty string")
    if name == "ONBUILD":
        _check_trigger(instruction(args[0]).name)


def _check_from(args: tuple[str, ...]) -> None:
    named = len(args) == 3 and args[1].upper() == "AS"
    if named and not _STAGE.fullmatch(args[2].lower()):
        raise DaemonError(
            f"invalid name for build stage: {json.dumps(args[2])}, name can't start with a number or contain "
            "symbols"
        )
    if not named and len(args) != 1:
        raise DaemonError("FROM requires either one or three arguments")


def _check_trigger(name: str) -> None:
    if name == "ONBUILD":
        raise DaemonError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if name in ("MAINTAINER", "FROM"):
        raise DaemonError(f"{name} isn't allowed as an ONBUILD trigger")


def flags(step: Instruction) -> dict[str, str]:
    """Return an instruction's flags; raises DaemonError for one that it does not have.

    >>> flags(instruction("COPY --chown=nobody a b"))
    {'chown': 'nobody'}
    """
    if step.name in _WITHOUT_FLAGS:
        return {}
    found: dict[str, str] = {}
    for word in step.flags:
        name, equals, value = word.removeprefix("--").partition("=")
        if name not in _FLAGS.get(step.name, ()):
            raise DaemonError(f"Unknown flag: {name}")
        if name in found:
            raise DaemonError(f"Duplicate flag specified: {name}")
        if not equals:
            raise DaemonError(f"Missing a value on flag: {name}")
        found[name] = value
    return found


def _healthcheck(step: Instruction) -> dict[str, Any]:
    """Return the health check that an instruction sets; raises DaemonError."""
    kind, *command = step.args
    if kind.upper() == "NONE":
        return {"Test": ["NONE"]}
    given = flags(step)
    if kind.upper() != "CMD":
        raise DaemonError(f"Unknown type {json.dumps(kind.upper())} in HEALTHCHECK (try CMD)")
    if not command:
        raise DaemonError("Missing command after HEALTHCHECK CMD")
    found: dict[str, Any] = {"Test": ["CMD" if step.is_json else "CMD-SHELL", *command]}
    for name, key in _TIMES.items():
        if text := given.get(name):
            found[key] = _duration(name, text)
    if retries := given.get("retries", ""):
        if not re.fullmatch(r"[+-]?\d+", retries, re.ASCII):
            raise DaemonError(f"strconv.ParseInt: parsing {json.dumps(retries)}: invalid syntax")
        if int(retries) < 1:
            raise DaemonError(f"--retries must be at least 1 (not {int(retries)})")
        found["Retries"] = int(retries)
    return found


def _duration(name: str, text: str) -> int:
    amount = duration(text)
    if amount is None:
        raise DaemonError(wrong_duration(text))
    if amount < UNITS["ms"]:
        raise DaemonError(f"Interval {json.dumps(name)} cannot be less than 1ms")
    return amount


def _shown_duration(nanoseconds: int) -> str:
    """Write a duration of a millisecond or more, or none, as Go does."""
    if 0 < nanoseconds < SECOND:
        return f"{nanoseconds / UNITS['ms']:.9g}ms"
    minutes, rest = divmod(nanoseconds, UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / SECOND:.11g}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def needs_buildkit(flag: str) -> DaemonError:
    """Return the error for a flag that the classic builder does not have.

    >>> str(needs_buildkit("--mount"))[:36]
    'the --mount option requires BuildKit'
    """
    return DaemonError(
        f"the {flag} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to "
        "build images with BuildKit enabled"
    )


_FOR_COMMITS = frozenset("CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD USER VOLUME WORKDIR".split())
_PORT = re.compile(r"(\d+)(?:-(\d+))?", re.ASCII)
SHELL = ("/bin/sh", "-c")


def config_changes(changes: Sequence[str], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a config that instructions set, with their values.

    Raises DaemonError in the builder's words for an instruction that is none or that is not allowed.

    >>> config_changes(['CMD ["ls"]', "ENV A=1"], {"Env": ["B=2"]})
    {'Cmd': ['ls'], 'Env': ['B=2', 'A=1']}
    """
    steps = parse("\n".join(changes)).instructions if changes else ()
    for step in steps:
        if step.name not in _FOR_COMMITS:
            raise DaemonError(f"{step.name.lower()} is not a valid change command")
    for step in steps:
        check_instruction(step)
    changed: dict[str, Any] = {}
    for step in steps:
        known = {**config, **changed}
        changed |= changed_config(expanded(step, variables(known)), known)
        if step.name == "HEALTHCHECK":
            changed["Healthcheck"] = merged_healthcheck(changed["Healthcheck"], config.get("Healthcheck"))
    return changed


def expanded(step: Instruction, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return an instruction's arguments with variables replaced, where its kind has them replaced.

    >>> from labkit.dockerfile.parse import instruction
    >>> expanded(instruction("WORKDIR $A"), {"A": "/a"})
    ('WORKDIR', '/a')
    """
    args: Sequence[str] = step.args
    if step.name == "EXPOSE":
        args = [word for arg in sorted(args) for word in _expanded_ports(arg, env)]
    elif step.name in ("ADD", "COPY", "ENV", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"):
        args = args if step.literal else [expand(arg, env) for arg in args]
    elif step.name == "ARG":
        pairs = (arg.partition("=") for arg in args)
        args = [expand(key, env) + equals + expand(value, env) for key, equals, value in pairs]
    elif step.name in ("CMD", "ENTRYPOINT", "RUN", "SHELL"):
        return (step.name, "json" if step.is_json else "line", *args)
    elif step.name == "HEALTHCHECK":
        return (step.name, json.dumps(_healthcheck(step)))
    elif step.name == "ONBUILD":
        args = [re.sub(r"(?i)^\s*ONBUILD\s*", "", step.original)]
    return (step.name, *args)


def changed_config(words: Sequence[str], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a config that an instruction sets; `words` are what `expanded` gives.

    Raises DaemonError where its arguments make no sense.

    >>> changed_config(("EXPOSE", "80"), {})
    {'ExposedPorts': {'80/tcp': {}}}
    """
    name, *args = words
    pairs = dict(zip(args[::2], args[1::2], strict=False))  # of ENV and LABEL
    match name:
        case "CMD":
            return {"Cmd": command(words, config)}
        case "ENTRYPOINT":
            return {"Entrypoint": (command(words, config) if len(words) > 2 else []) or None}
        case "SHELL":
            return {"Shell": args[1:]}
        case "ENV":
            return {"Env": _with_variables(config.get("Env") or (), pairs)}
        case "LABEL":
            return {"Labels": {**(config.get("Labels") or {}), **pairs}}
        case "EXPOSE":
            ports: dict[str, Any] = {port: {} for word in args for port in _ports(word)}
            return {"ExposedPorts": {**(config.get("ExposedPorts") or {}), **ports}}
        case "VOLUME":
            if "" in args:
                raise DaemonError("VOLUME specified can not be an empty string")
            return {"Volumes": {**(config.get("Volumes") or {}), **{path: {} for path in args}}}
        case "WORKDIR":
            return {"WorkingDir": _working_dir(config.get("WorkingDir") or "", args[0])}
        case "ONBUILD":
            return {"OnBuild": [*(config.get("OnBuild") or ()), args[0]]}
        case "HEALTHCHECK":
            return {"Healthcheck": json.loads(args[0])}
        case "STOPSIGNAL":
            signal_name(args[0])
            return {"StopSignal": args[0]}
        case "USER":
            return {"User": args[0]}
    return {}


def comment(words: Sequence[str], config: Mapping[str, Any]) -> str:
    """Return how history shows an instruction; `config` is the one that it led to.

    >>> comment(("CMD", "json", "nginx", "-g"), {"Cmd": ["nginx", "-g"]})
    'CMD ["nginx" "-g"]'
    """
    name, *args = words
    shown = " ".join(args)
    if name in ("CMD", "ENTRYPOINT"):
        shown = _quoted(config["Cmd" if name == "CMD" else "Entrypoint"] or ())
    elif name == "SHELL":
        shown = f"[{' '.join(config['Shell'])}]"
    elif name in ("ENV", "LABEL"):
        shown = " ".join(f"{key}={value}" for key, value in zip(*[iter(args)] * 2, strict=True))
    elif name == "VOLUME":
        shown = f"[{shown}]"
    elif name == "HEALTHCHECK":
        shown = _shown_healthcheck(json.loads(args[0]))
    return f"{name} {shown}"


def command(words: Sequence[str], config: Mapping[str, Any]) -> list[str]:
    """Return the words of a command: those given, or a line for the config's shell.

    >>> command(("RUN", "line", "echo hi"), {}), command(("RUN", "json", "echo", "hi"), {})
    (['/bin/sh', '-c', 'echo hi'], ['echo', 'hi'])
    """
    _, kind, *args = words
    return list(args) if kind == "json" else [*shell(config), *args]


def shell(config: Mapping[str, Any]) -> list[str]:
    """Return the shell that lines are given to."""
    return list(config.get("Shell") or SHELL)


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    """Return a config's variables by their names.

    >>> variables({"Env": ["A=1"]})
    {'A': '1'}
    """
    return dict(each.partition("=")[::2] for each in config.get("Env") or ())


def merged_healthcheck(own: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a health check with what it does not say as the image has it (moby, daemon/commit.go, merge).

    >>> merged_healthcheck({"Test": ["NONE"]}, {"Test": ["CMD", "x"], "Retries": 2})
    {'Test': ['NONE'], 'Retries': 2}
    """
    return {**own, **{key: value for key, value in (before or {}).items() if key not in own}}


def _with_variables(env: Sequence[str], changed: Mapping[str, str]) -> list[str]:
    """Return variables of which some have another value; new ones come last."""
    left = dict(changed)
    kept = [f"{name}={left.pop(name)}" if name in left else f"{name}={value}"
            for name, _, value in (each.partition("=") for each in env)]  # fmt: skip
    return kept + [f"{name}={value}" for name, value in left.items()]


def _working_dir(current: str, path: str) -> str:
    if not path:
        raise DaemonError("cannot normalize nothing")
    return path if path.startswith("/") else posixpath.normpath(posixpath.join("/", current, path))


def _expanded_ports(arg: str, env: Mapping[str, str]) -> list[str]:
    """Return the words of an argument: a variable's value may hold several, but for one in quotes."""
    text = expand(arg, env)
    if '"' in arg.strip('"') and len(text.split()) > 1:
        raise NotSimulated(f"labkit: EXPOSE {arg} is not simulated; it would split the value")
    return [text] if '"' in arg and text else text.split()


def _ports(text: str) -> list[str]:
    """Return the ports of `80`, `53/udp`, `100-102` or, of which the first counts for nothing, `8080:80`."""
    whole, slash, protocol = text.rpartition(":")[2].partition("/")
    match = _PORT.fullmatch(whole)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (-1, -1)
    if not 0 <= first <= last < 65536:
        raise DaemonError(f"Invalid containerPort: {whole}")
    if slash and protocol.lower() not in ("tcp", "udp", "sctp"):
        raise DaemonError(f"Invalid proto: {protocol}")
    return [f"{number}/{(protocol or 'tcp').lower()}" for number in range(first, last + 1)]


def _quoted(words: Sequence[str]) -> str:
    return "[" + " ".join(json.dumps(word, ensure_ascii=False) for word in words) + "]"


def _shown_healthcheck(check: Mapping[str, Any]) -> str:
    times = [_shown_duration(check.get(key, 0)) for key in ("Interval", "Timeout", "StartPeriod")]
    retries = go_quote(chr(check.get("Retries", 0)), "'")
    return f"&{{{_quoted(check['Test'])} {_quoted(times)[1:-1]} {retries}}}"
