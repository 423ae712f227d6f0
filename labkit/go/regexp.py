"""Regular expressions that never go back: what RE2, Go's regexp, promises (https://swtch.com/~rsc/regexp).

An expression becomes a machine whose states are all the places in it where a match can be at once (Thompson,
1968). A text is read once, so the time grows as the text does, whoever wrote the expression. POSIX's syntaxes
and file-name patterns are read into the same tokens (`shell/patterns.py`, `glob`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from typing import NamedTuple

_MOST = 3000  # places in an expression; Go allows 1,000 repeats, one in another included
_CACHED = 300_000  # places in the states that an automaton remembers before it forgets some (RE2's way)
_SHORT = 512  # characters within which `re` may look again from each of them
ANY = "(?s:.)"
NEVER = "(?!)"
_CLASSES = {"alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "ascii": "\\x00-\\x7f", "blank": " \\t",
            "cntrl": "\\x00-\\x1f\\x7f", "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
            "punct": "!-/:-@\\[-`{-~", "space": " \\t\\n\\r\\f\\v", "upper": "A-Z", "word": "a-zA-Z0-9_",
            "xdigit": "0-9A-Fa-f"}  # fmt: skip


class BadPattern(Exception):
    """An expression that is none, or asks too much; in the C library's words."""


class Token(NamedTuple):
    """A piece of an expression, as text that Python's `re` reads alike.

    `kind` is "set" for one character, "at" for a place between two, "repeat", "(", ")" or "|".
    """

    kind: str
    text: str


class Match(NamedTuple):
    """Where a match is, and what it and each of its groups matched."""

    start: int
    end: int
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Node:
    """A tree: a token; "all" in order; "any" of several; "repeat" low to high times; "group" number low."""

    kind: str
    text: str = ""
    parts: tuple[_Node, ...] = ()
    low: int = 0
    high: int | None = None


def literal(char: str) -> Token:
    """Return the token that one character is matched by."""
    return Token("set", re.escape(char))


def _parsed(tokens: Iterable[Token]) -> tuple[_Node, int]:
    """Return the tree of an expression and how many groups it has."""
    outer: list[tuple[int, list[list[_Node]]]] = []
    branches: list[list[_Node]] = [[]]
    groups = 0
    for kind, text in tokens:
        if kind == "(":
            groups += text == "("
            outer.append((groups if text == "(" else 0, branches))
            branches = [[]]
        elif kind == ")":
            if not outer:
                raise BadPattern("Unmatched ( or \\(")
            node = _either(branches)
            number, branches = outer.pop()
            branches[-1].append(_Node("group", parts=(node,), low=number) if number else node)
        elif kind == "|":
            branches.append([])
        elif kind == "repeat":
            if not branches[-1]:
                raise BadPattern("Invalid preceding regular expression")
            branches[-1].append(_repeated(branches[-1].pop(), text))
        else:
            branches[-1].append(_Node(kind, text))
    if outer:
        raise BadPattern("Unmatched ( or \\(")
    return _either(branches), groups


def _either(branches: list[list[_Node]]) -> _Node:
    parts = tuple(_Node("all", parts=tuple(branch)) for branch in branches)
    return parts[0] if len(parts) == 1 else _Node("any", parts=parts)


def _repeated(node: _Node, text: str) -> _Node:
    if text in "*+?":
        return _Node("repeat", parts=(node,), low=int(text == "+"), high=1 if text == "?" else None)
    low, comma, high = text[1:-1].partition(",")
    most = int(high) if high else None if comma else int(low)
    if max(int(low or 0), most or 0) > 32767:  # RE_DUP_MAX of the C library
        raise BadPattern("Regular expression too big")
    if most is not None and most < int(low or 0):
        raise BadPattern("Invalid content of \\{\\}")
    return _Node("repeat", parts=(node,), low=int(low or 0), high=most)


