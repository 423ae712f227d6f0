"""Words to fields: parameters, substitutions, arithmetic, splitting, file names (POSIX, Shell, 2.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from labkit.base.errors import FileSystemError
from labkit.shell.conversions import encode
from labkit.shell.parser import Arithmetic, Literal, Parameter, Substitution, Word
from labkit.shell.patterns import glob, has_glob
from labkit.shell.task import Task
from labkit.shell.users import home_of

if TYPE_CHECKING:
    from labkit.shell.interp import Shell

# Arithmetic, 64 bits wide (2.6.4), with C's operators and `**`; what changes a variable is left out.

_TOKEN = re.compile(
    r"0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\*\*|<<|>>|&&|\|\||[<>=!]=|[-+*/%<>!~()&|^]|\S", re.ASCII
)
_LEFT_OUT = re.compile(r"\+\+|--|(?:<<|>>|[-+*/%&^|])?(?<![<>=!])=(?!=)|<<=|>>=|[?,]")
_LEVELS = (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"),
           ("+", "-"), ("*", "/", "%"), ("**",))  # fmt: skip


class ExpansionError(Exception):
    """A word that cannot be expanded, in ash's words; the shell stops with exit code 2."""


def evaluate(expression: str, variables: Mapping[str, str]) -> int:
    """Return the value of an expression; raises ExpansionError.

    >>> evaluate("2 * (3 + x)", {"x": "4"})
    14
    """
    if found := _LEFT_OUT.search(expression):
        raise ExpansionError(f"{found[0]} in $((...)) is not simulated, X=$((X + 1)) is")
    calculator = _Calculator(_TOKEN.findall(expression)[::-1] or ["0"], variables)
    value = calculator.binary()
    if calculator.tokens:
        raise ExpansionError("arithmetic syntax error")
    return value


def _wrap(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise ExpansionError("divide by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _power(left: int, right: int) -> int:
    if right < 0:
        raise ExpansionError("exponent less than 0")
    return pow(left, right, 1 << 64)


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(a != 0 or b != 0), "&&": lambda a, b: int(a != 0 and b != 0),
    "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "&": lambda a, b: a & b,
    "==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b), "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b), "<=": lambda a, b: int(a <= b), ">=": lambda a, b: int(a >= b),
    "<<": lambda a, b: a << (b & 63), ">>": lambda a, b: a >> (b & 63), "+": lambda a, b: a + b,
    "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": _divide, "%": lambda a, b: a - b * _divide(a, b),
    "**": _power,
}  # fmt: skip


@dataclass(slots=True)
class _Calculator:
    """Computes from a stack of tokens. As in busybox, each operand is computed, wanted or not."""

    tokens: list[str]
    variables: Mapping[str, str]

    def accept(self, *wanted: str) -> str:
        return self.tokens.pop() if self.tokens and self.tokens[-1] in wanted else ""

    def binary(self, level: int = 0) -> int:
        """Compute an expression of one level of precedence."""
        if level == len(_LEVELS):
            return self.unary()
        value = self.binary(level + 1)
        while operator := self.accept(*_LEVELS[level]):
            right = self.binary(level + (operator != "**"))
            value = _wrap(_OPERATIONS[operator](value, right))
        return value

    def unary(self) -> int:
        if operator := self.accept("-", "+", "!", "~"):
            value = self.unary()
            return {"-": _wrap(-value), "+": value, "!": int(not value), "~": ~value}[operator]
        if self.accept("("):
            value = self.binary()
            if not self.accept(")"):
                raise ExpansionError("arithmetic syntax error")
            return value
        return self.value(self.tokens.pop() if self.tokens else "")

    def value(self, token: str) -> int:
        text = self.variables.get(token, "0").strip() or "0" if re.match(r"[A-Za-z_]", token) else token
        try:
            octal = re.fullmatch(r"[+-]?0\d+", text)
            return _wrap(int(text, 8 if octal else 0))
        except ValueError:
            raise ExpansionError("arithmetic syntax error") from None


# Expansion.

_MOST_WORDS = 100_000
_A_WORD = 50  # bytes that Python takes for a text besides its letters
Segments = list[tuple[str, bool]]
"""The text of a field, each part with whether it was quoted."""


def fields(shell: Shell, words: Iterable[Word]) -> list[str]:
    """Return the fields that words expand to."""
    out: list[str] = []
    if shell.flavour == "bash":
        words = [each for word in words for each in braced(word)]
    for word in words:
        shell.task.run.hold(_A_WORD)
        if len(word) == 1 and isinstance(word[0], Literal) and (word[0].quoted or word[0].text.isalnum()):
            out.append(word[0].text)
            continue
        collector = _Collector(shell)
        collector.word(_with_tilde(shell, word), split=True)
        for segments in collector.fields:
            names = file_names(shell.task, segments) if has_glob(segments) else []
            out.extend(names or [_plain(segments)])
    return out


