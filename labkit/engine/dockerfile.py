"""Dockerfile instructions that set something in an image's config (moby, builder/dockerfile).

A build runs them, and so does `docker commit --change`, which refuses those that need files.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from labkit.errors import DaemonError

_ALLOWED = "CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR".split()
_KNOWN = (*_ALLOWED, "ADD", "ARG", "COPY", "FROM", "MAINTAINER", "RUN", "SHELL")
_PORT = re.compile(r"(\d+)(?:/(tcp|udp|sctp))?", re.ASCII)


def config_changes(changes: Sequence[str], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a config that instructions set, with their values.

    Raises DaemonError in the builder's words for an instruction that is none or that is not allowed.

    >>> config_changes(['CMD ["ls"]', "ENV A=1"], {"Env": ["B=2"]})
    {'Cmd': ['ls'], 'Env': ['B=2', 'A=1']}
    """
    changed: dict[str, Any] = {}
    for text in changes:
        word, _, rest = text.strip().partition(" ")
        name = word.upper()
        if name not in _KNOWN:
            raise DaemonError(f"dockerfile parse error line 1: unknown instruction: {name}")
        if name not in _ALLOWED:
            raise DaemonError(f"{word} is not a valid change command")
        if not rest.strip():
            raise DaemonError(f"dockerfile parse error line 1: {name} requires at least one argument")
        changed |= changed_config(name, rest.strip(), {**config, **changed})
    return changed


def changed_config(name: str, rest: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a config that one instruction sets, with their values.

    >>> changed_config("EXPOSE", "80", {})
    {'ExposedPorts': {'80/tcp': {}}}
    """
    if name in ("CMD", "ENTRYPOINT"):
        key = "Cmd" if name == "CMD" else "Entrypoint"
        return {key: command_words(rest)}
    if name == "ENV":
        env = list(config.get("Env") or ())
        for key, value in pairs(rest).items():
            env = [each for each in env if each.partition("=")[0] != key] + [f"{key}={value}"]
        return {"Env": env}
    if name == "LABEL":
        return {"Labels": {**(config.get("Labels") or {}), **pairs(rest)}}
    if name == "EXPOSE":
        return {
            "ExposedPorts": {
                **(config.get("ExposedPorts") or {}),
                **{_port(each): {} for each in rest.split()},
            }
        }
    if name == "VOLUME":
        return {"Volumes": {**(config.get("Volumes") or {}), **{path: {} for path in _paths(rest)}}}
    if name == "WORKDIR":
        base = config.get("WorkingDir") or "/"
        return {"WorkingDir": rest if rest.startswith("/") else f"{base.rstrip('/')}/{rest}"}
    return {{"USER": "User", "STOPSIGNAL": "StopSignal"}.get(name, name.title()): rest}


def comment(name: str, rest: str, changed: Mapping[str, Any]) -> list[str]:
    """Return the command that history shows of an instruction that made no layer.

    >>> " ".join(comment("CMD", "", {"Cmd": ["nginx", "-g"]}))
    '/bin/sh -c #(nop)  CMD ["nginx" "-g"]'
    """
    shown = rest
    if name in ("CMD", "ENTRYPOINT"):
        words = changed["Cmd" if name == "CMD" else "Entrypoint"]
        shown = "[" + " ".join(json.dumps(word, ensure_ascii=False) for word in words) + "]"
    elif name in ("ENV", "LABEL"):
        shown = " ".join(f"{key}={value}" for key, value in pairs(rest).items())
    elif name == "VOLUME":
        shown = f"[{' '.join(_paths(rest))}]"
    elif name == "WORKDIR":
        return ["/bin/sh", "-c", f"#(nop) WORKDIR {changed['WorkingDir']}"]
    return ["/bin/sh", "-c", "#(nop) ", f"{name} {shown}"]


def _paths(rest: str) -> list[str]:
    return command_words(rest) if rest.startswith("[") else rest.split()


def command_words(text: str) -> list[str]:
    """Return the words of an instruction's command: a JSON array's, or a shell's line.

    >>> command_words('["nginx", "-g", "daemon off;"]'), command_words("echo hi")
    (['nginx', '-g', 'daemon off;'], ['/bin/sh', '-c', 'echo hi'])
    """
    if text.startswith("["):
        try:
            words = json.loads(text)
        except ValueError:
            words = None
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return words
    return ["/bin/sh", "-c", text]


def pairs(text: str) -> dict[str, str]:
    """Return the names and values of `A=1 B="two words"`, or of the older form `A all the rest`.

    Raises DaemonError for a word without `=`.

    >>> pairs('A=1 B="two words"'), pairs("A all the rest")
    ({'A': '1', 'B': 'two words'}, {'A': 'all the rest'})
    """
    first, _, rest = text.partition(" ")
    if "=" not in first:
        if not rest:
            raise DaemonError("ENV must have two arguments")
        return {first: rest.strip()}
    found = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if not equals:
            raise DaemonError(
                f"Syntax error - can't find = in {json.dumps(word)}. Must be of the form: name=value"
            )
        found[name] = value
    return found


def _port(text: str) -> str:
    match = _PORT.fullmatch(text)
    if match is None or not 0 < int(match[1]) < 65536:
        raise DaemonError(f"invalid containerPort: {text}")
    return f"{match[1]}/{match[2] or 'tcp'}"
