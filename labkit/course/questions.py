"""Questions with answers to choose from, and what an exercise asks for in words or numbers.

Prediction cards, exercises and slides share the questions. A right word or number is computed from the lab as
it was at the start, so that none is written down. An answer counts in every form in which people write such a
thing, and in those that Docker prints; what cannot be read is told from what is wrong.
"""

from __future__ import annotations

import ast
import json
import operator
import posixpath
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from labkit.base.errors import LabkitError
from labkit.cli.formats import ellipsis
from labkit.cli.session import answer
from labkit.course.statements import Attempt, Hint, Seen, Statement
from labkit.engine.container import find_container
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.storage.drivers import DRIVERS, costs_table

Proof: TypeAlias = Callable[[Lab], str]
"""What shows the right answer: it works on a fresh Lab and returns what was seen, as text."""

DRIVERS_TABLE = "labkit drivers"
"""A command of the learner's own computer, which a question may give beside those of the lab."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose. `reason` says why it is right, or what is mistaken about it.

    `almost` marks a wrong answer whose idea is right. `shows` is what the question's proof would return if
    this answer were the right one.
    """

    text: str
    reason: str
    right: bool = False
    almost: bool = False
    shows: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with one right answer among its choices. Texts are plain text, not markup.

    `commands` show the answer: lines for the lab's prompt. `decides` is a pattern; the lines of their
    output in which it is found decide. `setup` makes a lab as they find it. The proof of a question
    without one is what the pattern takes of those lines.

    >>> question = Question("sky", "What colour is it?", (Choice("blue", "Look up.", right=True),))
    >>> question.right.text
    'blue'
    """

    id: str
    prompt: str
    choices: tuple[Choice, ...]
    proof: Proof | None = None
    commands: tuple[str, ...] = ()
    decides: str = ""
    setup: Callable[[], Lab] = Lab

    def play(self, lab: Lab, watch: Callable[[PullEvent], None] | None = None) -> str:
        """Run the commands on a lab, as one for `undo`; return what a terminal shows of it.

        >>> Question("q", "", (), commands=("docker images -q",)).play(Lab())
        '$ docker images -q\\n'
        """
        shown = ""
        with lab.doing("; ".join(self.commands)):
            for line in self.commands:
                if line.startswith(DRIVERS_TABLE):
                    step = line.removeprefix(DRIVERS_TABLE).strip(" '")
                    shown += f"$ {line}\n{costs_table(DRIVERS.values(), step)}"
                    continue
                shown += typed(lab, line, watch)
        return shown

    def deciding(self, text: str) -> dict[int, str]:
        """Return the numbers of the lines of an output that decide, with what the pattern takes of each.

        >>> Question("q", "", (), decides="b|(c).").deciding("a\\nb\\ncd")
        {1: 'b', 2: 'c'}
        """
        found = {n: re.search(self.decides, line) for n, line in enumerate(text.splitlines())}
        return {n: match[match.lastindex or 0] for n, match in found.items() if match}

    @property
    def right(self) -> Choice:
        """The right answer; raises ValueError where there is not exactly one."""
        (found,) = (choice for choice in self.choices if choice.right)
        return found


def typed(lab: Lab, line: str, watch: Callable[[PullEvent], None] | None = None) -> str:
    """Run a line at a lab's prompt; return what a terminal shows of it, and the exit code where it failed.

    >>> typed(Lab(), "false")
    '$ false\\n[exit 1]\\n'
    """
    return f"$ {line}\n{answer(lab.session, lab.shell(line, watch=watch))}"


class Unreadable(ValueError):
    """An answer that is in no form in which it can be looked at."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: its name, what it asks, and what tells whether an answer is right.

    `kind` says what an answer looks like. `read` takes the lab of the start and the answer, and returns what
    was meant or raises Unreadable; `right` is given that.
    """

    name: str
    prompt: str
    kind: str
    read: Callable[[Lab, object], Any]
    right: Callable[[Lab, Any], bool]
    says: Callable[[Lab, Any], str] | None = None
    """What is seen of an answer, where that is more than the answer itself."""
    question: Question | None = None
    """The question, where there are choices."""

    def unread(self, attempt: Attempt) -> str:
        """Return a word about the form of an answer that cannot be read, else ""."""
        if self.name not in attempt.answers:
            return ""
        answer = attempt.answers[self.name]
        try:
            attempt.at_start(lambda lab: self.read(lab, answer))
        except Unreadable:
            return f"`{self.name}`: {told(answer)} cannot be read; what is asked for is {self.kind}."
        return ""

    @property
    def statement(self) -> Statement:
        """The statement that the answer is right; one that cannot be read counts as not there yet."""

        def look(attempt: Attempt) -> Seen:
            if self.name not in attempt.answers:
                return Seen(False, f"There is no answer for `{self.name}` yet.", defined=False)
            if words := self.unread(attempt):
                return Seen(False, words, defined=False)
            answer = attempt.answers[self.name]

            def compare(lab: Lab) -> Seen:
                value = self.read(lab, answer)
                text = f'`{self.name}`: you answered "{told(answer)}".'
                return Seen(self.right(lab, value), self.says(lab, value) if self.says else text)

            return attempt.at_start(compare)

        return Statement(f"`{self.name}`: {self.prompt} ({self.kind})", look)


def told(answer: object) -> str:
    """Return an answer as it is told back: a list's parts, and the beginning of what is long.

    >>> told([3, "x"]), told({2, 1}), told([]), len(told("x" * 1000))
    ('3, x', '1, 2', 'nothing', 120)
    """
    if isinstance(answer, set | frozenset):
        answer = sorted(answer, key=str)
    text = ", ".join(map(str, answer)) if isinstance(answer, list | tuple) else str(answer)
    return ellipsis(text, 120) or "nothing"


# Reading an answer


def parts(answer: object) -> list[object]:
    """Return the parts of an answer: of a list, a set, a mapping's keys, or what `inspect` prints.

    >>> parts({"80/tcp": {}}), parts('["sh", "-c"]'), parts("[sh -c] [x]"), parts(" 'EUR' "), parts(7)
    (['80/tcp'], ['sh', '-c'], ['sh -c', 'x'], ['EUR'], [7])
    """
    if isinstance(answer, str):
        return _parts_of_text(" ".join(answer.split()))
    if isinstance(answer, Iterable) and not isinstance(answer, bytes):
        return [part for each in answer for part in parts(each)]
    return [answer]


def _parts_of_text(text: str) -> list[object]:
    text = text.strip("`").strip()
    if text[:1] in ("[", "{", "(", '"', "'"):
        for read in (_documents, ast.literal_eval):
            try:
                found = read(text)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
            return [found] if isinstance(found, str) else parts(found)
        # As Go prints a slice where a template has no `json`.
        return [each for each in re.split(r"\s*[\[\](){}]\s*", text.strip("'\"")) if each]
    return [text] if text else []


def _documents(text: str) -> list[object]:
    """Read one JSON document after another, with or without a comma or a plus between them."""
    found, at = [], 0
    while at < len(text):
        document, at = json.JSONDecoder().raw_decode(text, at)
        found.append(document)
        at = re.compile(r"[\s,+]*").match(text, at).end()  # type: ignore[union-attr]
    return found


_NUMBER = re.compile(r"(?<![\w.,])[-+]?(?:\d{1,3}(?:[,_'\u202f\u00a0 ]\d{3})+|\d+)(?:\.\d+)?", re.ASCII)
_UNIT = re.compile(r"\s*(?:bytes?|([kMGT]?)(i?)B|([kMGT])(i?))?(?![\w.,]\w)", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def read_number(answer: object) -> tuple[float, ...]:
    """Return the number that is meant; one with a unit of size may mean powers of 1000 or of 1024.

    >>> read_number("131,072"), read_number("12 layers"), read_number(["4"]), read_number("128 kB")
    ((131072,), (12,), (4,), (128000, 131072))
    """
    (part,) = _only(parts(answer))
    if not isinstance(part, str):
        return (_whole(part),)
    found = list(_NUMBER.finditer(part))
    if len(found) != 1:
        raise Unreadable
    digits = re.sub(r"[,_'\u202f\u00a0 ]", "", found[0][0])
    number = _whole(float(digits) if "." in digits else int(digits))
    unit = _UNIT.match(part, found[0].end())
    prefix = ((unit[1] or unit[3] or "") if unit else "").lower()
    if not prefix:
        return (number,)
    binary = bool(unit and (unit[2] or unit[4]))
    return tuple(_whole(number * base ** _POWERS[prefix]) for base in (1000, 1024)[binary:])


def _whole(part: object) -> float:
    if isinstance(part, float) and part == part:
        return int(part) if part.is_integer() else part
    try:
        if isinstance(part, bool):
            raise Unreadable
        return operator.index(part)  # type: ignore[arg-type]
    except TypeError:
        raise Unreadable from None


def _only(found: Sequence[object]) -> Sequence[object]:
    """Return the only part there is; raises Unreadable where there are none or several."""
    if len(found) != 1:
        raise Unreadable
    return found


def _near(given: Sequence[float], wanted: int) -> bool:
    """Tell whether a number is the one wanted; with a unit it may be as rounded as Docker prints it."""
    return wanted in given or (len(given) > 1 and any(_rounds(each, wanted) for each in given))


def _rounds(given: float, wanted: int) -> bool:
    """Tell whether a number is another one, rounded to its digits, of which there are three at least.

    >>> _rounds(131_100, 131_072), _rounds(131_000, 131_072), _rounds(131_200, 131_072)
    (True, True, False)
    """
    digits = str(int(given))
    last: int = 10 ** (len(digits) - len(digits.rstrip("0")))
    return bool(abs(given - wanted) <= min(last / 2, wanted / 1000))


def read_numbers(answer: object) -> frozenset[float]:
    """Return the numbers that are meant, in any order and form.

    >>> sorted(read_numbers("2,4, 5 and 8")), read_numbers({3}), read_numbers("[1, 2]") == {1, 2}
    ([2, 4, 5, 8], frozenset({3}), True)
    """
    found: set[float] = set()
    for part in parts(answer):
        words = re.split(r"[\s,;:#&+/]+|\.(?!\d)|\band\b", part) if isinstance(part, str) else [part]
        for word in words:
            if word not in ("", "line", "lines", "Lines", "layers"):
                found.update(read_number(word)[:1])
    if not found:
        raise Unreadable
    return frozenset(found)


def read_words(answer: object) -> tuple[str, ...]:
    """Return the words of a command line, given as a line, as words, or as Docker prints them.

    >>> read_words('["sh", "-c"] ["x"]'), read_words("$ sh -c 'x'"), read_words(["sh", "-c x"])
    (('sh', '-c', 'x'), ('sh', '-c', 'x'), ('sh', '-c', 'x'))
    """
    try:
        words = [word for each in parts(answer) for word in shlex.split(str(each).removeprefix("$ "))]
    except ValueError:
        raise Unreadable from None
    if not words or answer is None or callable(answer):
        raise Unreadable
    return tuple(word.rstrip(",") for word in words)


def read_word(answer: object) -> str:
    """Return a word or a line, without the quotes around it."""
    (part,) = _only(parts(answer))
    if not isinstance(part, str):
        raise Unreadable
    return part


# What is asked for


def _ask(
    name: str, prompt: str, kind: str, read: Callable[[object], Any], right: Callable[[Lab], Any]
) -> Ask:
    """Ask for a value that is read without the lab, and right where it is equal."""
    return Ask(name, prompt, kind, lambda lab, answer: read(answer), lambda lab, value: value == right(lab))


def number(name: str, prompt: str, right: Callable[[Lab], int]) -> Ask:
    """Ask for a number."""
    ask = _ask(name, prompt, "a number", read_number, right)
    return replace(ask, right=lambda lab, value: _near(value, right(lab)))


def numbers(name: str, prompt: str, right: Callable[[Lab], Sequence[int]]) -> Ask:
    """Ask for several numbers; their order does not count."""
    return _ask(name, prompt, "a list of numbers", read_numbers, lambda lab: frozenset(right(lab)))


def command_line(name: str, prompt: str, right: Callable[[Lab], Sequence[str]]) -> Ask:
    """Ask for a command line; case counts."""
    return _ask(name, prompt, "a command line", read_words, lambda lab: tuple(right(lab)))


def _found(pattern: str, answer: object) -> re.Match[str]:
    """Return the one thing in an answer that a pattern finds, however often it stands there."""
    text = " ".join(map(str, parts(answer)))
    found = {each[0].lower(): each for each in re.finditer(pattern, text)}
    if len(found) != 1:
        raise Unreadable
    return found.popitem()[1]


def port(name: str, prompt: str, right: Callable[[Lab], str]) -> Ask:
    """Ask for a port, `8000` or `8000/tcp`; `right` gives the latter form."""

    def read(answer: object) -> str:
        match = _found(r"(?<![\w.])(\d+)(?:\.0)?(?:/(\w+))?(?![\w.]\w)", answer)
        return f"{match[1]}/{(match[2] or 'tcp').lower()}"

    return _ask(name, prompt, "a port's number", read, right)


def variable(name: str, prompt: str, key: str, right: Callable[[Lab], str]) -> Ask:
    """Ask for a variable's value, given alone or as `KEY=value`; case counts."""

    def read(answer: object) -> str:
        if isinstance(answer, Mapping) and key in answer:
            return read_word(answer[key])
        for each in parts(answer):
            if match := re.search(rf"(?:^|\s){key}\s*[=:]\s*(\S+)", str(each)):
                return str(match[1]).strip("'\"")
        return read_word(answer)

    return _ask(name, prompt, f"the value of `{key}`", read, right)


