"""Permission bits: chmod's operand, and the ten characters of `ls -l` (POSIX.1-2017, chmod and ls)."""

from __future__ import annotations

import re
import stat

from labkit.engine.shell.task import CommandError

_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_TYPES = {stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFCHR: "c", stat.S_IFBLK: "b", stat.S_IFIFO: "p"}
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)", re.ASCII)


def parse_mode(text: str, mode: int, directory: bool, umask: int) -> int:
    """Return the bits that a chmod operand makes of `mode`; raises CommandError.

    >>> oct(parse_mode("u+x,go-r", 0o644, False, 0o022))
    '0o700'
    """
    if re.fullmatch(r"[0-7]{1,4}|0[0-7]{4}", text):
        return int(text, 8)
    for clause in text.split(","):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise CommandError(f"invalid mode '{text}'")
        who = 0
        for letter in match[1]:
            who |= _WHO[letter]
        for operator, letters in re.findall(r"([-+=])([rwxXstugo]*)", match[2]):
            mode = _apply(mode, who, operator, letters, directory, umask)
    return mode


def _apply(mode: int, who: int, operator: str, letters: str, directory: bool, umask: int) -> int:
    bits = 0
    for letter in letters:
        if letter in "ugo":
            shift = {"u": 6, "g": 3, "o": 0}[letter]
            bits |= (mode >> shift & 7) * 0o111
        elif letter == "X":
            bits |= 0o111 if directory or mode & 0o111 else 0
        else:
            bits |= _BITS[letter]
    scope = who or 0o7777 & ~umask
    bits &= scope | (0o1000 if not who else 0)
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    return mode & ~((who or 0o7777) & 0o7777 & ~(0o7000 if directory else 0)) | bits


def symbolic(mode: int) -> str:
    """Return type and permissions as ten characters.

    >>> symbolic(0o100755)
    '-rwxr-xr-x'
    """
    out = [_TYPES.get(stat.S_IFMT(mode), "-")]
    for shift, special, letter in ((6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")):
        bits = mode >> shift & 7
        out += ["r" if bits & 4 else "-", "w" if bits & 2 else "-"]
        if mode & special:
            out.append(letter if bits & 1 else letter.upper())
        else:
            out.append("x" if bits & 1 else "-")
    return "".join(out)
