"""Dockerfiles, and what the classic builder of a real engine made of them.

    python -m tests.cli.builds

records anew, in recordings/builds.json: for each Dockerfile the history, both configs and the layers
of the image, or the error. It starts from the images of `sessions.archive()`; FILES are the build's
context.
"""

from __future__ import annotations

import bz2
import json
import lzma
import os
import re
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tests.cli import sessions
from tests.fixtures import small_tar
from tests.real import record
from tests.real.engine import RealEngine

RECORDING = Path(__file__).parent / "recordings/builds.json"
EPOCH = small_tar.EPOCH
ROOT = small_tar.pack(
    [
        small_tar.directory("etc/", 0o700),
        small_tar.entry("etc/motd", b"unpacked\n", mode=0o640, owner=7),
        small_tar.entry("etc/link", kind=tarfile.SYMTYPE, link="motd", mode=0o777),
        small_tar.entry("etc/hard", kind=tarfile.LNKTYPE, link="etc/motd", mode=0o640, owner=7),
        small_tar.directory("deep/"),
        small_tar.directory("deep/in/", 0o711),
        small_tar.entry("deep/in/file", b"x", owner=8),
    ]
)
FILES: dict[str, str | bytes] = {
    "one": "one\n",
    "two": "two\n",
    "sub/three": "three\n",
    "sub/deep/four": "four\n",
    "with space": "x",
    "root.tar": ROOT,
    "root.tar.gz": small_tar.stored_gzip(ROOT),
    "root.tar.bz2": bz2.compress(ROOT),
    "root.tar.xz": lzma.compress(ROOT),
    "cut.tar": ROOT[:1100],
    "zeros": bytes(10240),
}

STEPS = r"""
ENV A=1 B="two words" C=$A | ENV D two words here | LABEL x=1 y="a b" | LABEL z $A
ENV P=/x:$PATH Q=${PATH:-u} R=${NO:-dflt} S=\$x T='$A' U="${PATH:+yes}"
ENV A=1 | ENV B=2 | ENV A=9
EXPOSE 80 53/udp 443/tcp | EXPOSE 90/TCP | EXPOSE 100-102
STOPSIGNAL SIGTERM | USER nobody | VOLUME /data /more | VOLUME ["/x y"]
WORKDIR /srv | WORKDIR sub | ENV DIR=/d | WORKDIR $DIR/x
WORKDIR /etc
ENTRYPOINT ["sh","-c"] | CMD ["echo", "hi"]
CMD echo $A "q" | ENTRYPOINT sh -c x | MAINTAINER me <me@x> | LABEL a=b
CMD [] | CMD ["a"
CMD
ENTRYPOINT []
HEALTHCHECK --interval=5s --retries=2 CMD curl x | HEALTHCHECK NONE | HEALTHCHECK CMD ["a","b"]
ONBUILD RUN ls | ONBUILD COPY . /
RUN echo hi > /hi | RUN ["sh","-c","echo x > /x"] | RUN true
COPY one /one | COPY one two /dir/ | COPY sub /sub | COPY "one" /x | COPY ["with space", "/s"]
ADD one /added | WORKDIR /w | COPY one rel | COPY one /etc
COPY sub/* /w/ | COPY o* /w/ | COPY sub /etc/ | COPY one /tmp/q/
LABEL "a b"=c d='e f' g=h\ i
run echo x | env a=b
RUN exit 3
RUN nosuch
RUN ["nosuch"]
COPY nope /x
COPY one two /x
COPY one
COPY ../x /y
FOO x
ENV
ENV A
ENV a=b c
EXPOSE
EXPOSE x
WORKDIR
USER
STOPSIGNAL NOPE
LABEL
LABEL only
VOLUME
VOLUME []
FROM base:1 AS
CMD [1]
CMD ["a"] x
COPY --chown=a --chown=b x y
ENV A=${B:?no}
ENV A=${B:?}
ENV A=${}
ENV A=${B:/x}
ENV A=${B-x}
ENV A="x
ENV A='x
ENV A=$1x$$ B=\\\$x C=${P:-${PATH}} D=$$ E=a$
EXPOSE 70000
EXPOSE 80/xyz
EXPOSE 90-80
EXPOSE 8080:80 | EXPOSE 53/UDP
STOPSIGNAL 99
HEALTHCHECK --interval=1ns CMD x
HEALTHCHECK --interval=0s CMD x
HEALTHCHECK --interval=1h5 CMD x
HEALTHCHECK --interval=1d CMD x
HEALTHCHECK --interval=2562048h CMD x
ENV P="80 81" | EXPOSE $P 53/udp
ENV P="80 81" | EXPOSE "$P"
HEALTHCHECK --retries=x CMD x
HEALTHCHECK --interval=x CMD x
HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=1h --retries=40 CMD x
WORKDIR $NO
WORKDIR /a/../b
USER $NO
VOLUME $NO
COPY http://127.0.0.1:9/x /
ONBUILD ENV x
ONBUILD FOO x
ONBUILD COPY x
ARG =x
ARG A=1 | ARG B=$A | RUN echo $A $B > /ab | LABEL x=$B
ENV A=1 \\
MAINTAINER $A
ENV --x=1 a=b
SHELL ["/bin/sh", "-e", "-c"] | RUN echo x > /x | CMD echo y
RUN --mount=type=cache true
COPY --chmod=600 one /
COPY --chown=7:8 one two /dir/ | COPY --chown=nobody sub /sub
COPY --chown=1:2:3 one /
COPY --chown=x one /
COPY --chown=1:x one /
COPY --chown=$U one /x
ADD root.tar / | ADD root.tar.gz /gz/ | ADD root.tar.bz2 /bz2 | ADD root.tar.xz /xz
ADD zeros / | COPY root.tar /
ADD cut.tar /
ADD one root.tar /both/
COPY one /etc/passwd/x
COPY one /bin/sh/
COPY o?e /x | COPY [a-o]ne /y | COPY [^a-n]?? /z/
COPY s*/th* sub/*/f* /s/
COPY [ /x
"""
SAME_LAYERS = (
    "FROM base:1\nCOPY one /one\n",
    'FROM base:1\nCOPY --chown=7:8 one /one\nCOPY ["with space", "/s"]\n',
    "FROM scratch\nADD root.tar /\n",
    "FROM scratch\nADD root.tar.gz /\nADD root.tar.xz /\nADD root.tar.bz2 /\n",
    "FROM scratch\nCOPY root.tar /\nCOPY one /two\n",
)
"""What the moment of the build changes no layer of."""
STAGES = r"""
FROM base:1 AS a | COPY sub /sub | CMD ["a"] | FROM base:1 | COPY --from=a /sub /etc/motd /x/ | RUN cat /x/*d
FROM base:1 AS a | COPY --chown=77 sub /s | FROM base:1 | COPY --from=0 /s /x | COPY --from=A --chown=9 s* /y/
ARG B=base | FROM $B:1 AS a | LABEL x=$B | FROM a | ARG B | LABEL y=$B | ENTRYPOINT ["e"]
FROM base:1 AS a | MAINTAINER me | FROM scratch | COPY --from=a /etc/passwd / | FROM scratch | COPY one /
FROM base:1 | COPY --from=app:1 /app/static/* /s/ | COPY --from=tool:1 bin/sh /bin/tool
FROM base:1 AS a | ONBUILD COPY one /one | FROM a | FROM a | ONBUILD RUN true
FROM base:1 AS a | FROM base:1 | COPY --from=1 one / | FROM base:1 AS b
FROM base:1 | COPY --from=1 one / | FROM base:1 AS b
FROM base:1 | COPY --from=Bad one /
FROM base:1 AS a | FROM base:1 | COPY --from=a /etc/nope /
FROM base:1 AS a | FROM base:1 | COPY --from=a /etc/passwd /etc/group /x
FROM base:1 AS a | FROM base:1 AS a
FROM base:1 AS a | FROM a | RUN exit 4
FROM base:1 AS 1a
"""