def braced(word: Word) -> Iterator[Word]:
    """Yield the words that a word with `{a,b}` or `{1..3}` in it stands for (bash, Brace Expansion).

    >>> [word[0].text for word in braced((Literal("a{b,c}{1..2}"),))]
    ['ab1', 'ab2', 'ac1', 'ac2']
    """
    if not any(isinstance(part, Literal) and not part.quoted and "{" in part.text for part in word):
        yield word
        return
    # What cannot be a brace stands as its number between two NULs, which no text has.
    text = "".join(
        part.text if isinstance(part, Literal) and not part.quoted else f"\0{index}\0"
        for index, part in enumerate(word)
    )
    for each in _alternatives(text):
        pieces = each.split("\0")
        yield tuple(
            word[int(piece)] if index % 2 else Literal(piece)
            for index, piece in enumerate(pieces)
            if piece or len(pieces) == 1
        )


def _alternatives(text: str) -> Iterator[str]:
    for opened in re.finditer(r"\{", text):
        start, depth, cuts = opened.start(), 0, [opened.start()]
        for at in range(start, len(text)):
            depth += (text[at] == "{") - (text[at] == "}")
            if text[at] == "," and depth == 1:
                cuts.append(at)
            if depth == 0:
                break
        else:
            continue
        parts = [text[left + 1 : right] for left, right in pairwise([*cuts, at])]
        if len(parts) == 1:
            middles = _sequence(parts[0])
        else:
            middles = [each for part in parts for each in _alternatives(part)]
        if middles:
            yield from (
                text[:start] + each + rest for each in middles for rest in _alternatives(text[at + 1 :])
            )
            return
    yield text


def _sequence(text: str) -> list[str]:
    """Return the words of `1..3` or `a..e`; none where it is none."""
    match = re.fullmatch(r"(-?\d{1,9})\.\.(-?\d{1,9})|([A-Za-z])\.\.([A-Za-z])", text)
    if match is None:
        return []
    first, last = (int(match[1]), int(match[2])) if match[1] else (ord(match[3]), ord(match[4]))
    if abs(last - first) > _MOST_WORDS:
        raise ExpansionError("brace expansion: too many words")
    values = range(first, last + 1) if first <= last else range(first, last - 1, -1)
    width = max(map(len, match.group(1, 2))) if match[1] and re.search(r"(^|\.)-?0\d", text) else 0
    return [f"{value:0{width}}" if match[1] else chr(value) for value in values]


def string(shell: Shell, word: Word) -> str:
    """Return the text that a word expands to, unsplit: for assignments, redirections and here-documents."""
    return _plain(pattern_of(shell, word))


def pattern_of(shell: Shell, word: Word) -> Segments:
    """Return the text that a word expands to, each part with whether it was quoted: a pattern."""
    collector = _Collector(shell)
    collector.word(_with_tilde(shell, word), split=False)
    return [segment for field in collector.fields for segment in field]


def _plain(segments: Segments) -> str:
    return "".join(text for text, _ in segments)


def _with_tilde(shell: Shell, word: Word) -> Word:
    if not word or not isinstance(word[0], Literal) or word[0].quoted or not word[0].text.startswith("~"):
        return word
    user, slash, rest = word[0].text[1:].partition("/")
    if not slash and len(word) > 1:
        return word
    home = home_of(shell.task.fs, user) if user else shell.variables.get("HOME")
    if home is None:
        return word
    return (Literal(home, True), Literal(slash + rest), *word[1:])


