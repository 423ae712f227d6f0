"""Dockerfile instructions that set something in an image's config (moby, builder/dockerfile).

A build runs them, and so does `docker commit --change`, which refuses those that need files. How a
line is split into words and variables are replaced stands in `dockerwords`.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from labkit.engine.dockerwords import expand, expand_words, pairs
from labkit.errors import DaemonError

_FOR_COMMITS = "CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD USER VOLUME WORKDIR".split()
_ONE_ARGUMENT = ("STOPSIGNAL", "USER", "WORKDIR")
_SIGNALS = "HUP INT QUIT ILL ABRT FPE KILL USR1 SEGV USR2 PIPE ALRM TERM CHLD CONT STOP TSTP WINCH".split()
_PORT = re.compile(r"(\d+)(?:-(\d+))?(?:/(tcp|udp|sctp))?", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)", re.ASCII)
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
_UNITS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def config_changes(changes: Sequence[str], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a config that instructions set, with their values.

    Raises DaemonError in the builder's words for an instruction that is none or that is not allowed.

    >>> config_changes(['CMD ["ls"]', "ENV A=1"], {"Env": ["B=2"]})
    {'Cmd': ['ls'], 'Env': ['B=2', 'A=1']}
    """
    changed: dict[str, Any] = {}
    for text in changes:
        word, _, rest = text.strip().partition(" ")
        if not word:
            raise DaemonError("file with no instructions")
        if word.upper() not in _FOR_COMMITS:
            raise DaemonError(f"{word.lower()} is not a valid change command")
        check_arguments(word.upper(), rest.strip())
        changed |= changed_config(word.upper(), rest.strip(), {**config, **changed})
    return changed


def check_arguments(name: str, rest: str) -> None:
    """Raise DaemonError where an instruction lacks its arguments.

    >>> check_arguments("ENV", "")
    Traceback (most recent call last):
    labkit.errors.DaemonError: ENV requires at least one argument
    """
    if name in _ONE_ARGUMENT and not rest:
        raise DaemonError(f"{name} requires exactly one argument")
    if name in ("ENV", "EXPOSE", "LABEL", "VOLUME") and rest in ("", "[]"):
        raise DaemonError(f"{name} requires at least one argument")
    if name in ("ADD", "COPY") and len(rest.split()) < 2:
        given = "only one was provided" if rest else "only zero were provided"
        raise DaemonError(
            f"{name} requires at least two arguments, but {given}. Destination could not be determined"
        )


