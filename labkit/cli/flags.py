"""Flags taken from a list of words, as pflag does it: the library that the `docker` client parses with.

`--name=value`, `--name value`, `-n value`, `-nvalue`, `-n=value`, clusters of switches (`-it`), switches
with a value (`--quiet=false`), `--` to end the flags; and pflag's own words for each mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from labkit.base.errors import InvalidReference, LabkitError
from labkit.base.text import encode
from labkit.cli.help import HELP
from labkit.cli.mounts import parse_mount
from labkit.cli.table import FALSE, REPEATED, TRUE, Flag, Value
from labkit.go.quote import go_quote
from labkit.oci.reference import parse_reference

_NUMBER = re.compile(
    r"[+-]?(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO](_?[0-7])+|0(_?[0-7])*|[1-9](_?[0-9])*)", re.ASCII
)
# White space as opts.ValidateLabel of the client has it.
_BLANKS = " \t\n\v\f\r\x85\xa0"


class FlagError(LabkitError):
    """A mistake in the flags, in pflag's words; `unknown` is the word that names no flag, if that is it."""

    def __init__(self, message: str, unknown: str = "") -> None:
        super().__init__(message)
        self.unknown = unknown


@dataclass(slots=True)
class Parsed:
    """What a list of words holds: every flag's value, the names of those given, in order, and the rest.

    `short_helps` counts the `-h` that stood for `--help`, each of which the client remarks on.
    """

    options: dict[str, Value]
    changed: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    short_helps: int = 0


def parse_flags(flags: Iterable[Flag], words: Sequence[str], interspersed: bool = True) -> Parsed:
    """Take the flags out of `words`.

    Unless `interspersed`, the first word that is no flag ends them. Raises FlagError.

    >>> parsed = parse_flags([Flag("quiet", "q", "", ""), Flag("time", "t", "int", "")], ["-qt5", "web"])
    >>> parsed.options["quiet"], parsed.options["time"], parsed.args
    (True, 5, ['web'])
    """
    by_name = {"help": HELP} | {flag.name: flag for flag in flags}
    by_short = {"h": HELP} | {flag.short: flag for flag in by_name.values() if flag.short}
    parsed = Parsed({name: flag.initial for name, flag in by_name.items()})
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            parsed.args += rest
            break
        if word.startswith("--"):
            _long(word, rest, by_name, parsed)
        elif word.startswith("-") and len(word) > 1:
            _cluster(word, rest, by_short, parsed)
        elif interspersed:
            parsed.args.append(word)
        else:
            parsed.args += [word, *rest]
            break
    return parsed


def _long(word: str, rest: list[str], by_name: dict[str, Flag], parsed: Parsed) -> None:
    name, equals, text = word[2:].partition("=")
    if not name or name.startswith("-"):
        raise FlagError(f"bad flag syntax: {word}")
    flag = by_name.get(name)
    if flag is None:
        raise FlagError(f"unknown flag: --{name}", unknown=f"--{name}")
    if not equals:
        if not flag.kind:
            text = "true"
        elif rest:
            text = rest.pop(0)
        else:
            raise FlagError(f"flag needs an argument: {word}")
    _set(flag, text, parsed)


def _cluster(word: str, rest: list[str], by_short: dict[str, Flag], parsed: Parsed) -> None:
    letters = word[1:]
    while letters:
        # pflag looks at one byte, not at one character.
        letter = chr(encode(letters)[0])
        flag = by_short.get(letter)
        if flag is None:
            quoted = go_quote(letter, "'")
            raise FlagError(f"unknown shorthand flag: {quoted} in -{letters}", unknown=word)
        after = letters[1:]
        if len(after) > 1 and after.startswith("="):
            text, after = after[1:], ""
        elif not flag.kind:
            text = "true"
        elif after:
            text, after = after, ""
        elif rest:
            text = rest.pop(0)
        else:
            raise FlagError(f"flag needs an argument: {go_quote(letter, chr(39))} in -{letters}")
        parsed.short_helps += flag is HELP
        _set(flag, text, parsed)
        letters = after


def _set(flag: Flag, text: str, parsed: Parsed) -> None:
    try:
        value = _value(flag, text)
    except (ValueError, InvalidReference) as error:
        raise FlagError(f'invalid argument {go_quote(text)} for "{flag.label}" flag: {error}') from error
    if isinstance(value, tuple):
        earlier = parsed.options[flag.name]
        value = (*earlier, *value) if isinstance(earlier, tuple) else value
    parsed.options[flag.name] = value
    if flag.name not in parsed.changed:
        parsed.changed.append(flag.name)


def _value(flag: Flag, text: str) -> Value:
    """The value that `text` stands for; ValueError has the reason in Go's words."""
    if not flag.kind:
        if text not in TRUE | FALSE:
            raise ValueError(f"strconv.ParseBool: parsing {go_quote(text)}: invalid syntax")
        return text in TRUE
    if flag.kind == "int":
        return _number(text)
    if flag.kind == "filter":
        return _filter(text)
    if flag.name in ("env", "build-arg") and not text.partition("=")[0]:
        raise ValueError(f"invalid environment variable: {text}")
    if flag.name == "label":
        _check_label(text)
    elif flag.kind == "mount":
        parse_mount(text)
    elif flag.name == "tag":
        parse_reference(text)
    return (text,) if flag.kind in REPEATED else text


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"strconv.ParseInt: parsing {go_quote(text)}: invalid syntax")
    # Go reads a leading 0 as octal, Python wants 0o.
    number = int(re.sub(r"^([+-]?)0(?=[0-7_])", r"\g<1>0o", text), 0)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"strconv.ParseInt: parsing {go_quote(text)}: value out of range")
    return number


def _filter(text: str) -> tuple[str, ...]:
    """One `name=value`, its name in lower case and no blanks around either (opts.FilterOpt)."""
    name, equals, value = text.partition("=")
    if text and not equals:
        raise ValueError("bad format of filter (expected name=value)")
    return (f"{name.strip().lower()}={value.strip()}",) if text else ()


def _check_label(text: str) -> None:
    name = text.partition("=")[0].lstrip(_BLANKS)
    if not name:
        raise ValueError(f"invalid label '{text}': empty name")
    if any(blank in name for blank in _BLANKS):
        raise ValueError(f"label '{name}' contains whitespaces")