def container(name: str, prompt: str, right: Callable[[Lab], str]) -> Ask:
    """Ask for a container of the start, by its name or its ID."""

    def read(lab: Lab, answer: object) -> str:
        try:
            return find_container(lab.engine, read_word(answer).removeprefix("container ")).name
        except LabkitError:
            raise Unreadable from None

    return Ask(name, prompt, "a container's name or ID", read, lambda lab, value: value == right(lab))


def path(name: str, prompt: str, right: Callable[[Lab], str]) -> Ask:
    """Ask for a path in a container, also as `docker cp` and `docker diff` write it."""

    def read(answer: object) -> str:
        match = re.fullmatch(r"(?:[ACD] +|[\w.-]+:)?(/?.*/.*)", read_word(answer))
        if not match:
            raise Unreadable
        return posixpath.normpath(f"/{match[1].lstrip('/')}")

    return _ask(name, prompt, "a path, from / on", read, right)


def digest(name: str, prompt: str, right: Callable[[Lab], str]) -> Ask:
    """Ask for a digest, by its first 12 digits or more; `right` gives all 64."""

    pattern = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{12,64}(?![0-9A-Za-z])"
    ask = _ask(
        name, prompt, "at least 12 hexadecimal digits", lambda each: _found(pattern, each)[0].lower(), right
    )
    return replace(ask, right=lambda lab, value: right(lab).startswith(value))


