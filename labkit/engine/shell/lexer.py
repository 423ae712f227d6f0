"""The shell's tokens and words (POSIX.1-2017, Shell Command Language, 2.2 and 2.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from labkit.engine.shell import syntax
from labkit.engine.shell.syntax import Literal, Node, Parameter, Part, ShellSyntaxError, Word

OPERATORS = ("&&", "||", ";;", "&>", "<<-", "<<", ">>", "<&", ">&", "<>", ";", "&", "|", "(", ")", "<", ">")
REDIRECTIONS = frozenset(("<", ">", ">>", "<<", "<<-", "<&", ">&", "<>", "&>"))
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$]")
_OPERATOR = re.compile(r":?[-=?+]")
MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Token:
    """An operator, "newline", "end of file" or a word; `raw` is the text of a word without any quoting."""

    kind: str
    word: Word = ()
    raw: str | None = None
    fd: int | None = None


@dataclass(slots=True)
class Lexer:
    """Reads tokens from a script's text; `parse_body` parses the commands of a substitution."""

    text: str
    parse_body: Callable[[Lexer], Node]
    position: int = 0
    depth: int = 0
    line: int = 1
    jumps: dict[int, int] = field(default_factory=dict)
    """Where the text goes on behind lines after which there are here-documents."""

    def __post_init__(self) -> None:
        if self.depth > MAX_DEPTH:
            raise self.error("too many nested commands")

    def error(self, message: str) -> ShellSyntaxError:
        """Return the error that stops the parser here."""
        return ShellSyntaxError(f"syntax error: {message}", self.here())

    def here(self) -> int:
        """Return the number of the line that is being read."""
        return self.text.count("\n", 0, self.position) + self.line

    def lacks(self, what: str) -> ShellSyntaxError:
        """Return the error for what a shell has and this one leaves out."""
        return self.error(f"labkit's shell has no {what}")

    def token(self) -> Token:
        """Return the next token and move behind it."""
        text = self.text
        self._skip_blanks()
        if self.position >= len(text):
            return Token("end of file")
        if text[self.position] == "\n":
            self.position = self.jumps.get(self.position, self.position + 1)
            return Token("newline")
        for operator in OPERATORS:
            if text.startswith(operator, self.position):
                self.position += len(operator)
                return Token(operator)
        start = self.position
        word = self.word_until(" \t\n;&|<>()")
        raw = text[start : self.position]
        if raw.isdecimal() and len(raw) < 4 and text[self.position : self.position + 1] in ("<", ">"):
            operator = next(op for op in OPERATORS if text.startswith(op, self.position))
            self.position += len(operator)
            return Token(operator, fd=int(raw))
        plain = len(word) == 1 and isinstance(word[0], Literal) and not word[0].quoted and word[0].text == raw
        return Token("word", word, raw if plain else None)

    def _skip_blanks(self) -> None:
        text = self.text
        while self.position < len(text):
            if text[self.position] in " \t":
                self.position += 1
            elif text.startswith("\\\n", self.position):
                self.position += 2
            elif text[self.position] == "#":
                end = text.find("\n", self.position)
                self.position = len(text) if end < 0 else end
            else:
                return

    def word_until(self, stops: str, quoted: bool = False) -> Word:
        """Read parts up to a character of `stops`, which is not consumed."""
        parts: list[Part] = []
        plain: list[str] = []

        def flush() -> None:
            if plain:
                parts.append(Literal("".join(plain), quoted))
                plain.clear()

        text = self.text
        while self.position < len(text) and text[self.position] not in stops:
            char = text[self.position]
            if char == "\\":
                following = text[self.position + 1 : self.position + 2]
                self.position += 2
                if following == "\n":
                    continue
                if quoted and following not in ("$", "`", '"', "\\"):
                    plain.append("\\" + following)
                    continue
                flush()
                parts.append(Literal(following or "\\", True))
            elif char == "'" and not quoted:
                flush()
                end = text.find("'", self.position + 1)
                if end < 0:
                    self.position = len(text)
                    raise self.error("unterminated quoted string")
                parts.append(Literal(text[self.position + 1 : end], True))
                self.position = end + 1
            elif char == '"' and '"' not in stops:
                flush()
                parts.extend(self._double_quoted())
            elif char in "$`":
                flush()
                parts.append(self._expansion(quoted))
            else:
                plain.append(char)
                self.position += 1
        flush()
        return tuple(parts)

    def _double_quoted(self) -> Word:
        self.position += 1
        word = self.word_until('"', quoted=True)
        if self.position >= len(self.text):
            raise self.error("unterminated quoted string")
        self.position += 1
        return word or (Literal("", True),)

    def _expansion(self, quoted: bool) -> Part:
        text = self.text
        if text[self.position] == "`":
            return syntax.Substitution(self._backquoted(quoted), quoted)
        if text.startswith("$((", self.position):
            arithmetic = self._arithmetic(quoted)
            if arithmetic is not None:
                return arithmetic
        if text.startswith("$(", self.position):
            inner = replace(self, position=self.position + 2, depth=self.depth + 1)
            body = self.parse_body(inner)
            self.position = inner.position
            return syntax.Substitution(body, quoted)
        if text.startswith("${", self.position):
            self.position += 2
            return self._braced(quoted)
        if text.startswith("$'", self.position) and not quoted:
            raise self.lacks("$'…'")
        match = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$]").match(text, self.position + 1)
        if match is None:
            self.position += 1
            return Literal("$", quoted)
        self.position = match.end()
        return Parameter(match.group(), quoted=quoted)

    def _braced(self, quoted: bool) -> Parameter:
        text = self.text
        name = _PARAMETER.match(text, self.position)
        if name is None:
            raise self.error("bad substitution")
        self.position = name.end()
        found = _OPERATOR.match(text, self.position)
        operator = found.group() if found else ""
        self.position += len(operator)
        following = text[self.position : self.position + 1]
        if not operator and (name.group() == "#" != following != "}" or following in tuple("%#/:")):
            raise self.lacks("${#x}" if name.group() == "#" else f"${{x{following}…}}")
        word = self.word_until("}", quoted)
        if self.position >= len(text):
            raise self.error("missing '}'")
        if word and not operator:
            raise self.error("bad substitution")
        self.position += 1
        return Parameter(name.group(), operator, word, quoted)

    def _arithmetic(self, quoted: bool) -> syntax.Arithmetic | None:
        start, depth = self.position + 3, 0
        for index in range(start, len(self.text)):
            char = self.text[index]
            if char == "(":
                depth += 1
            elif char == ")" and depth:
                depth -= 1
            elif char == ")":
                if self.text[index + 1 : index + 2] != ")":
                    return None
                inner = Lexer(self.text[start:index], self.parse_body, depth=self.depth + 1)
                self.position = index + 2
                return syntax.Arithmetic(inner.word_until("", quoted=True), quoted)
        raise self.error("missing '))'")

    def _backquoted(self, quoted: bool) -> Node:
        end = self.position + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.error("EOF in backquote substitution")
        escaped = r'\\([\\$`"])' if quoted else r"\\([\\$`])"
        body = re.sub(escaped, r"\1", self.text[self.position + 1 : end])
        self.position = end + 1
        inner = Lexer(body + "\n)", self.parse_body, depth=self.depth + 1)
        return self.parse_body(inner)

    def here_document(self, delimiter: Word, strip: bool) -> Word:
        """Read the lines after this one up to the delimiter; expand them unless the delimiter was quoted."""
        end_of_line = self.text.find("\n", self.position)
        if end_of_line < 0:
            return ()
        start = self.jumps.get(end_of_line, end_of_line + 1)
        literal = any(isinstance(part, Literal) and part.quoted for part in delimiter)
        stop = "".join(part.text for part in delimiter if isinstance(part, Literal))
        lines: list[str] = []
        while start < len(self.text):
            end = self.text.find("\n", start)
            end = len(self.text) if end < 0 else end
            line = self.text[start:end]
            start = end + 1
            line = line.lstrip("\t") if strip else line
            if line == stop:
                break
            lines.append(line + "\n" if start <= len(self.text) else line)
        self.jumps[end_of_line] = min(start, len(self.text))
        body = "".join(lines)
        if literal:
            return (Literal(body, True),)
        return Lexer(body, self.parse_body, depth=self.depth + 1).word_until("", quoted=True)


def assignment(word: Word) -> tuple[str, Word] | None:
    """Return the name and the value where a word is an assignment.

    >>> assignment((Literal("A=b"),))
    ('A', (Literal(text='b', quoted=False),))
    """
    if not word or not isinstance(word[0], Literal) or word[0].quoted:
        return None
    match = _NAME.match(word[0].text)
    if match is None or word[0].text[match.end() : match.end() + 1] != "=":
        return None
    rest = word[0].text[match.end() + 1 :]
    return match.group(), ((Literal(rest),) if rest else ()) + word[1:]