class _Collector:
    """Gathers segments into fields."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.fields: list[Segments] = []
        self._open = False

    def add(self, text: str, quoted: bool) -> None:
        self._shell.task.run.hold(len(text) + _A_WORD)
        if not self._open:
            self.fields.append([])
            self._open = True
        self.fields[-1].append((text, quoted))

    def add_split(self, text: str) -> None:
        # White space of IFS around a field vanishes, in any number; each other separator, with the white
        # space beside it, ends a field even where that is empty: `a::b` has three (POSIX, 2.6.5).
        separators = self._shell.variables.get("IFS", " \t\n")
        spaces = "".join(char for char in separators if char in " \t\n")
        others = "".join(char for char in separators if char not in " \t\n")
        space = f"[{re.escape(spaces)}]" if spaces else "(?!)"
        other = f"{space}*[{re.escape(others)}]{space}*|" if others else ""
        start = 0
        for match in re.finditer(f"{other}{space}+", text):
            if match.start() > start or (match.group().strip(spaces) and not self._open):
                self.add(text[start : match.start()], False)
            self._open = False
            start = match.end()
        if start < len(text):
            self.add(text[start:], False)

    def word(self, word: Word, *, split: bool) -> None:
        for part in word:
            if isinstance(part, Literal):
                self.add(part.text, part.quoted)
            elif isinstance(part, Parameter):
                self._parameter(part, split)
            elif isinstance(part, Substitution):
                self._value(self._shell.output_of(part.body), part.quoted, split)
            elif isinstance(part, Arithmetic):
                value = evaluate(string(self._shell, part.expression), self._shell.variables)
                self._value(str(value), part.quoted, split)

    def _value(self, text: str, quoted: bool, split: bool) -> None:
        if quoted or not split:
            self.add(text, quoted)
        else:
            self.add_split(text)

    def _parameter(self, part: Parameter, split: bool) -> None:
        if part.name in ("@", "*") and not part.operator:
            self._arguments(part, split)
            return
        shell, operator = self._shell, part.operator
        if operator == "length" and part.name in "@*" and shell.flavour != "ash":
            part, operator = Parameter("#", quoted=part.quoted), ""
        value = " ".join(shell.arguments) if part.name in "@*" else shell.special(part.name)
        missing = value is None or (operator.startswith(":") and not value)
        action = operator[-1:] if operator[-1:] in tuple("-=?+") else ""
        if missing and (action == "?" or (not action and "u" in shell.options)):
            unset = "parameter not set or null" if operator.startswith(":") else "parameter not set"
            raise ExpansionError(f"{part.name}: {string(shell, part.word) if part.word else unset}")
        if missing and action == "=":
            value = string(shell, part.word)
            shell.assign(part.name, value)
        if (action == "-" and missing) or (action == "+" and not missing):
            self._default(part, split)
        elif action != "+":
            text = value or ""
            self._value(text if action else _changed(shell, text, part), part.quoted, split)

    def _default(self, part: Parameter, split: bool) -> None:
        if not part.word and part.quoted:
            self.add("", True)
        for piece in _with_tilde(self._shell, part.word):
            if isinstance(piece, Literal) and not piece.quoted:
                self._value(piece.text, part.quoted, split)
            else:
                self.word((piece,), split=split)

    def _arguments(self, part: Parameter, split: bool) -> None:
        arguments = self._shell.arguments
        if part.quoted and part.name == "*":
            self.add(self._shell.variables.get("IFS", " ")[:1].join(arguments), True)
            return
        # "$@" is a field for each argument. The first belongs to what stands before it in the word, the last
        # to what comes behind; without arguments no field is left, not even an empty one (POSIX, 2.5.2).
        for index, argument in enumerate(arguments):
            if index:
                if split:
                    self._open = False
                else:
                    self.add(" ", True)
            self._value(argument, part.quoted, split)


def _changed(shell: Shell, text: str, part: Parameter) -> str:
    """Return a parameter's value after `#` or `%`, or as its length."""
    if part.operator == "length":
        return str(len(text))
    return _trimmed(shell, text, part) if part.operator else text


def _trimmed(shell: Shell, text: str, part: Parameter) -> str:
    """Return a text without the shortest or longest piece at its beginning or end that a pattern matches."""
    pattern, front = glob(pattern_of(shell, part.word)), part.operator[0] == "#"
    sizes = range(len(text), -1, -1) if len(part.operator) > 1 else range(len(text) + 1)
    for size in sizes:
        shell.task.run.hold(size)
        rest = len(text) - size
        if pattern.fullmatch(text[:size] if front else text[rest:]):
            return text[size:] if front else text[:rest]
    return text


def file_names(task: Task, segments: Segments) -> list[str]:
    """Return the sorted paths that match a pattern; none where nothing does."""
    parts: list[Segments] = [[]]
    for text, quoted in segments:
        for index, piece in enumerate(text.split("/")):
            if index:
                parts.append([])
            parts[-1].append((piece, quoted))
    found = [""]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        task.run.hold(sum(len(path) + _A_WORD for path in found))
        found = [path for prefix in found for path in _matches(task, prefix, part, last)]
    return sorted(found, key=encode)


def _matches(task: Task, prefix: str, part: Segments, last: bool) -> list[str]:
    name, end = _plain(part), "" if last else "/"
    if not has_glob(part):
        return [prefix + name + end] if not name or not last or task.stat(prefix + name, False) else []
    try:
        names = task.listdir(prefix or ".")
        wanted = glob(part)
    except FileSystemError:
        return []
    hidden = name.startswith(".")
    entries = [".", "..", *names] if hidden else names
    matching = [each for each in entries if (hidden or each[0] != ".") and wanted.fullmatch(each)]
    return [prefix + each + end for each in matching if last or task.is_dir(prefix + each)]