def drivers(
    name: str,
    prompt: str,
    right: Callable[[Lab, str], bool],
    says: Callable[[Lab, str], str] | None = None,
    *,
    several: bool = False,
) -> Ask:
    """Ask for a storage driver, or for one or several; each must be right."""

    def read(lab: Lab, answer: object) -> tuple[str, ...]:
        text = " ".join(map(str, parts(answer))).lower().removeprefix("storage driver:")
        words = [each for each in re.split(r"[\s,;+&/]+|\b(?:and|or)\b", text) if each]
        if not words or not set(words) <= set(DRIVERS) or (len(set(words)) > 1 and not several):
            raise Unreadable
        return tuple(dict.fromkeys(words))

    kind = f"{'one name or more' if several else 'the name'} of a storage driver, as `docker info` has it"
    return Ask(
        name,
        prompt,
        kind,
        read,
        lambda lab, value: all(right(lab, each) for each in value),
        (lambda lab, value: " ".join(says(lab, each) for each in value)) if says else None,
    )


def letter(place: int) -> str:
    """Return the letter of a choice by its place from 0 on.

    >>> letter(1)
    'b'
    """
    return "abcdefghij"[place]


def chosen(question: Question, answer: object) -> int:
    """Return the place of the choice that an answer names, by its letter or its text; raises Unreadable.

    >>> question = Question("sky", "What colour?", (Choice("blue", ""), Choice("It is green.", "")))
    >>> [chosen(question, answer) for answer in ("b", "(B)", "b) It is green.", "it is green", ["a"])]
    [1, 1, 1, 1, 0]
    """
    given = _bare(answer if isinstance(answer, str) else read_word(answer))
    for place, choice in enumerate(question.choices):
        text, name = _bare(choice.text), letter(place)
        if given == text or re.fullmatch(rf"(?:(?:answer|option) )?{name}(?: {re.escape(text)})?", given):
            return place
    raise Unreadable


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", text.lower()).split())