def changed_config(name: str, rest: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a config that one instruction sets, with their values.

    Raises DaemonError where its arguments make no sense.

    >>> changed_config("EXPOSE", "80", {})
    {'ExposedPorts': {'80/tcp': {}}}
    """
    env = variables(config)
    match name:
        case "CMD" | "ENTRYPOINT":
            words = command_words(rest)
            return {"Cmd": words} if name == "CMD" else {"Entrypoint": words or None}
        case "ENV":
            return {"Env": _with_variables(config.get("Env") or (), pairs(name, rest, env))}
        case "LABEL":
            return {"Labels": {**(config.get("Labels") or {}), **pairs(name, rest, env)}}
        case "EXPOSE":
            added: dict[str, Any] = {port: {} for word in expand_words(rest, env) for port in _ports(word)}
            return {"ExposedPorts": {**(config.get("ExposedPorts") or {}), **added}}
        case "VOLUME":
            return {"Volumes": {**(config.get("Volumes") or {}), **{p: {} for p in _paths(rest, env)}}}
        case "WORKDIR":
            path = posixpath.join("/", config.get("WorkingDir") or "", expand(rest, env))
            return {"WorkingDir": posixpath.normpath(path)}
        case "ONBUILD":
            return {"OnBuild": [*(config.get("OnBuild") or ()), rest]}
        case "HEALTHCHECK":
            return {"Healthcheck": {**(config.get("Healthcheck") or {}), **_healthcheck(rest)}}
        case "STOPSIGNAL":
            return {"StopSignal": _signal(expand(rest, env))}
        case "USER":
            return {"User": expand(rest, env)}
    raise DaemonError(f"labkit: {name} is not simulated in a build; it makes no layer of its own")


def shown_step(
    name: str, rest: str, config: Mapping[str, Any], env: Mapping[str, str] = _NO_VARIABLES
) -> list[str]:
    """Return the command that history shows of an instruction.

    `config` is the one that it led to, `env` the variables before it.

    >>> " ".join(shown_step("CMD", "", {"Cmd": ["nginx", "-g"]}))
    '/bin/sh -c #(nop)  CMD ["nginx" "-g"]'
    """
    shown = rest
    if name in ("CMD", "ENTRYPOINT"):
        words = config["Cmd" if name == "CMD" else "Entrypoint"] or []
        shown = "[" + " ".join(json.dumps(word, ensure_ascii=False) for word in words) + "]"
    elif name in ("ENV", "LABEL"):
        shown = " ".join(f"{key}={value}" for key, value in pairs(name, rest, env).items())
    elif name == "EXPOSE":
        shown = " ".join(sorted(expand_words(rest, env)))
    elif name == "VOLUME":
        shown = f"[{' '.join(_paths(rest, env))}]"
    elif name == "WORKDIR":
        return ["/bin/sh", "-c", f"#(nop) WORKDIR {config['WorkingDir']}"]
    elif name == "HEALTHCHECK":
        shown = _shown_healthcheck(_healthcheck(rest))
    elif name in ("USER", "STOPSIGNAL"):
        shown = expand(rest, env)
    return ["/bin/sh", "-c", "#(nop) ", f"{name} {shown}"]


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    """Return a config's variables by their names.

    >>> variables({"Env": ["A=1"]})
    {'A': '1'}
    """
    return dict(each.partition("=")[::2] for each in config.get("Env") or ())


def _with_variables(env: Sequence[str], changed: Mapping[str, str]) -> list[str]:
    """Return variables of which some have another value; new ones come last."""
    left = dict(changed)
    kept = [f"{name}={left.pop(name)}" if name in left else f"{name}={value}"
            for name, _, value in (each.partition("=") for each in env)]  # fmt: skip
    return kept + [f"{name}={value}" for name, value in left.items()]


def command_words(text: str) -> list[str]:
    """Return the words of an instruction's command: a JSON array's, or a shell's line.

    >>> command_words('["nginx", "-g", "daemon off;"]'), command_words("echo hi")
    (['nginx', '-g', 'daemon off;'], ['/bin/sh', '-c', 'echo hi'])
    """
    words = json_words(text)
    if words is None:
        return ["/bin/sh", "-c", text] if text else ["/bin/sh", "-c"]
    return words


def json_words(text: str) -> list[str] | None:
    """Return the strings of a JSON array, or None for any other text.

    >>> json_words('["a b"]'), json_words("a b")
    (['a b'], None)
    """
    try:
        words = json.loads(text) if text.startswith("[") else None
    except (ValueError, RecursionError):
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def _paths(rest: str, env: Mapping[str, str]) -> list[str]:
    return json_words(rest) or expand_words(rest, env)


def _ports(text: str) -> list[str]:
    match = _PORT.fullmatch(text)
    if match is None:
        raise DaemonError(f"Invalid containerPort: {text.partition('/')[0]}")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 0 < first <= last < 65536:
        raise DaemonError(f"Invalid containerPort: {text.partition('/')[0]}")
    return [f"{number}/{(match[3] or 'tcp').lower()}" for number in range(first, last + 1)]


def _signal(text: str) -> str:
    name = text.upper().removeprefix("SIG")
    if name in _SIGNALS or (text.isascii() and text.isdecimal() and 0 < int(text) < 65):
        return text
    raise DaemonError(f"Invalid signal: {text}")


def _healthcheck(rest: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    keys = {"interval": "Interval", "timeout": "Timeout", "start-period": "StartPeriod", "retries": "Retries"}
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        name, _, value = flag.removeprefix("--").partition("=")
        if name not in keys:
            raise DaemonError(f"unknown flag: {name}")
        amounts = _DURATION.findall(value)
        number = int(value) if value.isdecimal() else sum(int(float(n) * _UNITS[unit]) for n, unit in amounts)
        options[keys[name]], rest = number, rest.lstrip()
    kind, _, command = rest.partition(" ")
    if kind.upper() == "NONE":
        return {"Test": ["NONE"]}
    if kind.upper() != "CMD":
        raise DaemonError(f"Unknown type {json.dumps(kind)} in HEALTHCHECK (try CMD)")
    words = json_words(command.strip())
    test = ["CMD-SHELL", command.strip()] if words is None else ["CMD", *words]
    return {"Test": test, **options}


def _shown_healthcheck(check: Mapping[str, Any]) -> str:
    test = " ".join(json.dumps(word, ensure_ascii=False) for word in check["Test"])
    seconds = [check.get(key, 0) / 10**9 for key in ("Interval", "Timeout", "StartPeriod")]
    shown = " ".join(f'"{each:g}s"' for each in seconds)
    return f"&{{[{test}] {shown} '\\x{check.get('Retries', 0):02x}'}}"
