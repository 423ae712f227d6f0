"""The scripts that labkit's shell and busybox both run, and the small tree on which they run them."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labkit.oci.content import Content
from labkit.oci.tree import Device, Dir, File, Meta, Node, Symlink, put, remove
from labkit.shell.applets import APPLETS
from labkit.shell.launch import SHELLS
from labkit.shell.run import resume, run_command
from labkit.shell.speech import dialect_of
from labkit.shell.state import Waiting
from labkit.shell.task import Completed, Process
from labkit.storage.overlay import Mount

HERE = Path(__file__).parent
BUSYBOX = Path("/bin/busybox")
ENVIRONMENT = {"PATH": "/bin", "HOME": "/root"}
NEW_YEAR = 1546300800
SECOND = 1_000_000_000

FILES: dict[str, tuple[str, int]] = {
    "etc/passwd": ("root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n", 0o644),
    "etc/group": ("root:x:0:\ndaemon:x:1:\n", 0o644),
    "work/file": ("content of file\n", 0o644),
    "work/old": ("old\n", 0o640),
    "work/big": ("0123456789abcdef" * 400, 0o644),
    "work/empty": ("", 0o644),
    "work/exe": ("text\n", 0o755),
    "work/lines.txt": ("one line\ntwo\n\nthree of them\n", 0o644),
    "work/numbers": ("".join(f"{number}\n" for number in range(1, 21)), 0o644),
    "work/.hidden": ("hidden line\n", 0o644),
    "work/dir/file2": ("file2 line\n", 0o600),
    "work/dir/.hid": ("", 0o644),
}
DIRECTORIES = {"bin": 0o755, "dev": 0o755, "etc": 0o755, "proc": 0o755, "root": 0o700, "tmp": 0o1777,
               "work": 0o755, "work/dir": 0o755, "work/dir/sub": 0o750, "work/empty_dir": 0o755,
               "work/sticky": 0o1777}  # fmt: skip
LINKS = {"work/link": "file", "work/dirlink": "dir", "work/dangling": "nowhere", "work/dir/inner": "file2"}
DEVICES = {
    "dev/null": (1, 3),
    "dev/zero": (1, 5),
    "dev/full": (1, 7),
    "dev/random": (1, 8),
    "dev/urandom": (1, 9),
}
TIMES = {"work/old": NEW_YEAR - 86400 * 500, "work/big": NEW_YEAR + 3600}


@dataclass(frozen=True)
class Answer:
    """What a script printed, and its exit code."""

    stdout: str
    stderr: str
    exit_code: int


def scripts() -> list[str]:
    """Return the scripts of scripts.txt."""
    found: list[str] = []
    for line in (HERE / "scripts.txt").read_text().splitlines():
        if line.startswith("| "):
            found[-1] += "\n" + line[2:]
        elif line and not line.startswith("# "):
            found.append(line)
    return found


def time_of(path: str) -> int:
    """Return a file's modification time in seconds."""
    return TIMES.get(path, NEW_YEAR)


def links() -> Mapping[str, str]:
    """Return all symbolic links, the applets' among them."""
    names = {*APPLETS, *SHELLS} - {"bash", "dash"}
    return {**LINKS, **{f"bin/{name}": "busybox" for name in names}}


def tree() -> Dir:
    """Return the tree as a value."""
    nodes: dict[str, Node] = {path: Dir({}, _meta(path, mode)) for path, mode in DIRECTORIES.items()}
    nodes |= {path: Symlink(target, _meta(path, 0o777)) for path, target in links().items()}
    nodes |= {
        path: File(Content.of(text.encode()), _meta(path, mode)) for path, (text, mode) in FILES.items()
    }
    nodes |= {path: Device("c", *numbers, _meta(path, 0o666)) for path, numbers in DEVICES.items()}
    nodes["bin/busybox"] = File(Content.of(b"\x7fELF"), _meta("bin/busybox", 0o755))
    root = Dir({}, Meta(0o755, mtime=NEW_YEAR * SECOND))
    for path in sorted(nodes):
        root = put(root, path, nodes[path])
    return root


def _meta(path: str, mode: int) -> Meta:
    return Meta(mode, mtime=time_of(path) * SECOND)


class _Clock:
    def __init__(self, now: int) -> None:
        self.now = now


