"""What instructions set in an image's config (moby, builder/dockerfile; buildkit, dockerfile/instructions).

A build runs them, and so does `docker commit --change`, which refuses those that need files.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from labkit.engine.build import checks
from labkit.engine.build.parse import Instruction, parse
from labkit.engine.build.words import expand, expand_words
from labkit.errors import DaemonError

_FOR_COMMITS = frozenset("CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD USER VOLUME WORKDIR".split())
_SIGNALS = "HUP INT QUIT ILL ABRT FPE KILL USR1 SEGV USR2 PIPE ALRM TERM CHLD CONT STOP TSTP WINCH".split()
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
        checks.check_instruction(step)
    changed: dict[str, Any] = {}
    for step in steps:
        known = {**config, **changed}
        changed |= changed_config(expanded(step, variables(known)), known)
        if step.name == "HEALTHCHECK":
            changed["Healthcheck"] = merged_healthcheck(changed["Healthcheck"], config.get("Healthcheck"))
    return changed


def expanded(step: Instruction, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return an instruction's arguments with variables replaced, where its kind has them replaced.

    >>> from labkit.engine.build.parse import instruction
    >>> expanded(instruction("WORKDIR $A"), {"A": "/a"})
    ('WORKDIR', '/a')
    """
    args: Sequence[str] = step.args
    if step.name == "EXPOSE":
        args = [word for arg in sorted(args) for word in expand_words(arg, env, step.escape)]
    elif step.name in ("ADD", "COPY", "ENV", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"):
        args = args if step.literal else [expand(arg, env, step.escape) for arg in args]
    elif step.name == "ARG":
        pairs = (arg.partition("=") for arg in args)
        args = [
            expand(key, env, step.escape) + equals + expand(value, env, step.escape)
            for key, equals, value in pairs
        ]
    elif step.name in ("CMD", "ENTRYPOINT", "RUN", "SHELL"):
        return (step.name, "json" if step.is_json else "line", *args)
    elif step.name == "HEALTHCHECK":
        return (step.name, json.dumps(checks.healthcheck(step)))
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
    match name:
        case "CMD":
            return {"Cmd": command(words, config)}
        case "ENTRYPOINT":
            return {"Entrypoint": (command(words, config) if len(words) > 2 else []) or None}
        case "SHELL":
            return {"Shell": args[1:]}
        case "ENV":
            return {
                "Env": _with_variables(config.get("Env") or (), dict(zip(*[iter(args)] * 2, strict=True)))
            }
        case "LABEL":
            added = dict(zip(*[iter(args)] * 2, strict=True))
            return {"Labels": {**(config.get("Labels") or {}), **added}}
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
            return {"StopSignal": _signal(args[0])}
        case "USER":
            return {"User": args[0]}
    return {}


def comment(words: Sequence[str], config: Mapping[str, Any]) -> str:
    """Return how history tells of an instruction; `config` is the one that it led to.

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


def _signal(text: str) -> str:
    name = text.upper().removeprefix("SIG")
    if name in _SIGNALS or (text.isascii() and text.isdecimal() and int(text) > 0):
        return text
    raise DaemonError(f"Invalid signal: {text}")


def _quoted(words: Sequence[str]) -> str:
    return "[" + " ".join(json.dumps(word, ensure_ascii=False) for word in words) + "]"


def _shown_healthcheck(check: Mapping[str, Any]) -> str:
    times = [checks.shown_duration(check.get(key, 0)) for key in ("Interval", "Timeout", "StartPeriod")]
    retries = check.get("Retries", 0)
    shown = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 39: "\\'", 92: "\\\\"}
    code = shown.get(retries) or (chr(retries) if 32 <= retries < 127 else f"\\x{retries:02x}")
    return f"&{{{_quoted(check['Test'])} {_quoted(times)[1:-1]} '{code}'}}"