def choice(question: Question) -> Ask:
    """Ask to choose one of a question's choices, by its letter."""
    letters = ", ".join(letter(each) for each in range(len(question.choices)))
    return Ask(
        question.id,
        question.prompt,
        f"one letter of {letters}",
        lambda lab, answer: chosen(question, answer),
        lambda lab, place: question.choices[place].right,
        lambda lab, place: f"`{question.id}`: you chose {letter(place)}) {question.choices[place].text}",
        question,
    )


def reasons(question: Question) -> tuple[Hint, ...]:
    """Return a hint for each wrong choice: what is mistaken about it, once it was chosen."""
    ask = choice(question)
    return tuple(
        Hint(letter(place), each.reason, answered(ask, place))
        for place, each in enumerate(question.choices)
        if not each.right
    )


def answered(ask: Ask, *values: object) -> Statement:
    """The answer, as it was read, is one of these; a number is given as a plain one."""

    def look(attempt: Attempt) -> Seen:
        if ask.name not in attempt.answers or ask.unread(attempt):
            return Seen(False, "", defined=False)
        given = attempt.at_start(lambda lab: ask.read(lab, attempt.answers[ask.name]))
        met = given in values or any(
            isinstance(each, int) and isinstance(given, tuple) and _near(given, each) for each in values
        )
        return Seen(met, "")

    return Statement(f"`{ask.name}` is answered so.", look)


def wrong(ask: Ask) -> Statement:
    """An answer is given and can be read, and it is not right."""
    return ~ask.statement


def open_(ask: Ask) -> Statement:
    """No right answer is given yet."""
    return Statement(f"`{ask.name}` is open.", lambda attempt: Seen(not ask.statement(attempt).met, ""))