def by_labkit(script: str, lower: Dir, now: int, shell: str = "sh") -> Answer:
    """Run a script with labkit's shell, in the words of the tree's programs."""
    clock = _Clock(now * SECOND)
    mount = Mount(lower, clock=lambda: clock.now)
    process = Process(mount, clock, ENVIRONMENT, cwd="/work", dialect=dialect_of(mount))
    result = run_command([shell, "-c", script], process)
    assert result.finished, script
    return Answer(_text(result.output(1)), _text(result.output(2)), result.exit_code)


def build(root: Path) -> None:
    """Make the tree on disk."""
    for path, mode in sorted(DIRECTORIES.items()):
        (root / path).mkdir()
        (root / path).chmod(mode)
    shutil.copy(BUSYBOX, root / "bin/busybox")
    for path, (text, mode) in FILES.items():
        (root / path).write_text(text)
        (root / path).chmod(mode)
    for path, target in links().items():
        (root / path).symlink_to(target)
    for path, (major, minor) in DEVICES.items():
        os.mknod(root / path, 0o666 | stat.S_IFCHR, os.makedev(major, minor))
    for path in sorted([*DIRECTORIES, *FILES, *LINKS, "bin/busybox"], reverse=True):
        os.utime(root / path, (time_of(path), time_of(path)), follow_symlinks=False)


def by_busybox(script: str, root: Path) -> Answer:
    """Run a script with busybox, chrooted into the tree, in a namespace of processes of its own."""
    unshare = shutil.which("unshare") or "unshare"
    command = [
        unshare,
        "--mount",
        "--pid",
        "--fork",
        f"--root={root}",
        "--wd=/work",
        "--mount-proc",
        "sh",
        "-c",
        script,
    ]
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, stdin=subprocess.DEVNULL, timeout=20, umask=0o022
    )
    return Answer(_text(done.stdout), _text(done.stderr), done.returncode)


USR = {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/sbin"}


def debian_tree() -> Dir:
    """Return the tree with GNU's programs and Debian's shells in place of busybox."""
    root = tree()
    for path in sorted(links(), reverse=True):
        if path.startswith("bin/"):
            root = remove(root, path)
    root = remove(remove(root, "bin/busybox"), "bin")
    for path in ("usr", "usr/bin", "usr/lib", "usr/lib64", "usr/sbin"):
        root = put(root, path, Dir({}, _meta(path, 0o755)))
    for path, target in USR.items():
        root = put(root, path, Symlink(target, _meta(path, 0o777)))
    for name in {*APPLETS, "bash", "dash", "dpkg"} - {"[["}:
        root = put(root, f"usr/bin/{name}", File(Content.of(b"\x7fELF"), _meta(name, 0o755)))
    return put(root, "usr/bin/sh", Symlink("dash", _meta("sh", 0o777)))


def by_debian(shell: str, script: str, root: Path) -> Answer:
    """Run a script with this machine's own shell and programs, which are Debian 12's, in the tree."""
    shutil.rmtree(root / "bin")
    (root / "usr").mkdir()
    for path, target in USR.items():
        (root / path).symlink_to(target)
    enter = f"mount --rbind -o ro /usr {root}/usr && exec /usr/sbin/chroot {root} "
    enter += """/bin/sh -c 'cd /work; exec "$@"' x "$@\""""
    command = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", enter, "x", shell, "-c", script]
    done = subprocess.run(
        command,
        env=ENVIRONMENT,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=6,
        umask=0o022,
    )
    return Answer(_text(done.stdout), _text(done.stderr), done.returncode)


def _text(data: bytes) -> str:
    """Return output as text; of usage messages only the first line is compared."""
    text = data.decode("utf-8", "surrogateescape")
    text = re.sub(r"BusyBox v[^\n]* multi-call binary\.\n", "BusyBox\n", text)
    return re.sub(
        rf"(\n\nUsage: [^\n]*\n).*?(?=^(?:{_NAMES}): |\Z)", r"\1", text, flags=re.DOTALL | re.MULTILINE
    )


_NAMES = "|".join(re.escape(name) for name in APPLETS)


def run_script(text: str, process: Process) -> Completed:
    """Run a text as a prompt does, without a shell in the file system."""
    return resume([Waiting({}, stays=True)], process, text=text)
