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
from itertools import count
from operator import getitem
from typing import NamedTuple

_MOST = 3000  # places in an expression; Go allows 1,000 repeats, one in another included
_CACHED = 300_000  # places and steps that an automaton remembers before it forgets all (RE2's way)
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

    `kind` is "set" for one character, "at" for a place between two, "back" for what a group matched,
    "repeat", "(", ")" or "|".
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


class _Program:
    """A machine: from each place the jumps, which read nothing, and the moves, which read a character."""

    def __init__(self, node: _Node, flags: int) -> None:
        self.jumps: list[list[tuple[re.Pattern[str] | None, int, int]]] = []
        self.moves: list[list[tuple[Callable[[str], object], int]]] = []
        self.backs: dict[int, tuple[int, int]] = {}
        self._flags = flags
        try:
            self.end = self._add(node, self._place())
        except RecursionError:
            raise BadPattern("Regular expression too big") from None

    def _place(self) -> int:
        if len(self.jumps) == _MOST:
            raise BadPattern("Regular expression too big")
        self.jumps.append([])
        self.moves.append([])
        return len(self.jumps) - 1

    def _jump(self, here: int, there: int, at: re.Pattern[str] | None = None, save: int = -1) -> int:
        self.jumps[here].append((at, save, there))
        return there

    def _add(self, node: _Node, here: int) -> int:
        """Add what a tree matches from a place on, and return the place behind it."""
        if node.kind == "all":
            for part in node.parts:
                here = self._add(part, here)
            return here
        if node.kind == "repeat":
            return self._repeat(node.parts[0], node, here)
        if node.kind == "group":
            here = self._add(node.parts[0], self._jump(here, self._place(), save=2 * node.low))
            return self._jump(here, self._place(), save=2 * node.low + 1)
        there = self._place()
        if node.kind == "any":
            for part in node.parts:
                self._jump(self._add(part, self._jump(here, self._place())), there)
        elif node.kind == "at":
            self._jump(here, there, at=_compiled(node.text, self._flags))
        elif node.kind == "back":
            self.backs[here] = (int(node.text[1:]), there)
        else:
            self.moves[here].append((_compiled(node.text, self._flags).match, there))
        return there

    def _repeat(self, part: _Node, node: _Node, here: int) -> int:
        for _ in range(node.low):
            here = self._add(part, here)
        there = self._place()
        if node.high is None:
            here = self._jump(here, self._place())
            self._jump(self._add(part, self._jump(here, self._place())), here)
        for _ in range((node.high or 0) - node.low):
            before, here = here, self._add(part, self._jump(here, self._place()))
            self._jump(before, there)
        return self._jump(here, there)

    def reversed(self) -> _Program:
        """Return the machine that reads from the end of a match to its beginning."""
        back = object.__new__(_Program)
        back.jumps, back.moves = [[] for _ in self.jumps], [[] for _ in self.jumps]
        for here, (jumps, moves) in enumerate(zip(self.jumps, self.moves, strict=True)):
            for at, save, there in jumps:
                back.jumps[there].append((at, save, here))
            for accepts, there in moves:
                back.moves[there].append((accepts, here))
        return back


_compiled = lru_cache(re.compile)


class _State(dict[str, "_State"]):
    """The places where a match can be, and for each character the state after it, found when it is asked."""

    __slots__ = ("accepted", "automaton", "before", "number", "places")

    def __init__(self, automaton: _Automaton, places: frozenset[int], before: str, accepted: bool) -> None:
        super().__init__()
        self.automaton, self.places, self.before, self.accepted = automaton, places, before, accepted
        self.number = next(automaton.numbers)

    def __missing__(self, char: str) -> _State:
        self[char] = following = self.automaton.after(self, char)
        return following


