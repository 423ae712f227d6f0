"""Overlays mounted by hand at the lab's prompt do what the kernel does: the same lines, the same answers.

Each line runs in labkit's shell as root and in busybox's, in a directory with the same few files; what is
merged, the upper directory and the answers are compared. `LABKIT_LONG=1000` runs that many random sessions.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from labkit import Lab
from tests.conftest import need
from tests.real import host, images

SESSIONS = int(os.environ.get("LABKIT_LONG", "60"))

pytestmark = pytest.mark.real

START = """\
mkdir a b c up work m n up2 work2 out; echo A > a/x; echo B > b/x; echo y > b/y; echo C > c/z; chmod 600 c/z
mkdir a/d b/d c/d a/e b/e c/e a/d/s; echo 1 > a/d/1; echo 2 > b/d/2; echo 3 > c/d/3; echo s > a/d/s/t
ln -s x b/l; ln a/x a/x2; touch file; mkdir 'q:r' 's,t'; echo q > q:r/q; echo s > s,t/s"""
MOUNT = "mount -t overlay overlay -o lowerdir=c:b:a,upperdir=up,workdir=work m"
SEEN = """\
find m up work -exec stat -c '%n %F %a %u %g %h %t,%T' '{}' +
find m up -type f -exec sh -c 'for f; do echo "$f: $(cat "$f")"; done' - '{}' +
find m up -type l -exec readlink '{}' ';'"""
OPAQUE = "getfattr -h -R -d -m overlay.opaque up"


@pytest.fixture
def directory() -> Iterator[Path]:
    need(host.missing(images.BUSYBOX, "getfattr") or host.why_no_overlay(Path(tempfile.gettempdir())))
    root = Path(tempfile.mkdtemp(prefix="labkit-machine-"))
    root.chmod(0o755)
    yield root
    host.remove_tree(root)


class Both:
    """A lab and a real directory, and the answers of both to each line."""

    def __init__(self, root: Path) -> None:
        self.lab, self.root = Lab(), root
        self.lab.session.dialect = "busybox"  # the programs beside it are busybox's
        for line in START.splitlines():
            self.run(line)

    def real(self, line: str) -> tuple[str, int]:
        # A uuid is kept in an upper directory that is new to a kernel of today.
        line = line.replace("upperdir=", "uuid=null,upperdir=") if "uuid" not in line else line
        command = [images.BUSYBOX, "sh", "-c", f"umask 022; {line}"]
        done = subprocess.run(command, cwd=self.root, capture_output=True, check=False, timeout=60)
        text = (done.stdout + done.stderr).decode().replace(str(self.root), "/home/learner")
        # The kernel numbers the device that whiteouts are links to.
        return re.sub(r"work/#[0-9a-f]+", "work/#1", text.replace("uuid=null,", "")), done.returncode

    def ours(self, line: str) -> tuple[str, int]:
        result = self.lab.shell(f"sudo sh -c {shlex.quote(line)}")
        return result.stdout + result.stderr, result.exit_code

    def run(self, line: str, *, words: bool = True) -> None:
        ours, real = self.ours(line), self.real(line)
        same = ours == real if words else ours[1] == real[1]
        assert same, f"{line}: {ours} here, {real} in the kernel"

    def look(self) -> None:
        for line in SEEN.splitlines():
            assert sorted(self.ours(line)[0].splitlines()) == sorted(self.real(line)[0].splitlines()), line
        ours, real = self.ours(OPAQUE)[0].split("\n\n"), self.real(OPAQUE)[0].split("\n\n")
        assert sorted(ours) == sorted(real)


LINES = """\
rm P
rm -r P
echo new > P
echo more >> P
mkdir P
mv P Q
cat P > Q
ln P Q
ln -s P Q
chmod 640 P
chmod 711 P
chown 1:2 P
touch P
rmdir P
truncate -s 3 P
[ ! -e P ] || mv P out/NUMBER
cat P
ls P"""
NAMES = ("x", "y", "z", "d", "e", "l", "d/1", "d/2", "d/s", "d/s/t", "d/n", "e/n", "new", "d/3", "x2")


@pytest.mark.parametrize("batch", range(4))
def test_random_sessions(directory: Path, batch: int) -> None:
    for seed in range(batch, SESSIONS, 4):
        rng = Random(seed)
        place = directory / str(seed)
        place.mkdir()
        both = Both(place)
        both.run(MOUNT)
        typed = [MOUNT]
        for _ in range(rng.randint(3, 10)):
            first, second = (f"m/{rng.choice(NAMES)}" for _ in range(2))
            line = rng.choice(LINES.splitlines()).replace("P", first).replace("Q", second)
            line = line.replace("NUMBER", str(len(typed)))
            typed.append(line)
            try:
                both.run(line, words=False)
                both.look()
            except AssertionError as error:
                pytest.fail(f"seed {seed}: {typed}\n{error}", pytrace=False)
        both.run("umount m")
        both.look()
        host.remove_tree(place)


REFUSED = """\
mount -t overlay overlay -o lowerdir=b m
mount -t overlay overlay -o lowerdir=b:a,upperdir=up m
mount -t overlay overlay -o upperdir=up,workdir=work m
mount -t overlay overlay m
mount -t overlay overlay -o lowerdir=b:nope,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=b,upperdir=nope,workdir=work m
mount -t overlay overlay -o lowerdir=b,upperdir=up,workdir=nope m
mount -t overlay overlay -o lowerdir=b,upperdir=up,workdir=work nope
mount -t overlay overlay -o lowerdir=b,upperdir=up,workdir=work file
mount -t overlay overlay -o lowerdir=file,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=b,upperdir=file,workdir=work m
mount -t overlay overlay -o lowerdir=b,upperdir=up,workdir=file m
mount -t overlay overlay -o lowerdir=b,upperdir=up,workdir=up m
mkdir up/w; mount -t overlay overlay -o lowerdir=b,upperdir=up,workdir=up/w m
mount -t overlay overlay -o lowerdir=b,upperdir=up/w,workdir=up m
mount -t overlay overlay -o lowerdir=up,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=work,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=up/w,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=b:b,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=b/d:b,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=b:b/d,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=b,upperdir=up,workdir=work,foo=bar m
mount -t overlay overlay -o lowerdir=b:,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=:b,upperdir=up,workdir=work m
mount -t overlay overlay -o lowerdir=,upperdir=up,workdir=work m
mount -t overlay -o lowerdir=b -o lowerdir=a overlay m
mount m
umount m
umount nope
umount file
umount a"""
KINDS = """\
-o lowerdir=c:b:a,upperdir=up,workdir=work
-o lowerdir=a:b:c,upperdir=up,workdir=work,index=off,metacopy=off
-o lowerdir=b:a
-o lowerdir=b:a,workdir=work
-o ro,lowerdir=b,upperdir=up,workdir=work
-r -o lowerdir=b,upperdir=up,workdir=work
-o lowerdir=b::a,upperdir=up,workdir=work
-o 'lowerdir=q\\:r:a,upperdir=up,workdir=work'
-o 'lowerdir=s\\,t:a,upperdir=up,workdir=work'
-olowerdir=a,upperdir=up,upperdir=up2,workdir=work2"""
SHOWN = (
    '(grep " $PWD/m " /proc/mounts; mount | grep " $PWD/m ") | sed \'s/,redirect_dir=on//; s/,uuid=null//\''
)


def test_what_the_kernel_refuses(directory: Path) -> None:
    both = Both(directory)
    for line in REFUSED.splitlines():
        both.run(line)
    both.look()


def test_each_way_to_mount(directory: Path) -> None:
    both = Both(directory)
    for options in KINDS.splitlines():
        for line in (
            f"mount -t overlay stack {options} m",
            SHOWN,
            "find m | sort",
            "touch m/t; rm m/x",
            "umount m",
        ):
            both.run(line)
    both.look()


def test_several_mounts(directory: Path) -> None:
    both = Both(directory)
    both.run(MOUNT)
    both.run("mount -t overlay overlay -o lowerdir=m:q\\:r n; ls n")
    both.run("mount -t overlay overlay -o lowerdir=n:a out")
    both.run("mount -t overlay overlay -o lowerdir=a,upperdir=m,workdir=work2 out")
    both.run("mkdir m/u m/w; mount -t overlay overlay -o lowerdir=a,upperdir=m/u,workdir=m/w out")
    both.run(
        "umount n; mount -t overlay overlay -o lowerdir=a,upperdir=up2,workdir=work2 m; ls m; umount m; ls m"
    )
    both.run(
        "mount -t overlay overlay -o lowerdir=a,upperdir=up2,workdir=work2 m/d; ls m/d; umount m; rm -r m/d/1"
    )
    both.run("rmdir m/d; umount m/d; ls m/d; (cd m; umount ../m); cd m/d; umount ../../m; umount overlay")
    both.run("mv m k; rmdir m; ln m/x file2; mv m/x .; umount m/; ls m; cat x")
    both.look()
