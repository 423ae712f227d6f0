"""What the builder says of instructions before it runs any (buildkit, dockerfile/instructions/parse.go)."""

from __future__ import annotations

import json
import re
from typing import Any

from labkit.engine.build.parse import KNOWN, Instruction, instruction
from labkit.errors import DaemonError, LabkitError

_ANY = ("ARG", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "SHELL", "VOLUME")
_ONE = ("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR")
_FLAGS = {
    "ADD": ("chown", "chmod"),
    "COPY": ("chown", "from", "chmod"),
    "FROM": ("platform",),
    "HEALTHCHECK": ("interval", "timeout", "start-period", "retries"),
}
_WITHOUT_FLAGS = ("ARG", "STOPSIGNAL")
_STAGE = re.compile(r"[a-z][a-z0-9-_.]*", re.ASCII)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_TIMES = {"interval": "Interval", "timeout": "Timeout", "start-period": "StartPeriod"}


class NotSimulated(LabkitError):
    """What a Dockerfile asks for and labkit does not do: one line says so."""


def check_instruction(step: Instruction) -> None:
    """Raise DaemonError where an instruction is none, or lacks its arguments.

    >>> check_instruction(instruction("ENV"))
    Traceback (most recent call last):
    labkit.errors.DaemonError: ENV requires at least one argument
    """
    name, args = step.name, step.args
    if name not in KNOWN:
        raise DaemonError(f"unknown instruction: {name}")
    if name in _ONE and len(args) != 1:
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
        healthcheck(step)
    elif name != "RUN":
        flags(step)
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


def healthcheck(step: Instruction) -> dict[str, Any]:
    """Return the health check that an instruction tells; raises DaemonError.

    >>> healthcheck(instruction("HEALTHCHECK --interval=5s CMD true"))
    {'Test': ['CMD-SHELL', 'true'], 'Interval': 5000000000}
    """
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
        amount = _duration(name, given.get(name, ""))
        if amount:
            found[key] = amount
    if retries := given.get("retries", ""):
        if not re.fullmatch(r"[+-]?\d+", retries, re.ASCII):
            raise DaemonError(f"strconv.ParseInt: parsing {json.dumps(retries)}: invalid syntax")
        if int(retries) < 1:
            raise DaemonError(f"--retries must be at least 1 (not {int(retries)})")
        found["Retries"] = int(retries)
    return found


def _duration(name: str, text: str) -> int:
    """Return the nanoseconds of a duration as Go's time.ParseDuration reads it."""
    if text in ("", "0"):
        return 0
    amounts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in amounts) != text:
        missing = re.fullmatch(r"\d+(?:\.\d*)?", text[len("".join(n + u for n, u in amounts)) :], re.ASCII)
        reason = "missing unit in duration" if missing else "invalid duration"
        raise DaemonError(f"time: {reason} {json.dumps(text)}")
    amount = sum(int(float(number) * _UNITS[unit]) for number, unit in amounts)
    if amount < _UNITS["ms"]:
        raise DaemonError(f"Interval {json.dumps(name)} cannot be less than 1ms")
    return amount


def shown_duration(nanoseconds: int) -> str:
    """Write a duration as Go does.

    >>> shown_duration(300 * 10**9), shown_duration(1500 * 10**6), shown_duration(0)
    ('5m0s', '1.5s', '0s')
    """
    if nanoseconds < 10**9:
        for unit in ("ms", "µs", "ns"):
            if nanoseconds >= _UNITS[unit]:
                return f"{nanoseconds / _UNITS[unit]:.9g}{unit}"
        return "0s"
    minutes, rest = divmod(nanoseconds, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / 10**9:.11g}s"
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


def check_simulated(steps: list[Instruction]) -> None:
    """Raise NotSimulated for a Dockerfile that labkit does not build."""
    froms = [step for step in steps if step.name == "FROM"]
    if len(froms) > 1:
        raise NotSimulated(
            f"labkit: line {froms[1].line}: a second FROM is not simulated; "
            "it would begin another build stage"
        )
    for step in steps:
        if step.name == "COPY" and "from" in flags(step):
            raise NotSimulated(
                f"labkit: line {step.line}: --from of COPY is not simulated; it would copy from another image"
            )
        if step.name == "ADD" and any(re.match("https?://", arg) for arg in step.args[:-1]):
            raise NotSimulated(
                f"labkit: line {step.line}: ADD of a URL is not simulated; it would download the file"
            )
