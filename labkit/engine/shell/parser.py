"""From a script's text to its syntax tree (POSIX.1-2017, Shell Command Language, 2.10 Shell Grammar).

What it refuses it refuses in the words of busybox's ash. A script is parsed one complete command at a
time, so that the lines before a mistake have run when it is found.
"""

from __future__ import annotations

import re

from labkit.engine.shell import syntax
from labkit.engine.shell.lexer import REDIRECTIONS, Lexer, Token, assignment
from labkit.engine.shell.syntax import Node, Redirect, ShellSyntaxError, Word

_RESERVED = frozenset("! { } case do done elif else esac fi for if in then until while".split())
_CLOSERS = frozenset("} do done elif else esac fi then".split())
_ENDS = frozenset((")", ";;"))


class Parser:
    """A recursive-descent parser with one token of lookahead.

    >>> Parser("ls").complete_command().words
    ((Literal(text='ls', quoted=False),),)
    """

    def __init__(self, text: str, first_line: int = 1, lexer: Lexer | None = None) -> None:
        self._lexer = lexer or Lexer(text, _substitution, line=first_line)
        self._next: Token | None = None
        self._depth = self._lexer.depth

    def complete_command(self) -> Node | None:
        """Return the commands up to the end of a line, or None at the end of the text."""
        self._skip_newlines()
        if self._peek().kind == "end of file":
            return None
        items = []
        while True:
            item, token = self._background(self._and_or())
            items.append(item)
            if token.kind in ("newline", "end of file"):
                break
            if token.kind not in (";", "&"):
                raise self._unexpected(token)
            if self._peek().kind in ("newline", "end of file"):
                self._take()
                break
        return items[0] if len(items) == 1 else syntax.Sequence(tuple(items))

    def _background(self, item: Node) -> tuple[Node, Token]:
        token = self._take()
        return (syntax.Background(item) if token.kind == "&" else item), token

    def list_until(self, *, empty: bool = False) -> Node:
        """Return the commands up to a word or operator that ends a compound command's part."""
        items: list[Node] = []
        self._skip_newlines()
        while (token := self._peek()).kind != "end of file":
            if (items or empty) and (token.kind in _ENDS or token.raw in _CLOSERS):
                break
            item = self._and_or()
            if self._peek().kind in (";", "&", "newline"):
                item, _ = self._background(item)
                items.append(item)
                self._skip_newlines()
            else:
                items.append(item)
                break
        return items[0] if len(items) == 1 else syntax.Sequence(tuple(items))

    def _and_or(self) -> Node:
        node = self._pipeline()
        while self._peek().kind in ("&&", "||"):
            operator = self._take().kind
            self._skip_newlines()
            node = syntax.AndOr(node, operator, self._pipeline())
        return node

    def _pipeline(self) -> Node:
        if self._peek().raw == "!":
            self._take()
            return syntax.Not(self._pipeline())
        stages = [self._command()]
        while self._peek().kind == "|":
            self._take()
            self._skip_newlines()
            stages.append(self._command())
        return stages[0] if len(stages) == 1 else syntax.Pipeline(tuple(stages))

    def _command(self) -> Node:
        self._depth += 1
        if self._depth > 60:
            raise self._lexer.error("too many nested commands")
        node = self._compound()
        if node is None:
            node = self._simple()
        else:
            redirects = []
            while (redirect := self._redirect()) is not None:
                redirects.append(redirect)
            if redirects:
                node = syntax.Redirected(node, tuple(redirects))
        self._depth -= 1
        return node

    def _compound(self) -> Node | None:
        token = self._peek()
        if token.kind == "(":
            self._take()
            body = self.list_until()
            self._expect(")")
            return syntax.Subshell(body)
        if token.raw not in _RESERVED or token.raw == "in":
            return None
        match token.raw:
            case "{":
                self._take()
                body = self.list_until()
                self._expect("}")
                return body
            case "if":
                return self._if()
            case "while" | "until":
                self._take()
                condition = self.list_until()
                return syntax.Loop(condition, self._do_done(), token.raw == "until")
            case "for":
                return self._for()
            case "case":
                raise self._lexer.lacks("'case'")
        raise self._unexpected(token)

    def _if(self) -> Node:
        branches, otherwise = [], None
        while True:
            self._take()
            condition = self.list_until()
            self._expect("then")
            branches.append((condition, self.list_until()))
            if self._peek().raw != "elif":
                break
        if self._peek().raw == "else":
            self._take()
            otherwise = self.list_until()
        self._expect("fi")
        return syntax.If(tuple(branches), otherwise)

    def _do_done(self) -> Node:
        self._expect("do")
        body = self.list_until()
        self._expect("done")
        return body

    def _for(self) -> Node:
        self._take()
        name = self._take()
        if name.raw is None or not re.fullmatch(r"[A-Za-z_]\w*", name.raw, re.ASCII):
            raise self._lexer.error("bad for loop variable")
        self._skip_newlines()
        words: tuple[Word, ...] | None = None
        if self._peek().raw == "in":
            self._take()
            words = ()
            while self._peek().kind == "word":
                words += (self._take().word,)
            if self._peek().kind not in (";", "newline"):
                raise self._unexpected(self._peek())
            self._take()
        elif self._peek().kind == ";":
            self._take()
        self._skip_newlines()
        return syntax.For(name.raw, words, self._do_done())

    def _simple(self) -> Node:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        self._peek()
        line = self._lexer.here()
        while True:
            redirect = self._redirect()
            if redirect is not None:
                redirects.append(redirect)
                continue
            token = self._peek()
            if token.kind == "(" and len(words) == 1 and not assignments and not redirects:
                raise self._lexer.lacks("functions")
            if token.kind != "word":
                break
            self._take()
            assigned = assignment(token.word) if not words else None
            if assigned is not None:
                assignments.append(assigned)
            else:
                words.append(token.word)
        if not (assignments or words or redirects):
            raise self._unexpected(token)
        return syntax.Simple(tuple(assignments), tuple(words), tuple(redirects), line)

    def _redirect(self) -> Redirect | None:
        token = self._peek()
        if token.kind not in REDIRECTIONS:
            return None
        self._take()
        target = self._take()
        if target.kind != "word":
            raise self._unexpected(target)
        fd = token.fd if token.fd is not None else (0 if token.kind.startswith("<") else 1)
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

    def _skip_newlines(self) -> None:
        while self._peek().kind == "newline":
            self._take()

    def _expect(self, wanted: str) -> None:
        token = self._take()
        if wanted not in (token.kind, token.raw):
            raise self._unexpected(token, wanted)

    def _unexpected(self, token: Token, wanted: str = "") -> ShellSyntaxError:
        name = token.kind
        if name == "word" and token.raw in _RESERVED:
            name = f'"{token.raw}"'
        elif name in REDIRECTIONS:
            name = "redirection"
        elif name not in ("newline", "end of file", "word"):
            name = f'"{name}"'
        expecting = f' (expecting "{wanted}")' if wanted else ""
        return self._lexer.error(f"unexpected {name}{expecting}")


def _substitution(lexer: Lexer) -> Node:
    parser = Parser("", lexer=lexer)
    body = parser.list_until(empty=True)
    parser._expect(")")
    return body
