"""From a script's text to its syntax tree (POSIX.1-2017, Shell Command Language, 2.10 Shell Grammar).

What it refuses it refuses in the words of busybox's ash. A script is parsed one complete command at a
time, so that the lines before a mistake have run when it is found. What ash and bash have beyond POSIX is
read where the `flavour` of the shell has it: "ash", "bash" or "dash".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from labkit.shell.conversions import decode, unescape

# The shell's abstract syntax: a script as immutable values (POSIX.1-2017, Shell Command Language).


class ShellSyntaxError(Exception):
    """A script that the grammar refuses, in busybox ash's words, and the line on which it was noticed.

    `at_end` says whether the text only ended too soon, `left_out` what bash would read.
    """

    def __init__(self, message: str, line: int, at_end: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.at_end = at_end
        self.left_out = ""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself; a quoted one is neither split nor matched against file names."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name` or `${name}`, with an operator such as `:-` and its word.

    `${#name}` has the operator "length".
    """

    name: str
    operator: str = ""
    word: Word = ()
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(…)` or backquotes: the output of commands."""

    body: Node
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((…))`."""

    expression: Word
    quoted: bool = False


Part: TypeAlias = Literal | Parameter | Substitution | Arithmetic
Word: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """`2> file`; a here-document has the operator `<<` and its text as the word."""

    fd: int
    operator: str
    word: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, words and redirections: `LANG=C ls -l > list`."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`."""

    stages: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """`! body`, `body &` or `( body )`, by the first sign."""

    sign: str
    body: Node


@dataclass(frozen=True, slots=True)
class CommandList:
    """Commands one after the other, each with what stands before it: `;`, `&&` or `||`."""

    items: Rest


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command and its redirections."""

    body: Node
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class If:
    """Pairs of condition and body, tried in order, and what `else` holds."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class Loop:
    """`while`, or `until` with the wanted status turned round."""

    condition: Node
    body: Node
    until: bool


