"""labkit's own line after an error of Docker's: what to do next.

Docker's words stay as they are; the line below them is for somebody who meets them for the first time.
A row of the table is a pattern of what was printed, and the hint, in which the pattern's groups can stand.
"""

from __future__ import annotations

import re

_ROWS = (
    (r"No such image: (\S+)", "docker images lists what is here, docker pull {0} fetches an image"),
    (r"No such container: (\S+)", "docker ps -a lists all containers, the stopped ones too"),
    (r"No such object: (\S+)", "docker images and docker ps -a list what there is to inspect"),
    (r"Container (\w{12})\w* is not running", "docker start {0} starts it again, with what it wrote"),
    (r"You cannot remove a running container (\w{12})", "docker stop {0} comes first, or docker rm -f {0}"),
    (
        r"unable to remove repository reference \S+ \(must force\) - container (\w+)",
        "docker rm {0} comes first; docker rmi -f would take only the name away",
    ),
    (r"is being used by running container (\w+)", "docker stop {0} and docker rm {0} come first"),
    (r"is being used by stopped container (\w+)", "docker rm {0} comes first"),
    (r"image has dependent child images", "an image made from it is still here: remove that one first"),
    (r"image is referenced in multiple repositories", "it has several names: remove one by one, or use -f"),
    (r'container name "/(\S+)" is already in use', "docker rm {0} frees the name, or choose another one"),
    (r"Dockerfile path: lstat (\S+):", "write it first: printf 'FROM busybox\\nRUN ls\\n' > {0}"),
    (r"file not found in build context", "COPY and ADD take files of the directory that is built alone"),
    (r"repository name must be lowercase", "write the name in small letters"),
    (r"invalid reference format", "a name looks like nginx, nginx:1.15.12 or team/app:v2"),
    (r'exec: "([^"]*)": executable file not found', "the image has no program named {0}"),
    (r"stat ([^\s:]*): no such file or directory: unknown", "the image has no file {0}"),
    (r"dial tcp: lookup (\S+): no such host", "names without a host, like nginx, need no network"),
    (r"open (\S+): no such file or directory", "the path starts in the directory that this was started in"),
)  # fmt: skip


def hint(said: str) -> str:
    """Return the line for what docker itself said of an error, or "" where there is none.

    >>> hint("Error: No such container: web\\n")
    'labkit: docker ps -a lists all containers, the stopped ones too'
    """
    for pattern, text in _ROWS:
        match = re.search(pattern, said)
        if match:
            return "labkit: " + text.format(*match.groups())
    return ""