class _Automaton:
    """A machine that is in all its places at once; its states are made while a text is read.

    What `^`, `$` and `\\b` ask is known when the next character is, so a state tells of the place before the
    last character whether a match ends there: `accepted`. After the last character comes "".
    """

    def __init__(self, program: _Program, start: int, end: int, *, anywhere: bool, backward: bool) -> None:
        self._program, self._start, self._end = program, start, end
        self._anywhere, self._backward = anywhere, backward
        self._looks = any(at is not None for jumps in program.jumps for at, _, _ in jumps)
        self._states: dict[tuple[frozenset[int], str, bool], _State] = {}
        self._size = 0
        self.numbers = count()

    def begin(self, before: str = "") -> _State:
        """Return the state at the beginning of a match, after a character or none."""
        return self._state(frozenset([self._start]), before, False)

    def after(self, state: _State, char: str) -> _State:
        """Return the state after a character."""
        if self._anywhere and not self._backward and state.accepted:
            return state  # who looks for a match anywhere wants to know no more
        places = self._closure(state, char)
        moves = self._program.moves
        reached = frozenset(
            there for place in places for accepts, there in moves[place] if char and accepts(char)
        )
        return self._state(reached, char, self._end in places)

    def _state(self, places: frozenset[int], before: str, accepted: bool) -> _State:
        if not self._looks:
            before = ""
        elif before not in ("", "\n"):
            before = "a" if before.isalnum() or before == "_" else " "
        key = (places, before, accepted)
        self._size += 1
        if key not in self._states:
            self._size += len(places)
            if self._size > _CACHED:
                for state in self._states.values():
                    state.clear()
                self._states.clear()
                self._size = 0
            self._states[key] = _State(self, *key)
        return self._states[key]

    def _closure(self, state: _State, char: str) -> set[int]:
        """Return the places that are reached without reading, between two characters."""
        left, right = (char, state.before) if self._backward else (state.before, char)
        found = {*state.places, self._start} if self._anywhere else set(state.places)
        waiting = list(found)
        while waiting:
            for at, _, there in self._program.jumps[waiting.pop()]:
                if there not in found and (at is None or at.match(left + right, len(left))):
                    found.add(there)
                    waiting.append(there)
        return found


