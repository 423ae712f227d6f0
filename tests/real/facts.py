"""Ask a real engine what it says of odd archives and what a container sees of odd layers; keep its answers.

    python -m tests.real.facts

writes facts.json: `{"archives": {name: fact}, "stacks": {name: fact}, "paths": [answer …]}`. A fact is
`{"stdout", "stderr", "exit"}` of `docker load -i FILE`, then `images` (`docker images --no-trunc` in short),
and `view`: what `docker export` of a new container of `app:1` holds, apart from what every container is given
(`/dev`, `/proc`, `/sys`, `/.dockerenv` and four files in `/etc`); `escaped` lists files that a load left
outside of the layers. The engine's directories are written as Docker's own, random names in them as `N`.
"""

from __future__ import annotations

import re
import tarfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.fixtures import small_tar
from tests.real import archives, record
from tests.real.engine import RealEngine, Result
from tests.real.stacks import Stack, stacks

FACTS = Path(__file__).with_name("facts.json")
GIVEN = re.compile(r"(dev|proc|sys|\.dockerenv|etc/(hostname|hosts|resolv\.conf|mtab))(/|$)")
IMAGES = "docker images -a --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}}' --no-trunc"


def plain(engine: RealEngine, text: str, file: Path) -> str:
    """Write the engine's directory, its random names and the archive's name in the same way every time."""
    text = record.plain(engine, text).replace(str(file), "app.tar")
    text = re.sub(r"docker-import-\d+", "docker-import-N", text)
    text = re.sub(r"docker_temp_\d+", "docker_temp_N", text)
    text = re.sub(r"(overlay2|layerdb/tmp/write-set-|tmp/GetImageBlob)(/[0-9a-z]{64}|\d+)", r"\1/N", text)
    return text.replace(quote(str(engine.directory), safe=""), "%2Fvar%2Frun")


def view(engine: RealEngine) -> list[list[object]]:
    """List what a new container of `app:1` sees: name, type, mode, owner, size or content, link."""
    created = engine.run("docker create --name box --network none app:1 sh")
    if created.exit:
        return [["error", plain(engine, created.stderr, engine.directory)]]
    out = engine.directory / "box.tar"
    exported = engine.run("docker export box", to=out)
    engine.ok("docker rm box")
    if exported.exit:
        return [["error", plain(engine, exported.stderr, engine.directory)]]
    with tarfile.open(out) as tar:
        seen = []
        for member in tar:
            if GIVEN.match(member.name):
                continue
            stream = tar.extractfile(member) if member.isreg() else None
            text = stream.read(100).decode(errors="replace") if stream else member.linkname
            kind = member.type.decode()
            seen.append([member.name, kind, f"{member.mode & 0o7777:04o}", member.uid, text])
    return sorted(seen)


def escaped(engine: RealEngine) -> list[str]:
    """List files of the telling name that are not where layers are kept, and remove them."""
    found = [path for path in (Path("/tmp") / archives.ESCAPE, Path("/") / archives.ESCAPE) if path.exists()]
    data = engine.directory / "data"
    found += [path for path in data.rglob(archives.ESCAPE) if "/diff/" not in str(path)]
    for path in found:
        path.unlink()
    return [re.sub(r"[0-9a-f]{64}", "N", record.plain(engine, str(path))) for path in found]


def ask(engine: RealEngine, data: bytes) -> dict[str, Any]:
    """Load an archive into an engine that holds nothing and tell what came of it."""
    file = engine.directory / "app.tar"
    file.write_bytes(data)
    done: Result = engine.run(f"docker load -i {file}", seconds=60)
    fact: dict[str, Any] = {
        "stdout": plain(engine, done.stdout, file),
        "stderr": plain(engine, done.stderr, file),
        "exit": done.exit,
        "images": engine.ok(IMAGES).splitlines(),
    }
    if any(line.startswith("app:1 ") for line in fact["images"]):
        fact["view"] = view(engine)
    if left := escaped(engine):
        fact["escaped"] = left
    if fact["images"]:
        engine.ok(f"docker rmi -f {' '.join(line.split()[1] for line in fact['images'])}")
    return fact


def stack_archive(stack: Stack) -> bytes:
    """Give the archive of an image `app:1` with these layers."""
    return small_tar.archive(archives.files([small_tar.pack(layer) for layer in stack]))


def ask_paths(engine: RealEngine) -> list[record.Answer]:
    """Ask what `docker load` says of paths that name no archive."""
    (engine.directory / "work").mkdir(exist_ok=True)
    (engine.directory / "work/directory").mkdir(exist_ok=True)
    (engine.directory / "work/extra.tar").write_bytes(archives.GOOD)
    lines = ["docker load -i nothing.tar", "docker load -i directory", "docker load -i nothing/app.tar"]
    lines += [
        "docker load -i ''",
        "docker load -i",
        "docker load extra.tar",
        "docker load",
        "docker load -i extra.tar x",
    ]
    lines += [
        "docker load --inptu extra.tar",
        "docker load -x",
        "docker load -q -i extra.tar",
        "docker load -i extra.tar",
    ]
    lines += [
        "docker save",
        "docker save app:2",
        "docker save -o nothing/app.tar app:1",
        "docker save -o directory app:1",
    ]
    lines += ["docker rmi app:1"]
    answers = record.record(engine, lines, engine.directory / "work")
    for answer in answers:
        answer["stderr"] = plain(engine, answer["stderr"], engine.directory)
    return answers


def ask_all(engine: RealEngine) -> dict[str, Any]:
    """Ask everything."""
    return {
        "archives": {name: ask(engine, data) for name, data in archives.cases().items()},
        "stacks": {name: ask(engine, stack_archive(stack)) for name, stack in stacks()},
        "paths": ask_paths(engine),
    }


if __name__ == "__main__":
    with RealEngine(own=True) as running:
        record.write(FACTS, ask_all(running))