@dataclass(frozen=True, slots=True)
class For:
    """`for name in words`; without words the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: Node


@dataclass(frozen=True, slots=True)
class Case:
    """`case word in`: for each branch its patterns and its body."""

    word: Word
    branches: tuple[tuple[tuple[Word, ...], Node], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """`name() body`."""

    name: str
    body: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """`[[ words ]]`."""

    words: tuple[Word, ...]


Node: TypeAlias = (
    Simple | Pipeline | Signed | CommandList | Redirected | If | Loop | For | Case | Function | Condition
)
Rest: TypeAlias = tuple[tuple[str, Node], ...]
"""Commands that are still to be run, each after `;`, `&&` or `||`."""


# The shell's tokens and words (POSIX.1-2017, Shell Command Language, 2.2 and 2.3).

OPERATORS = tuple("&& || ;; &> <<< <<- << >> <& >& <> ; & | ( ) < >".split())
REDIRECTIONS = frozenset(("<", ">", ">>", "<<<", "<<", "<<-", "<&", ">&", "<>", "&>"))
FLAVOURS = ("ash", "bash", "dash")
_BEYOND = {"&>": ("ash", "bash"), "<<<": ("bash",)}
"""Operators that not every shell has, and the flavours that do."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$-]")
_OPERATOR = re.compile(r":?[-=?+]|%%?|##?")
_LEFT_OUT = re.compile(r"[:/^,@]")
"""What begins bash's operators of a parameter that are left out."""
_DESCRIPTOR = re.compile(r"[0-9]{1,3}")
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
    """Reads tokens from a script's text."""

    text: str
    position: int = 0
    depth: int = 0
    line: int = 1
    flavour: str = "ash"
    jumps: dict[int, int] = field(default_factory=dict)
    """Where the text goes on behind lines after which there are here-documents."""
    open: list[str] = field(default_factory=list)
    """What the text ends in: here-documents, and a line that a backslash joins to the next one."""

    def __post_init__(self) -> None:
        if self.depth > MAX_DEPTH:
            raise self.error("too many nested commands")

    def error(self, message: str) -> ShellSyntaxError:
        """Return the error that stops the parser here."""
        return ShellSyntaxError(f"syntax error: {message}", self.here(), self.position >= len(self.text))

    def here(self) -> int:
        """Return the number of the line that is being read."""
        return self.text.count("\n", 0, self.position) + self.line

    def inner(self, text: str) -> Lexer:
        """Return a lexer for a text within this one."""
        return Lexer(text, depth=self.depth + 1, flavour=self.flavour)

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
            if text.startswith(operator, self.position) and self.flavour in _BEYOND.get(operator, FLAVOURS):
                self.position += len(operator)
                return Token(operator)
        start = self.position
        word = self.word_until(" \t\n;&|<>()")
        raw = text[start : self.position]
        if _DESCRIPTOR.fullmatch(raw) and text[self.position : self.position + 1] in ("<", ">"):
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
                self._join()
            elif text[self.position] == "#":
                end = text.find("\n", self.position)
                self.position = len(text) if end < 0 else end
            else:
                return

    def _join(self) -> None:
        self.position += 2
        if self.position >= len(self.text):
            self.open.append("\\")

    def word_until(self, stops: str, quoted: bool = False, *, here: bool = False) -> Word:
        """Read parts up to a character of `stops`, which is not consumed.

        `here` reads a here-document or arithmetic, where a double quote is a character like any other
        (POSIX, 2.7.4 and 2.6.4).
        """
        parts: list[Part] = []
        plain: list[str] = []
        escaped = (*"$`\\", "" if here else '"', *stops.strip('"'))

        def flush() -> None:
            if plain:
                parts.append(Literal("".join(plain), quoted))
                plain.clear()

        text = self.text
        while self.position < len(text) and text[self.position] not in stops:
            char = text[self.position]
            if char == "\\":
                following = text[self.position + 1 : self.position + 2]
                if following == "\n":
                    self._join()
                    continue
                self.position += 2
                if quoted and following not in escaped:
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
            elif char == '"' and not here:
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
            return Substitution(self._backquoted(quoted), quoted)
        if text.startswith("$((", self.position):
            arithmetic = self._arithmetic(quoted)
            if arithmetic is not None:
                return arithmetic
        if text.startswith("$(", self.position):
            inner = replace(self, position=self.position + 2, depth=self.depth + 1)
            body = _substitution(inner)
            self.position = inner.position
            return Substitution(body, quoted)
        if text.startswith("${", self.position):
            self.position += 2
            return self._braced(quoted)
        if text.startswith("$'", self.position) and not quoted and self.flavour != "dash":
            return self._with_escapes()
        match = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$-]").match(text, self.position + 1)
        if match is None:
            self.position += 1
            return Literal("$", quoted)
        self.position = match.end()
        return Parameter(match.group(), quoted=quoted)

    def _with_escapes(self) -> Literal:
        """Read `$'a\\tb'`."""
        match = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL).match(self.text, self.position)
        if match is None:
            self.position = len(self.text)
            raise self.error("unterminated quoted string")
        self.position = match.end()
        return Literal(decode(unescape(match[1])[0]), True)

    def _braced(self, quoted: bool) -> Parameter:
        text = self.text
        length = re.compile(r"#([A-Za-z_]\w*|[0-9]+|[@*#?$])\}", re.ASCII).match(text, self.position)
        if length:
            self.position = length.end()
            return Parameter(length[1], "length", quoted=quoted)
        name = _PARAMETER.match(text, self.position)
        if name is None:
            raise self.error("bad substitution")
        self.position = name.end()
        found = _OPERATOR.match(text, self.position)
        operator = found.group() if found else ""
        if (left_out := _LEFT_OUT.match(text, self.position)) and not operator and self.flavour != "dash":
            raise self.error(f"${{{name.group()}{left_out.group()}...}} is not simulated")
        self.position += len(operator)
        # A pattern within double quotes is not quoted by them (POSIX, 2.6.2).
        quotes = quoted and operator[-1:] in tuple("-=?+")
        word = self.word_until("}", quotes)
        if self.position >= len(text):
            raise self.error("missing '}'")
        if word and not operator:
            raise self.error("bad substitution")
        self.position += 1
        return Parameter(name.group(), operator, word, quoted)

    def _arithmetic(self, quoted: bool) -> Arithmetic | None:
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
                self.position = index + 2
                expression = self.inner(self.text[start:index]).word_until("", quoted=True, here=True)
                return Arithmetic(expression, quoted)
        self.position = len(self.text)
        raise self.error("missing '))'")

    def _backquoted(self, quoted: bool) -> Node:
        end = self.position + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            self.position = end
            raise self.error("EOF in backquote substitution")
        escaped = r'\\([\\$`"])' if quoted else r"\\([\\$`])"
        body = re.sub(escaped, r"\1", self.text[self.position + 1 : end])
        self.position = end + 1
        return _substitution(self.inner(body + "\n)\n"))

    def here_document(self, delimiter: Word, strip: bool) -> Word:
        """Read the lines after this one up to the delimiter; expand them unless the delimiter was quoted."""
        # The rest of this line, `| sort` in `cat <<E | sort`, comes before the text in the grammar and behind
        # it in the file (POSIX, 2.7.4). So the lines are taken out now: `jumps` says where to go on once the
        # end of this line is read, and a second document of the line starts where the first one ended.
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
        else:
            self.open.append(stop)
        self.jumps[end_of_line] = min(start, len(self.text))
        body = "".join(lines)
        if literal:
            return (Literal(body, True),)
        return self.inner(body).word_until("", True, here=True)


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


