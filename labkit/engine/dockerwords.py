"""Words of a Dockerfile's line, and the variables in them (moby, frontend/dockerfile/shell and parser)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from labkit.errors import DaemonError

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+?])([^}]*))?\})", re.ASCII)


def pairs(name: str, text: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the names and values of `A=1 B="two words"`, or of the older form `A all the rest`.

    Raises DaemonError for a word without `=`.

    >>> pairs("ENV", 'A=1 B="two words"', {}), pairs("ENV", "A all $the rest", {"the": "a"})
    ({'A': '1', 'B': 'two words'}, {'A': 'all a rest'})
    """
    words = split(text)
    if words and "=" not in words[0]:
        key, _, rest = text.partition(" ")
        if not rest.strip():
            raise DaemonError(f"{name} must have two arguments")
        return {expand(key, env): expand(rest.strip(), env)}
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise DaemonError(
                f"Syntax error - can't find = in {json.dumps(word)}. Must be of the form: name=value"
            )
        found[expand(key, env)] = expand(value, env)
    return found


def split(text: str) -> list[str]:
    r"""Return the words of a line, with their quotes and backslashes.

    >>> split('a "b c" d\\ e')
    ['a', '"b c"', 'd\\ e']
    """
    words, word, quote, escaped = [], "", "", False
    for character in text:
        if character.isspace() and not quote and not escaped:
            words.append(word)
            word = ""
            continue
        word += character
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif character == quote:
            quote = ""
        elif character in "\"'" and not quote:
            quote = character
    return [each for each in [*words, word] if each]


def expand_words(text: str, env: Mapping[str, str]) -> list[str]:
    """Return the words of a line without quotes, variables replaced.

    >>> expand_words("$A 'b c'", {"A": "1"})
    ['1', 'b c']
    """
    return [each for word in split(text) if (each := expand(word, env))]


def expand(text: str, env: Mapping[str, str]) -> str:
    r"""Return a word without its quotes, variables replaced by their values.

    >>> expand("\"$A\" '$A' \\$A ${A:-x} ${B:-x}", {"A": "1"})
    '1 $A $A 1 x'
    """
    out, at, quote = "", 0, ""
    while at < len(text):
        character = text[at]
        match = _VARIABLE.match(text, at) if character == "$" and quote != "'" else None
        if match:
            out += _value(match, env)
            at = match.end()
            continue
        if character == "\\" and quote != "'" and at + 1 < len(text):
            following = text[at + 1]
            out += following if not quote or following in '"$\\' else character + following
            at += 2
            continue
        if character in "\"'" and quote in ("", character):
            quote = "" if quote else character
        else:
            out += character
        at += 1
    return out


def _value(match: re.Match[str], env: Mapping[str, str]) -> str:
    plain, braced, operator, word = match.groups()
    value = env.get(plain or braced, "")
    if operator in (":-", "-"):
        return value or expand(word, env)
    if operator in (":+", "+"):
        return expand(word, env) if value else ""
    return value
