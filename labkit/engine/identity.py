"""Identifiers and names for containers: the same on every run.

A real engine draws them at random. Here the n-th of a lab depends on the lab's seed and n alone, in
the real form: 64 hexadecimal digits, and an adjective with a scientist's or engineer's surname.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

_ADJECTIVES = (
    "admiring agitated amazing bold brave busy charming clever cool dazzling determined eager elated "
    "elegant epic festive focused friendly gallant gifted happy hopeful hungry inspiring jolly keen "
    "kind laughing lucid modest nifty nostalgic peaceful practical quirky relaxed serene sharp stoic "
    "sweet tender thirsty trusting upbeat vibrant vigilant wizardly wonderful youthful zealous "
).split()
_SURNAMES = (
    "archimedes babbage bardeen bell blackwell bohr booth boyd burnell cannon carson cerf clarke curie "
    "darwin dijkstra einstein elion euclid euler faraday fermat feynman franklin galileo gauss goldberg "
    "goodall hamilton hawking hodgkin hopper hypatia jackson johnson kepler knuth lamport leavitt "
    "liskov lovelace maxwell mcclintock meitner mendel moore newton nobel noether pascal pasteur "
    "perlman ritchie shannon swartz tesla thompson torvalds turing wozniak yalow "
).split()


def identifier(seed: str, number: int | str) -> str:
    """Return the identifier of 64 hexadecimal digits that a seed gives a number.

    >>> len(identifier("labkit", 1)), identifier("labkit", 1) == identifier("labkit", 1)
    (64, True)
    """
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def container_name(identity: str, taken: Collection[str] = ()) -> str:
    """Return a name for a container that has none, made of its identifier.

    `taken` is any container of names: one that is taken gets a digit, as Docker's do.

    >>> container_name(64 * "0")
    'admiring_archimedes'
    >>> container_name(64 * "0", {"admiring_archimedes"})
    'admiring_archimedes0'
    """
    number = int(identity[-12:], 16)
    adjective = _ADJECTIVES[number % len(_ADJECTIVES)]
    name = f"{adjective}_{_SURNAMES[number // len(_ADJECTIVES) % len(_SURNAMES)]}"
    if name not in taken:
        return name
    return next(f"{name}{digit}" for digit in range(10**9) if f"{name}{digit}" not in taken)