RESERVED = frozenset("! { } case do done elif else esac fi for if in then until while".split())
_CLOSERS = frozenset("} do done elif else esac fi then".split())
_ENDS = frozenset((")", ";;"))


class Parser:
    """A recursive-descent parser with one token of lookahead.

    >>> Parser("ls").complete_command().words
    ((Literal(text='ls', quoted=False),),)
    """

    def __init__(
        self, text: str, first_line: int = 1, lexer: Lexer | None = None, flavour: str = "ash"
    ) -> None:
        self._lexer = lexer or Lexer(text, line=first_line, flavour=flavour)
        self._next: Token | None = None
        self._depth = self._lexer.depth

    def complete_command(self) -> Node | None:
        """Return the commands up to the end of a line, or None at the end of the text."""
        self._skip_newlines()
        if self._peek().kind == "end of file":
            return None
        items: Rest = ()
        while not items or self._peek().kind not in ("newline", "end of file"):
            items += self._and_or()
            if not self._accept(";", "&") and self._peek().kind not in ("newline", "end of file"):
                raise self._unexpected(self._take())
        self._take()
        return _listed(items)

    def list_until(self, *, empty: bool = False) -> Node:
        """Return the commands up to a word or operator that ends a compound command's part."""
        items: Rest = ()
        self._skip_newlines()
        while (token := self._peek()).kind != "end of file":
            if (items or empty) and (token.kind in _ENDS or token.raw in _CLOSERS):
                break
            items += self._and_or()
            if not self._accept(";", "&") and self._peek().kind != "newline":
                break
            self._skip_newlines()
        return _listed(items)

    def _part(self, opening: str, closing: str = "") -> Node:
        """Return the commands between two words; the second is left where it is if it is not given."""
        self._expect(opening)
        body = self.list_until()
        if closing:
            self._expect(closing)
        return body

    def _and_or(self) -> Rest:
        """Return commands that `&&` and `||` join, as one where `&` sends them to the background."""
        items: Rest = ((";", self._pipeline()),)
        while self._peek().kind in ("&&", "||"):
            operator = self._take().kind
            self._skip_newlines()
            items += ((operator, self._pipeline()),)
        return ((";", Signed("&", _listed(items))),) if self._peek().kind == "&" else items

    def _pipeline(self) -> Node:
        if self._accept("!"):
            return Signed("!", self._pipeline())
        stages = [self._command()]
        while self._accept("|"):
            self._skip_newlines()
            stages.append(self._command())
        return stages[0] if len(stages) == 1 else Pipeline(tuple(stages))

    def _command(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._lexer.error("too many nested commands")
        node = self._compound()
        if node is None:
            node = self._simple()
        else:
            redirects = []
            while (redirect := self._redirect()) is not None:
                redirects.append(redirect)
            if redirects:
                node = Redirected(node, tuple(redirects))
        self._depth -= 1
        return node

    def _compound(self) -> Node | None:
        token = self._peek()
        if token.kind == "(":
            return Signed("(", self._part("(", ")"))
        if token.raw == "[[" and self._lexer.flavour != "dash":
            return self._condition()
        if self._lexer.flavour != "dash" and self._accept("function"):
            return self._function(self._take())
        if token.raw not in RESERVED or token.raw == "in":
            return None
        match token.raw:
            case "{":
                return self._part("{", "}")
            case "if":
                return self._if()
            case "while" | "until":
                return Loop(self._part(token.raw), self._part("do", "done"), token.raw == "until")
            case "for":
                return self._for()
            case "case":
                return self._case()
        raise self._unexpected(token)

    def _case(self) -> Case:
        self._take()
        word = self._expect("word").word
        self._skip_newlines()
        self._expect("in")
        self._skip_newlines()
        branches = []
        while not self._accept("esac"):
            self._accept("(")
            patterns = [self._expect("word").word]
            while self._accept("|"):
                patterns.append(self._expect("word").word)
            self._expect(")")
            branches.append((tuple(patterns), self.list_until(empty=True)))
            if self._peek().raw != "esac":
                self._expect(";;")
            self._skip_newlines()
        return Case(word, tuple(branches))

    def _function(self, name: Token) -> Function:
        if self._accept("("):
            self._expect(")")
        if name.raw is None or not _NAME.match(name.raw):
            raise self._lexer.error("bad function name")
        self._skip_newlines()
        return Function(name.raw, self._command())

    def _condition(self) -> Condition:
        self._take()
        words: list[Word] = []
        while (token := self._take()).raw != "]]":
            if token.kind not in ("word", "&&", "||", "<", ">", "(", ")"):
                raise self._unexpected(token, '"]]"')
            if token.raw == "=~":
                raise self._lexer.error("=~ in [[ ]] is not simulated")
            words.append(token.word or (Literal(token.kind),))
        return Condition(tuple(words))

    def _if(self) -> Node:
        branches = [(self._part("if"), self._part("then"))]
        while self._peek().raw == "elif":
            branches.append((self._part("elif"), self._part("then")))
        otherwise = self._part("else") if self._peek().raw == "else" else None
        self._expect("fi")
        return If(tuple(branches), otherwise)

    def _for(self) -> Node:
        self._take()
        name = self._take()
        if name.raw is None or not re.fullmatch(r"[A-Za-z_]\w*", name.raw, re.ASCII):
            raise self._lexer.error("bad for loop variable")
        self._skip_newlines()
        words: tuple[Word, ...] | None = None
        if self._accept("in"):
            words = ()
            while self._peek().kind == "word":
                words += (self._take().word,)
            if self._peek().kind not in (";", "newline"):
                raise self._unexpected(self._peek())
        self._accept(";")
        self._skip_newlines()
        return For(name.raw, words, self._part("do", "done"))

    def _simple(self) -> Node:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        self._peek()
        line, first = self._lexer.here(), self._peek()
        while True:
            redirect = self._redirect()
            if redirect is not None:
                redirects.append(redirect)
                continue
            token = self._peek()
            if token.kind == "(" and len(words) == 1 and not assignments and not redirects:
                return self._function(first)
            if token.kind != "word":
                break
            self._take()
            first = token if not words else first
            assigned = assignment(token.word) if not words else None
            if assigned is not None:
                assignments.append(assigned)
            else:
                words.append(token.word)
        if not (assignments or words or redirects):
            raise self._unexpected(token)
        return Simple(tuple(assignments), tuple(words), tuple(redirects), line)

    def _redirect(self) -> Redirect | None:
        token = self._peek()
        if token.kind not in REDIRECTIONS:
            return None
        self._take()
        target = self._take()
        if target.kind != "word":
            raise self._unexpected(target)
        fd = token.fd if token.fd is not None else (0 if token.kind.startswith("<") else 1)
        if token.kind == "<<<":
            return Redirect(fd, "<<", (*target.word, Literal("\n", True)))
        if token.kind.startswith("<<"):
            return Redirect(fd, "<<", self._lexer.here_document(target.word, token.kind == "<<-"))
        return Redirect(fd, token.kind, target.word)

    def _peek(self) -> Token:
        if self._next is None:
            self._next = self._lexer.token()
        return self._next

    def _take(self) -> Token:
        token = self._peek()
        self._next = None
        return token

    def _accept(self, *wanted: str) -> bool:
        """Take the next token if it is one of these, and tell whether it was."""
        accepted = self._peek().kind in wanted or self._peek().raw in wanted
        if accepted:
            self._take()
        return accepted

    def _skip_newlines(self) -> None:
        while self._peek().kind == "newline":
            self._take()

    def _expect(self, wanted: str) -> Token:
        token = self._take()
        if wanted not in (token.kind, token.raw):
            raise self._unexpected(token, wanted if wanted == "word" else f'"{wanted}"')
        return token

    def _unexpected(self, token: Token, wanted: str = "") -> ShellSyntaxError:
        name = token.kind
        if name == "word" and token.raw in RESERVED:
            name = f'"{token.raw}"'
        elif name in REDIRECTIONS:
            name = "redirection"
        elif name not in ("newline", "end of file", "word"):
            name = f'"{name}"'
        expecting = f" (expecting {wanted})" if wanted else ""
        found = self._lexer.error(f"unexpected {name}{expecting}")
        found.at_end = token.kind == "end of file"  # not behind a newline that ends the text
        if token.kind == "(" and self._lexer.text.endswith(("<(", ">("), 0, self._lexer.position):
            found.left_out = "<(…) is not simulated: write its output into a file, and name that"
        return found


def _listed(items: Rest) -> Node:
    return items[0][1] if len(items) == 1 else CommandList(items)


def complete(text: str) -> bool:
    """Tell whether a shell runs commands as they stand; if not, it reads on.

    >>> complete("ls"), complete("ls |"), complete("cat <<E\\nE"), complete("cat <<E"), complete("a )")
    (True, False, True, False, True)
    """
    lexer = Lexer(f"{text}\n")
    parser = Parser("", lexer=lexer)
    try:
        while parser.complete_command():
            pass
    except ShellSyntaxError as error:
        return not error.at_end
    return not lexer.open


def _substitution(lexer: Lexer) -> Node:
    parser = Parser("", lexer=lexer)
    body = parser.list_until(empty=True)
    parser._expect(")")
    return body
