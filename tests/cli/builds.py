"""Dockerfiles, and what the classic builder of a real engine made of them.

    python -m tests.cli.builds

records anew, in recordings/builds.json: for each Dockerfile the history, both configs and the number of
layers of the image, or the error. It starts from the images of `sessions.archive()`; FILES are the build's
context.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.cli import sessions
from tests.real import record
from tests.real.engine import RealEngine

RECORDING = Path(__file__).parent / "recordings/builds.json"
FILES = {"one": "one\n", "two": "two\n", "sub/three": "three\n", "sub/deep/four": "four\n", "with space": "x"}

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
"""


def dockerfiles() -> list[str]:
    """Give the Dockerfiles, all but the last on one base."""
    found = ["FROM base:1\n" + "\n".join(line.split(" | ")) + "\n" for line in STEPS.strip().splitlines()]
    found += ['FROM tool:1\nENTRYPOINT ["x"]\n', 'FROM tool:1\nCMD ["c"]\nENTRYPOINT ["x"]\n']
    found += ["FROM base:1\nRUN echo a   && \\\n   echo b > /b\n# comment\nRUN echo \\\n# inner\n y > /y\n"]
    return [*found, "", "# x\n", "RUN x\n", "FROM\n", "FROM base:1 AS x y\n", "FROM Bad\n"]


def ask(engine: RealEngine, text: str, context: Path) -> dict[str, Any]:
    """Build a Dockerfile and give what there is to say of the image, or the error."""
    (context / "Dockerfile").write_text(text)
    done = engine.run("docker build --network none --force-rm -q -t made:1 .", cwd=context)
    if done.exit:
        error = done.stderr.strip().splitlines()[-1].removeprefix("Error response from daemon: ")
        return {"dockerfile": text, "error": error.rpartition("\x1b[0m")[2]}
    history = engine.ok("docker history --no-trunc --format '{{.CreatedBy}}|{{.Size}}|{{.Comment}}' made:1")
    config, noted, author, container, layers = engine.ok(
        "docker inspect -f '{{json .Config}}\n{{json .ContainerConfig}}\n{{.Author}}\n{{.Container}}\n"
        "{{len .RootFS.Layers}}' made:1"
    ).splitlines()
    return {
        "dockerfile": text,
        "history": history.splitlines(),
        "config": json.loads(config),
        "container_config": json.loads(noted),
        "author": author,
        "container": bool(container),
        "layers": int(layers),
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
            (context / path).write_text(content)
        return [ask(engine, text, context) for text in dockerfiles()]


if __name__ == "__main__":
    with RealEngine(own=True) as running:
        record.write(RECORDING, record_all(running))
