"""What goals of several lessons are made of: containers made anew, overlays by hand, settings, data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from labkit.base.errors import LabkitError
from labkit.course.statements import Attempt, Seen, Statement, about_image, file_at, files_in
from labkit.engine.state import Container
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.storage.overlay import Mount


def found(lab: Lab, name: str) -> Container | None:
    """Return a container by its name, or None."""
    try:
        return lab.container(name).container
    except LabkitError:
        return None


def records(name: str, count: int = 400) -> str:
    """Return lines of data that nobody can type from memory.

    >>> records("orders", 1)
    '1,orders,d1af8df8\\n'
    """
    keys = [hashlib.sha256(f"{name} {n}".encode()).hexdigest()[:8] for n in range(count)]
    return "".join(f"{n},{name},{key}\n" for n, key in enumerate(keys, 1))


def about(name: str, says: str, look: Callable[[Attempt, Container], Seen]) -> Statement:
    """Make a statement about the container that has a name now."""

    def find(attempt: Attempt) -> Seen:
        box = found(attempt.lab, name)
        return look(attempt, box) if box else Seen(False, f"There is no container `{name}`.", defined=False)

    return Statement(says, find)


def finds(name: str, path: str, image: str) -> Statement:
    """The container finds a file, byte for byte, as an image had it at the start."""

    def look(attempt: Attempt, box: Container) -> Seen:
        root = attempt.origin.engine.root(attempt.origin.image(image))
        has = file_at(files_in(attempt.lab, box), path)
        met = has is not None and has == file_at(Mount(root), path)
        return Seen(met, f"`{path}` in `{name}` is {'' if met else 'not '}that of `{image}`.")

    return about(name, f"In `{name}` the file `{path}` is that of `{image}`.", look)


def outside(name: str, path: str, *, named: bool = False) -> Statement:
    """The container has a file in a volume, or, if `named`, in one that has a name."""

    def look(attempt: Attempt, box: Container) -> Seen:
        around = [each for each in box.volumes if f"{path}/".startswith(f"{each.destination.rstrip('/')}/")]
        if file_at(files_in(attempt.lab, box), path) is None:
            return Seen(False, f"There is no `{path}` in `{name}`.")
        if named and around and all(each.anonymous for each in around):
            return Seen(False, f"`{path}` of `{name}` is in a volume that nobody gave a name.")
        return Seen(bool(around), f"`{path}` of `{name}` is in {'a' if around else 'no'} volume.")

    return about(name, f"`{path}` of `{name}` is in a {'named ' * named}volume.", look)


def runs_of(name: str, image: str) -> Statement:
    """A container of that name runs, of the image that has a name now."""

    def look(attempt: Attempt, box: Container) -> Seen:
        tags = attempt.lab.engine.state.tags
        full = image if ":" in image else f"{image}:latest"
        same = box.image_id == tags.get(f"docker.io/library/{full}")
        text = f"`{name}` {'runs' if box.running else 'does not run'}, "
        return Seen(box.running and same, f"{text}of {'' if same else 'another image than '}`{image}`.")

    return about(name, f"`{name}` runs, of `{image}`.", look)


def mounted(place: str, image: str) -> Statement:
    """An overlay that is mounted at a place of the pretend home shows what a container of an image finds."""

    def look(attempt: Attempt) -> Seen:
        lab = attempt.lab
        with lab.looking():
            kind = lab.shell(f"mount | grep 'on /home/learner/{place} type overlay'").stdout
            listed = lab.shell(f"sudo sh -c 'cd {place} && find . ! -type d'").stdout.split("\n")
            sums = lab.shell(f"sudo sh -c 'cd {place} && cat $(find srv -type f | sort)'").stdout
        if not kind:
            return Seen(False, f"At `{place}` there is no overlay.", defined=False)
        origin = attempt.origin
        root = origin.engine.root(origin.image(image))
        files = {f"./{path}" for path, node in tree.walk(root) if not isinstance(node, tree.Dir)}
        texts = [
            node.content.read()
            for path, node in sorted(tree.walk(root))
            if path.startswith("srv/") and isinstance(node, tree.File)
        ]
        same = files == {each for each in listed if each} and sums.encode() == b"".join(texts)
        return Seen(
            same,
            f"The overlay at `{place}` shows {'' if same else 'not '}what a container of `{image}` finds.",
        )

    return Statement(f"An overlay at `{place}` shows what a container of `{image}` would find.", look)


def image_edits(name: str, path: str, base: str, old: str, new: str) -> Statement:
    """A file of settings says a word in place of another, and all else as in an image at the start."""

    def look(attempt: Attempt, image: Image) -> Seen:
        before = attempt.at_start(lambda lab: file_at(Mount(lab.engine.root(lab.pull(base))), path))
        found = file_at(Mount(attempt.lab.engine.root(image)), path)
        if found is None:
            return Seen(False, f"In `{name}` there is no file `{path}`.")
        now, wanted = _settings(found), [line.replace(old, new) for line in _settings(before or Content())]
        if any(old in line for line in now):
            return Seen(False, f"In `{name}` the file `{path}` still says `{old}`.")
        if now == wanted:
            return Seen(True, f"In `{name}` the file `{path}` says `{new}` where it said `{old}`.")
        missing = (
            "not all else that was there" if set(now) & set(wanted) else f"not `{new}` in place of `{old}`"
        )
        return Seen(False, f"In `{name}` the file `{path}` says {missing}.")

    return about_image(name, f"In `{name}` the file `{path}` says `{new}` where it said `{old}`.", look)


def _settings(content: Content) -> list[str]:
    """Return the lines that count, without comments and spaces."""
    lines = content.read(0, 65536).decode("utf-8", "replace").splitlines()
    bare = ("".join(line.partition("#")[0].split()) for line in lines)
    return [line for line in bare if line]


def variable_set(name: str, variable: str, value: str) -> Statement:
    """A container of the image has a variable with that value."""

    def look(attempt: Attempt, image: Image) -> Seen:
        env = dict(str(each).partition("=")[::2] for each in image.config.config.get("Env") or ())
        text = f"to `{env[variable]}`" if variable in env else "not at all"
        return Seen(env.get(variable) == value, f"`{name}` sets {variable} {text}.")

    return about_image(name, f"`{name}` sets {variable} to `{value}`.", look)