def _lines(text: str) -> list[str]:
    return ["\n".join([*line.split(" | "), ""]) for line in text.strip().splitlines()]


def dockerfiles() -> list[str]:
    """Give the Dockerfiles, all but the last on one base."""
    found = [f"FROM base:1\n{steps}" for steps in _lines(STEPS)]
    found += ['FROM tool:1\nENTRYPOINT ["x"]\n', 'FROM tool:1\nCMD ["c"]\nENTRYPOINT ["x"]\n']
    found += ["FROM base:1\nRUN echo a   && \\\n   echo b > /b\n# comment\nRUN echo \\\n# inner\n y > /y\n"]
    found += SAME_LAYERS
    return [*found, *_lines(STAGES), "", "# x\n", "RUN x\n", "FROM\n", "FROM base:1 AS x y\n", "FROM Bad\n"]


def plain(error: str) -> str:
    """Give an error without the name of the directory in which the storage driver mounts an image."""
    return re.sub(r"overlay2/[0-9a-f]{64}", "overlay2/N", error)


def ask(engine: RealEngine, text: str, context: Path) -> dict[str, Any]:
    """Build a Dockerfile and give what there is to say of the image, or the error."""
    (context / "Dockerfile").write_text(text)
    done = engine.run("docker build --network none --force-rm -q -t made:1 .", cwd=context)
    if done.exit:
        error = done.stderr.strip().splitlines()[-1].removeprefix("Error response from daemon: ")
        return {"dockerfile": text, "error": plain(record.plain(engine, error.rpartition("\x1b[0m")[2]))}
    history = engine.ok("docker history --no-trunc --format '{{.CreatedBy}}|{{.Size}}|{{.Comment}}' made:1")
    config, noted, author, container, layers = engine.ok(
        "docker inspect -f '{{json .Config}}\n{{json .ContainerConfig}}\n{{.Author}}\n{{.Container}}\n"
        '{{join .RootFS.Layers " "}}\' made:1'
    ).splitlines()
    return {
        "dockerfile": text,
        "history": history.splitlines(),
        "config": json.loads(config),
        "container_config": json.loads(noted),
        "author": author,
        "container": bool(container),
        "layers": layers.split(),
    }


def record_all(engine: RealEngine) -> list[dict[str, Any]]:
    """Build every Dockerfile on a real engine."""
    with tempfile.TemporaryDirectory(prefix="labkit-builds-") as name:
        context = Path(name)
        (context / "app.tar").write_bytes(sessions.archive())
        engine.ok("docker load -q -i app.tar", cwd=context)
        (context / "app.tar").unlink()
        for path, content in FILES.items():
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            (context / path).write_bytes(data)
            os.utime(context / path, (EPOCH, EPOCH))
        return [ask(engine, text, context) for text in dockerfiles()]


if __name__ == "__main__":
    with RealEngine(own=True) as running:
        record.write(RECORDING, record_all(running))