class Regexp:
    """An expression, made of tokens.

    >>> compiled("(a+)+$").search("a" * 1000 + "b")
    False
    """

    def __init__(self, tokens: Iterable[Token], flags: int = 0) -> None:
        tokens = list(tokens)
        self._flags = flags
        self._tree, self._groups = _parsed(tokens)
        self._budget = 1_000_000
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
    def _anywhere(self) -> _State:
        return _Automaton(self._program, 0, self._program.end, anywhere=True, backward=False).begin()

    @cached_property
    def _starts(self) -> _State:
        program = self._program
        return _Automaton(program.reversed(), program.end, 0, anywhere=True, backward=True).begin()

    @cached_property
    def _ends(self) -> _Automaton:
        return _Automaton(self._program, 0, self._program.end, anywhere=False, backward=False)

    def _quick(self, text: str, whole: bool = False) -> re.Pattern[str] | None:
        long = len(text) > _SHORT and self._choices > whole
        return None if long or self._choices > 1 + whole else self._fast

    def search(self, text: str) -> bool:
        """Tell whether a text has a match."""
        if (quick := self._quick(text)) is not None:
            return quick.search(text) is not None
        if self._program.backs:
            return next(self.matches(text), None) is not None
        return reduce(getitem, text, self._anywhere)[""].accepted

    def fullmatch(self, text: str) -> bool:
        """Tell whether an expression without `\\1` matches a whole text."""
        if (quick := self._quick(text, whole=True)) is not None:
            return quick.fullmatch(text) is not None
        return reduce(getitem, text, self._ends.begin())[""].accepted

    def matches(self, text: str) -> Iterator[Match]:
        """Yield the matches that do not overlap: the leftmost, and of those the longest (POSIX).

        An empty one is none directly behind another. What its groups matched is found as Go and the C
        library of GNU do: among the ways to that end, each repeat in turn takes as much as it can.
        """
        behind = -1
        if (quick := self._quick(text)) is not None:
            for found in quick.finditer(text):
                start, end = found.span()
                if end > start or start != behind:
                    yield Match(start, end, (found[0], *(group or "" for group in found.groups())))
                behind = end
            return
        # A way through states that led to no longer match once does so again, from wherever it is entered; so
        # no character is read twice in the same state (Reps, Maximal-munch tokenization in linear time).
        hopeless: set[tuple[int, int]] = set()
        backs = self._program.backs
        self._budget += 30 * len(text)
        for start in range(len(text) + 1) if backs else self._beginnings(text):
            if start < behind:
                continue
            last = None if backs else self._longest(text, start, hopeless)
            match: Match | None = Match(start, last or 0, (text[start:last],))
            if backs or self._groups:
                match = self._grouped(text, start, last)
            if match is not None and (match.end > start or start != behind):
                yield match
                behind = match.end

    def _beginnings(self, text: str) -> list[int]:
        """Return all places where a match begins; the text is read from its end."""
        found, state = [], self._starts
        for place in range(len(text), -1, -1):
            state = state[text[place - 1] if place else ""]
            if state.accepted:
                found.append(place)
        return found[::-1]

    def _longest(self, text: str, start: int, hopeless: set[tuple[int, int]]) -> int:
        """Return where the longest match from a place on ends."""
        state, end = self._ends.begin(text[start - 1] if start else ""), start
        passed: list[tuple[int, int]] = []
        for place in range(start, len(text) + 1):
            state = state[text[place : place + 1]]
            if state.accepted:
                end, passed = place, []
            step = (state.number, place)
            if not state.places or step in hopeless:
                break
            passed.append(step)
        hopeless.update(passed)
        return end

    def _grouped(self, text: str, start: int, end: int | None) -> Match | None:
        """Return the match from one place to another, or to the last there is, with its groups.

        Threads are kept in the order of preference, one for each place in the machine (Pike). After `\\1` the
        places do not tell all, and their number can explode: so expressions with it have a budget.
        """
        moves, backs, best = self._program.moves, self._program.backs, None
        threads = [_Thread(0, (start, -1) + (-1,) * 2 * self._groups, "")]
        for place in range(start, len(text) + 1 if end is None else end + 1):
            char, following = text[place : place + 1], []
            threads = self._followed(threads, text, place)
            self._budget -= len(threads) if backs else 0
            if self._budget < 0:
                raise BadPattern("its back-references take too many steps")
            ended = [saves for at, saves, left in threads if at == self._program.end and not left]
            if ended and end in (None, place):
                spans = (start, place, *ended[0][2:])
                pairs = zip(spans[::2], spans[1::2], strict=True)
                best = Match(start, place, tuple(text[a:b] if b >= 0 else "" for a, b in pairs))
            for at, saves, left in threads:
                if left:
                    following += [_Thread(at, saves, left[1:])] if left[0] == char else []
                else:
                    following += [
                        _Thread(to, saves, "") for accepts, to in moves[at] if char and accepts(char)
                    ]
            threads = following
            if not threads:
                break
        return best

    def _followed(self, threads: list[_Thread], text: str, place: int) -> list[_Thread]:
        """Return threads with those that they become without reading, the preferred ones first."""
        jumps, backs = self._program.jumps, self._program.backs
        found: dict[object, _Thread] = {}
        waiting = threads[::-1]
        while waiting:
            thread = waiting.pop()
            at, saves, left = thread
            key = thread if backs else at
            if key in found:
                continue
            found[key] = thread
            if left:
                continue
            if at in backs:
                group, there = backs[at]
                if saves[2 * group + 1] >= 0:
                    waiting.append(_Thread(there, saves, text[saves[2 * group] : saves[2 * group + 1]]))
            left_of = text[place - 1 : place] if place else ""
            for where, save, there in reversed(jumps[at]):
                if where is None or where.match(left_of + text[place : place + 1], len(left_of)):
                    kept = saves if save < 0 else (*saves[:save], place, *saves[save + 1 :])
                    waiting.append(_Thread(there, kept, ""))
        return list(found.values())


class _Thread(NamedTuple):
    """A way into the machine: its place, where groups begin and end, what is left of a `\\1`."""

    at: int
    saves: tuple[int, ...]
    left: str


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
