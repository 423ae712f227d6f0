"""What an interactive shell shows before a line: PS1 (POSIX, 2.5.3) with the signs of bash and ash."""

from __future__ import annotations

import re

from labkit.shell.conversions import basename
from labkit.shell.files import Files
from labkit.shell.state import Waiting
from labkit.shell.users import home_of, user_name

_BASH = {  # by a file of the system whose /etc sets it
    "/etc/debian_version": "\\u@\\h:\\w\\$ ",
    "/etc/redhat-release": "[\\u@\\h \\W]\\$ ",
    "/": "bash-4.4\\$ ",
}


def primary_prompt(fs: Files, flavour: str) -> str:
    """Return PS1 as a shell that has just been started has it, by its flavour and the files of its system."""
    if flavour == "bash":
        return next(prompt for file, prompt in _BASH.items() if fs.exists(file))
    return "\\$ " if flavour == "dash" else "\\w \\$ "


def prompt(shell: Waiting, fs: Files, uid: int, hostname: str) -> str:
    """Return what stands before the next line of a shell: nothing where nobody is asked (`docker run -i`).

    A program that it waits for shows nothing either.
    """
    memory = shell.memory
    if "i" not in memory["options"]:
        return ""
    variables, cwd = memory["variables"], memory["cwd"]
    user, bash = user_name(fs, uid), basename(memory["arg0"]) == "bash"
    # bash asks HOME, and not where that is the root; busybox asks /etc/passwd (shell.c, lineedit.c).
    home = variables.get("HOME", "").rstrip("/") if bash else home_of(fs, user or "") or ""
    if home and (cwd == home or cwd.startswith(f"{home}/")):
        cwd = f"~{cwd[len(home) :]}"
    signs = {
        "u": user or "I have no name!",
        "h": hostname.partition(".")[0],
        "H": hostname,
        "w": cwd,
        "W": "~" if cwd == "~" else basename(cwd) or "/",
        "$": "$" if uid else "#",
        "s": basename(memory["arg0"]),
        "n": "\n",
        "[": "",
        "]": "",
    }
    text = re.sub(r"\$\{?(\w+)\}?", lambda name: str(variables.get(name[1], "")), variables.get("PS1", ""))
    return re.sub(r"\\(.)", lambda sign: str(signs.get(sign[1], sign[1])), text, flags=re.DOTALL)
