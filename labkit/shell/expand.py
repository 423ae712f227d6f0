"""Words to fields: parameters, substitutions, arithmetic, splitting, file names (POSIX, Shell, 2.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from labkit.base.errors import FileSystemError
from labkit.shell.conversions import encode
from labkit.shell.parser import Arithmetic, Literal, Parameter, Substitution, Word
from labkit.shell.patterns import glob, has_glob
from labkit.shell.state import ShellState
from labkit.shell.task import Task
from labkit.shell.users import home_of

# Arithmetic, 64 bits wide (2.6.4): + - * / %, comparisons and parentheses; no assignments, bits or logic.

_TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|[<>=!]=|[-+*/%<>!()])", re.ASCII)
_LEVELS = (("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))


class BadArithmetic(Exception):
    """An expression that cannot be computed, in ash's words."""


def evaluate(expression: str, variables: Mapping[str, str]) -> int:
    """Return the value of an expression; raises BadArithmetic.

    >>> evaluate("2 * (3 + x)", {"x": "4"})
    14
    """
    tokens: list[str] = []
    position = 0
    stripped = expression.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise BadArithmetic("arithmetic syntax error")
        tokens.append(match[1])
        position = match.end()
    if not tokens:
        return 0
    tokens.reverse()
    value = _binary(tokens, variables, 0)
    if tokens:
        raise BadArithmetic("arithmetic syntax error")
    return value


def _wrap(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise BadArithmetic("divide by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": lambda a, b: a - b * _divide(a, b),
}


def _binary(tokens: list[str], variables: Mapping[str, str], level: int) -> int:
    """Compute an expression of one level of precedence; `tokens` is a stack of what is left."""
    if level == len(_LEVELS):
        return _unary(tokens, variables)
    value = _binary(tokens, variables, level + 1)
    while tokens and tokens[-1] in _LEVELS[level]:
        operator = tokens.pop()
        value = _wrap(_OPERATIONS[operator](value, _binary(tokens, variables, level + 1)))
    return value


def _unary(tokens: list[str], variables: Mapping[str, str]) -> int:
    token = tokens.pop() if tokens else ""
    if token in ("-", "+", "!"):
        value = _unary(tokens, variables)
        return {"-": -value, "+": value, "!": int(not value)}[token]
    if token == "(":
        value = _binary(tokens, variables, 0)
        if not tokens or tokens.pop() != ")":
            raise BadArithmetic("arithmetic syntax error")
        return value
    text = variables.get(token, "0").strip() or "0" if re.match(r"[A-Za-z_]", token) else token
    try:
        octal = re.fullmatch(r"[+-]?0\d+", text)
        return _wrap(int(text, 8 if octal else 0))
    except ValueError:
        raise BadArithmetic("arithmetic syntax error") from None


# Expansion.

_A_WORD = 50  # bytes that Python takes for a text besides its letters
Segments = list[tuple[str, bool]]
"""The text of a field, each part with whether it was quoted."""


class ExpansionError(Exception):
    """A word that cannot be expanded; the shell stops with exit code 2."""


def fields(shell: ShellState, words: Iterable[Word]) -> list[str]:
    """Return the fields that words expand to."""
    out: list[str] = []
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


def string(shell: ShellState, word: Word) -> str:
    """Return the text that a word expands to, unsplit: for assignments, redirections and here-documents."""
    collector = _Collector(shell)
    collector.word(_with_tilde(shell, word), split=False)
    return "".join(_plain(segments) for segments in collector.fields)


def _plain(segments: Segments) -> str:
    return "".join(text for text, _ in segments)


def _with_tilde(shell: ShellState, word: Word) -> Word:
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

    def __init__(self, shell: ShellState) -> None:
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
                self._value(str(self._compute(part.expression)), part.quoted, split)

    def _value(self, text: str, quoted: bool, split: bool) -> None:
        if quoted or not split:
            self.add(text, quoted)
        else:
            self.add_split(text)

    def _compute(self, expression: Word) -> int:
        try:
            return evaluate(string(self._shell, expression), self._shell.variables)
        except BadArithmetic as error:
            raise ExpansionError(str(error)) from None

    def _parameter(self, part: Parameter, split: bool) -> None:
        if part.name in ("@", "*") and not part.operator:
            self._arguments(part, split)
            return
        shell, operator = self._shell, part.operator
        value = " ".join(shell.arguments) if part.name in "@*" else shell.special(part.name)
        missing = value is None or (operator.startswith(":") and not value)
        action = operator[-1:]
        if missing and (action == "?" or (not action and "u" in shell.options)):
            unset = "parameter not set or null" if operator.startswith(":") else "parameter not set"
            raise ExpansionError(f"{part.name}: {string(shell, part.word) if part.word else unset}")
        if missing and action == "=":
            value = string(shell, part.word)
            shell.assign(part.name, value)
        if (action == "-" and missing) or (action == "+" and not missing):
            self._default(part, split)
        elif action != "+":
            self._value(value or "", part.quoted, split)

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
        following: list[str] = []
        for prefix in found:
            following.extend(_matches(task, prefix, part, last))
        found = [path if last else path + "/" for path in following]
    return sorted(found, key=encode)


def _matches(task: Task, prefix: str, part: Segments, last: bool) -> list[str]:
    name = _plain(part)
    if not has_glob(part):
        return [prefix + name] if not name or not last or task.stat(prefix + name, False) else []
    try:
        names = task.listdir(prefix or ".")
        wanted = glob(part)
    except FileSystemError:
        return []
    hidden = name.startswith(".")
    entries = [".", "..", *names] if hidden else names
    matching = [prefix + entry for entry in entries
                if (hidden or not entry.startswith(".")) and wanted.fullmatch(entry)]  # fmt: skip
    return matching if last else [path for path in matching if task.is_dir(path)]