def _choices(node: _Node) -> int:
    """Return how many repeats can choose their length; many if `re` might try one thing over and over."""
    if node.kind in ("all", "group"):
        return sum(map(_choices, node.parts))
    if node.kind == "repeat" and node.parts[0].kind == "set":
        return int(node.low != node.high)
    if node.kind == "repeat" and (node.low, node.high) == (0, 1):
        return 1 + _choices(node.parts[0])
    return 0 if node.kind in ("set", "at") else 9


_compiled = lru_cache(re.compile)


_Threads = dict[int, tuple[int, ...]]
"""Where ways into a machine are, the preferred first, and where the groups of each begin and end (Pike)."""


class _Program:
    """A machine: from each place the jumps, which read nothing, and the moves, which read a character.

    It is built from its end: a part leads to what comes after it.
    """

    def __init__(self, node: _Node, flags: int) -> None:
        self.jumps: list[list[tuple[re.Pattern[str] | None, int, int]]] = []
        self.moves: list[tuple[Callable[[str], object], int] | None] = []
        self._flags = flags
        self.end = self._place()
        try:
            self.start = self._add(node, self.end)
        except RecursionError:
            raise BadPattern("Regular expression too big") from None
        self.looks = any(at is not None for jumps in self.jumps for at, _, _ in jumps)

    def _place(self, *there: int, at: re.Pattern[str] | None = None, save: int = -1) -> int:
        if len(self.jumps) == _MOST:
            raise BadPattern("Regular expression too big")
        self.jumps.append([(at, save, each) for each in there])
        self.moves.append(None)
        return len(self.jumps) - 1

    def _add(self, node: _Node, then: int) -> int:
        """Add what a tree matches before it comes to a place, and return the place where that begins."""
        if node.kind == "all":
            for part in reversed(node.parts):
                then = self._add(part, then)
            return then
        if node.kind == "any":
            return self._place(*[self._add(part, then) for part in node.parts])
        if node.kind == "repeat":
            return self._repeat(node.parts[0], node.low, node.high, then)
        if node.kind == "group":
            inner = self._add(node.parts[0], self._place(then, save=2 * node.low + 1))
            return self._place(inner, save=2 * node.low)
        if node.kind == "at":
            return self._place(then, at=_compiled(node.text, self._flags))
        here = self._place()
        self.moves[here] = (_compiled(node.text, self._flags).match, then)
        return here

    def _repeat(self, part: _Node, low: int, high: int | None, then: int) -> int:
        first = then
        if high is None:
            first = self._place()
            self.jumps[first] = [(None, -1, self._add(part, first)), (None, -1, then)]
        for _ in range((high or 0) - low):
            first = self._place(self._add(part, first), then)
        for _ in range(low):
            first = self._add(part, first)
        return first

    def followed(self, threads: _Threads, before: str, char: str, place: int = 0) -> _Threads:
        """Return threads with those that they become without reading, between two characters."""
        found: _Threads = {}
        waiting = [*reversed(threads.items())]
        while waiting:
            at, saves = waiting.pop()
            if at in found:
                continue
            found[at] = saves
            for where, save, there in reversed(self.jumps[at]):
                if there not in found and (where is None or where.match(before + char, len(before))):
                    kept = (*saves[:save], place, *saves[save + 1 :]) if saves and save >= 0 else saves
                    waiting.append((there, kept))
        return found

    def moved(self, threads: _Threads, char: str) -> _Threads:
        """Return the threads that can read a character, where they are after it."""
        found: _Threads = {}
        for at, saves in threads.items():
            move = self.moves[at]
            if move and move[0](char):
                found.setdefault(move[1], saves)
        return found


class _State(NamedTuple):
    """The places where a match can be, what is before them, and whether a match ended before that."""

    places: frozenset[int]
    before: str
    accepted: bool


class _Automaton:
    """A machine that is in all its places at once; its states are made while a text is read.

    What `^`, `$` and `\\b` ask is known when the next character is, so a state tells of the place before the
    last character whether a match ends there: `accepted`. After the last character comes "". One that looks
    for a match `anywhere` begins at each character, and stays where it has found one.
    """

    def __init__(self, program: _Program, anywhere: bool = False) -> None:
        self._program, self._anywhere = program, anywhere
        self.after = lru_cache(_CACHED // len(program.jumps))(self._after)

    def begin(self, before: str = "") -> _State:
        """Return the state at the beginning of a match, after a character or none."""
        return self._state(frozenset([self._program.start]), before, False)

    def accepts(self, text: str) -> bool:
        return self.after(reduce(self.after, text, self.begin()), "").accepted

    def _after(self, state: _State, char: str) -> _State:
        if self._anywhere and state.accepted:
            return state
        places: _Threads = dict.fromkeys(state.places, ())
        if self._anywhere:
            places[self._program.start] = ()
        threads = self._program.followed(places, state.before, char)
        reached = frozenset(self._program.moved(threads, char) if char else ())
        return self._state(reached, char, self._program.end in threads)

    def _state(self, places: frozenset[int], before: str, accepted: bool) -> _State:
        if not self._program.looks:
            before = ""
        elif before not in ("", "\n"):
            before = "a" if before.isalnum() or before == "_" else " "
        return _State(places, before, accepted)


class Regexp:
    """An expression, made of tokens.

    >>> compiled("(a+)+$").search("a" * 1000 + "b")
    False
    """

    def __init__(self, tokens: Iterable[Token], flags: int = 0) -> None:
        tokens = list(tokens)
        self._flags = flags
        self._tree, self._groups = _parsed(tokens)
        # Where one repeat of one character at most has a choice, `re` finds what POSIX and Go do. From a
        # place it goes back no more often than the text is long: it is asked of a short text, or one place.
        self._choices = _choices(self._tree)
        few = self._choices < 3
        self._fast = re.compile("".join(text for _, text in tokens), flags) if few else None
        if not few:
            _ = self._program  # raises BadPattern

    @cached_property
    def _program(self) -> _Program:
        return _Program(self._tree, self._flags)

    @cached_property
    def _anywhere(self) -> _Automaton:
        return _Automaton(self._program, anywhere=True)

    @cached_property
    def _from_here(self) -> _Automaton:
        return _Automaton(self._program)

    def _quick(self, text: str, whole: bool = False) -> re.Pattern[str] | None:
        long = len(text) > _SHORT and self._choices > whole
        return None if long or self._choices > 1 + whole else self._fast

    def search(self, text: str) -> bool:
        """Tell whether a text has a match."""
        if (quick := self._quick(text)) is not None:
            return quick.search(text) is not None
        return self._anywhere.accepts(text)

    def fullmatch(self, text: str) -> bool:
        """Tell whether a whole text is a match."""
        if (quick := self._quick(text, whole=True)) is not None:
            return quick.fullmatch(text) is not None
        return self._from_here.accepts(text)

    def matches(self, text: str) -> Iterator[Match]:
        """Yield the matches that do not overlap: the leftmost, and of those the longest (POSIX).

        An empty one is none directly behind another. What its groups matched is found as Go and the C
        library of GNU do: among the ways to that end, each repeat in turn takes as much as it can.
        """
        if (quick := self._quick(text)) is None:
            found = self._longest(text)
        else:
            every = ((each.span(), each.group(), each.groups("")) for each in quick.finditer(text))
            found = (Match(*span, (whole, *groups)) for span, whole, groups in every)
        behind = -1
        for match in found:
            if match.end > match.start or match.start != behind:
                yield match
            behind = match.end

    def _longest(self, text: str) -> Iterator[Match]:
        """Yield the longest match from each place on that no other has taken.

        A way through states that led to no longer match once does so again, from wherever it is entered; so
        no character is read twice in the same state (Reps, Maximal-munch tokenization in linear time).
        """
        hopeless: set[tuple[_State, int]] = set()
        start = 0 if self.search(text) else len(text) + 1
        while start <= len(text):
            state, end = self._from_here.begin(text[start - 1] if start else ""), -1
            passed: list[tuple[_State, int]] = []
            for place in range(start, len(text) + 1):
                state = self._from_here.after(state, text[place : place + 1])
                if state.accepted:
                    end, passed = place, []
                step = (state, place)
                if not state.places or step in hopeless:
                    break
                passed.append(step)
            hopeless.update(passed)
            if end >= 0:
                bare = Match(start, end, (text[start:end],))
                yield self._grouped(text, start, end) if self._groups else bare
            start = max(start + 1, end)

    def _grouped(self, text: str, start: int, end: int) -> Match:
        """Return the match from one place to another, with its groups."""

        def followed(place: int) -> _Threads:
            around = text[max(place - 1, 0) : place], text[place : place + 1]
            return self._program.followed(threads, *around, place)

        threads: _Threads = {self._program.start: (start, end) + (-1,) * 2 * self._groups}
        for place in range(start, end):
            threads = self._program.moved(followed(place), text[place])
        spans = followed(end)[self._program.end]
        pairs = zip(spans[::2], spans[1::2], strict=True)
        return Match(start, end, tuple(text[a:b] if b >= 0 else "" for a, b in pairs))


# What is between brackets, for all syntaxes.

_NAMED = re.compile(r"\[:(\^?)([a-z]+):\]")
_COLLATED = re.compile(r"\[([.=])(.)\1\]")


def bracket(
    text: str, index: int, negators: str, escape: Callable[[str, int], tuple[str, int]]
) -> tuple[str, int]:
    """Read `[…]` from a `[` on; return it in Python's words and the index behind it.

    `escape` reads what follows a backslash. Raises BadPattern; IndexError where no `]` comes.
    """

    def one(index: int) -> tuple[str, int]:
        if text[index] == "\\":
            return escape(text, index + 1)
        if (collated := _COLLATED.match(text, index)) is not None:
            return re.escape(collated[2]), collated.end()
        return re.escape(text[index]), index + 1

    index += 1
    negated = text[index] in negators
    index += negated
    first, items = index, ""
    while text[index] != "]" or index == first:
        if (named := _NAMED.match(text, index)) is not None:
            if named[2] not in _CLASSES or named[1]:
                raise BadPattern("Invalid character class name")
            items, index = items + _CLASSES[named[2]], named.end()
            continue
        item, index = one(index)
        if text[index] == "-" and text[index + 1] != "]":
            high, index = one(index + 1)
            item = f"{item}-{high}"
        items += item
    found = f"[{'^' if negated else ''}{items}]"
    try:
        _compiled(found)
    except re.error:
        raise BadPattern("Invalid range end") from None
    return found, index + 1


# File-name patterns.


def glob(pattern: str, negators: str = "!^", char: str = ANY) -> Iterator[Token]:
    r"""Yield the tokens of a file-name pattern: `*`, `?`, `[…]`, and `\` before what stands for itself.

    >>> Regexp(glob("*.lo[gk]")).fullmatch("nginx.log")
    True
    """
    index = 0
    while index < len(pattern):
        found, index = pattern[index], index + 1
        if found == "*":
            yield Token("set", char)
            yield Token("repeat", "*")
            index += len(pattern[index:]) - len(pattern[index:].lstrip("*"))
        elif found == "?":
            yield Token("set", char)
        elif found == "\\" and index < len(pattern):
            yield literal(pattern[index])
            index += 1
        elif found == "[":
            try:
                text, index = bracket(
                    pattern, index - 1, negators, lambda text, at: (re.escape(text[at]), at + 1)
                )
                yield Token("set", text)
            except IndexError:
                yield literal("[")
            except BadPattern:
                yield Token("set", NEVER)
                return
        else:
            yield literal(found)


# Go's syntax (https://github.com/google/re2/wiki/Syntax), without classes of Unicode such as `\pL`: what
# Docker holds against a pattern, names and identifiers, is ASCII.

_PLACES = {"A": r"\A", "z": r"\Z", "b": r"\b", "B": r"\B"}
_NUMBER = re.compile(r"x\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|([0-7]{3}|0[0-7]{0,2})")
_QUOTED = re.compile(r"(\\[^Q])|\\Q(.*?)(?:\\E|\Z)", re.DOTALL)
_GROUP = re.compile(r"\?(?:P?<\w+>|([imsU]*)(?:-([imsU]+))?([:)]))")
_REPEAT = re.compile(r"([*+?]|\{\d+(?:,\d*)?\})\??")


@lru_cache(maxsize=64)
def compiled(pattern: str) -> Regexp:
    """Return Go's expression; raises BadPattern (regexp.Compile).

    >>> compiled("^(?i:up)[[:digit:]]$").search("UP2")
    True
    """
    return Regexp(_go(pattern))


def _go_escape(text: str, index: int) -> tuple[str, int]:
    number, char = _NUMBER.match(text, index), text[index]
    if number is not None:
        digits = number[1] or number[2]
        code = int(digits, 16) if digits else int(number[3], 8)
        if code > 0x10FFFF:
            raise BadPattern("invalid escape sequence")
        return re.escape(chr(code)), number.end()
    if char in "dDsSwWafnrtv":
        return f"\\{char}", index + 1
    if not (char.isalnum() or char == "_"):
        return re.escape(char), index + 1
    raise BadPattern("invalid escape sequence")


def _go(pattern: str) -> Iterator[Token]:
    index, flags, outer = 0, frozenset[str](), list[frozenset[str]]()
    pattern = _QUOTED.sub(lambda match: match[1] or re.escape(match[2]), pattern)

    def chars(text: str) -> Token:
        flagged = "i" * ("i" in flags) + "a" * (text[0] == "[" or text[1:2].isalpha())
        return Token("set", f"(?{flagged}:{text})" if flagged else text)

    while index < len(pattern):
        char, index = pattern[index], index + 1
        repeat = _REPEAT.match(pattern, index - 1)
        if repeat is not None:
            index = repeat.end()
            if _REPEAT.match(pattern, index) or any(int(n) > 1000 for n in re.findall(r"\d+", repeat[1])):
                raise BadPattern("invalid repeat")
            yield Token("repeat", repeat[1])
        elif char == "(":
            outer.append(flags)
            group = _GROUP.match(pattern, index)
            index = group.end() if group else index
            if group and group[3]:
                flags = (flags | {*group[1]}) - {*(group[2] or "")}
            if group and group[3] == ")":
                outer.pop()
            else:
                yield Token("(", "(?:" if group and group[3] else "(")
        elif char == ")":
            flags = outer.pop() if outer else flags
            yield Token(")", ")")
        elif char == "|":
            yield Token("|", "|")
        elif char == "[":
            try:
                text, index = bracket(pattern, index - 1, "^", _go_escape)
            except IndexError:
                raise BadPattern("missing closing ]") from None
            yield chars(text)
        elif char == ".":
            yield Token("set", ANY if "s" in flags else ".")
        elif char in "^$":
            inner = {"^": (r"\A", "(?m:^)"), "$": (r"\Z", "(?m:$)")}[char]
            yield Token("at", inner["m" in flags])
        elif char != "\\":
            yield chars(re.escape(char))
        elif pattern[index : index + 1] in (*_PLACES,):
            yield Token("at", _PLACES[pattern[index]])
            index += 1
        else:
            if index == len(pattern):
                raise BadPattern("Trailing backslash")
            text, index = _go_escape(pattern, index)
            yield chars(text)
