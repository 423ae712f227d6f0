"""Where a docker command reads and writes: the pretend home, and the disk only where the path says so."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit import Lab
from labkit.cli.realfiles import fit, is_drive, native, posix
from labkit.engine.container_files import Member, UnpackError
from labkit.oci import blob
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Symlink
from tests.cli import sessions
from tests.real import host


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Give a lab that was started in an empty real directory, `here`, with a container."""
    (tmp_path / "here").mkdir()
    lab = sessions.loaded_lab(tmp_path)
    monkeypatch.chdir(tmp_path / "here")
    lab.shell("docker create --name box --network none app:1")
    return lab


def files_below(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_nothing_that_is_written_by_a_relative_path_touches_the_disk(lab: Lab) -> None:
    Path("out").mkdir()
    for line in (
        "docker save -o x.tar app:1",
        "docker export -o ./y.tar box",
        "docker cp box:/etc .",
        "docker cp box:/etc out",
        "docker cp box:/etc/motd ~/motd",
        "docker save -o /tmp/x.tar app:1",
    ):
        assert lab.shell(line).text == "", line
    assert lab.shell("ls").stdout == "README.txt\netc\nmotd\nout\nx.tar\ny.tar\n"
    assert files_below(Path()) == ["out"]
    refused = lab.shell("docker save -o out2/x.tar app:1")
    assert refused.stderr == 'failed to save image: invalid output path: directory "out2" does not exist\n'


def test_where_only_the_disk_has_the_directory_the_hint_says_how_to_name_it(lab: Lab) -> None:
    Path("out").mkdir()
    refused = lab.shell("docker save -o out/x.tar app:1")
    assert refused.stderr == 'failed to save image: invalid output path: directory "out" does not exist\n'
    there = Path("out").resolve()
    told = f"labkit: files are written to the pretend home; your own disk has this directory as {there}"
    assert refused.hint == told
    assert lab.shell(f"docker save -o {there}/x.tar app:1").exit_code == 0
    assert files_below(Path()) == ["out", "out/x.tar"]


def test_the_first_use_of_the_disk_is_told_once_and_undo_forgets_it(lab: Lab, tmp_path: Path) -> None:
    told = f"labkit: {tmp_path}/here/a is on your own disk, where undo takes nothing back\n"
    assert lab.shell(f"docker cp box:/etc/motd {tmp_path}/here/a").text == told
    assert lab.shell(f"docker cp box:/etc/motd {tmp_path}/here/b").text == ""
    lab.undo()
    assert lab.shell(f"docker cp box:/etc/motd {tmp_path}/here/a").text == told
    assert (
        lab.shell("docker cp a box:/srv").text
        == "labkit: a was read from your own disk: the pretend home has none\n"
    )
    assert lab.shell("docker cp b box:/srv").text == ""
    assert lab.shell("docker cp nothing box:/srv").hint.startswith(
        "labkit: a path that is not in the pretend home"
    )


def test_a_system_directory_and_the_pretend_machines_own_are_never_the_disks(
    lab: Lab, tmp_path: Path
) -> None:
    for path in (
        "/etc/labkit-test",
        "/usr/local/labkit-test",
        "/var/lib/labkit-test",
        "/labkit-test",
        "/tmp/labkit-test",
    ):
        lab.shell(f"docker cp box:/etc/motd {path}")
        assert not os.path.lexists(path), path
    lab.shell(f"mkdir -p {tmp_path}/here")
    assert lab.shell(f"docker cp box:/etc/motd {tmp_path}/here/m; cat {tmp_path}/here/m").exit_code == 0
    assert files_below(Path()) == []


def test_a_tilde_is_the_learners_own_home_where_the_pretend_one_lacks_it(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    lab.docker("rmi tool:1")
    assert lab.shell("docker load -i ~/app.tar | tail -n 1").stdout == "Loaded image: tool:1\n"
    assert (
        lab.shell("docker load -i ~/none.tar").stderr
        == "open /home/learner/none.tar: no such file or directory\n"
    )


def test_what_the_disk_gets_has_no_device_and_no_power(lab: Lab, tmp_path: Path) -> None:
    line = "mkdir /d; cp /bin/busybox /d/su; chmod 6755 /d/su; chmod 2777 /d"
    lab.shell(f"docker run --name su --network none app:1 sh -c '{line}'")
    result = lab.shell(f"docker cp su:/d {tmp_path}/here")
    assert result.exit_code == 0
    assert [stat.S_IMODE(os.stat(each).st_mode) for each in ("d", "d/su")] == [0o777, 0o755]
    assert lab.shell("docker cp su:/d .; stat -c %a d/su").stdout == "6755\n"


NODES = [
    Member("d", Dir(meta=Meta(0o2755))),
    Member("d/null", Device("c", 1, 3)),
    Member("d/two", Device("c", 1, 3), "d/null"),
    Member("d/pipe", Fifo()),
    Member("d/su", File(meta=Meta(0o6755, xattrs=(("security.capability", b"x"),)))),
    Member("d/here", Symlink("../d/su")),
    Member("d/far", Symlink("/etc/passwd")),
]


def test_what_is_left_out_is_named(lab: Lab) -> None:
    kept, left = fit(NODES, "/out")
    assert left == ["d/null", "d/two", "d/pipe"]
    assert [each.name for each in kept] == ["d", "d/su", "d/here", "d/far"]
    assert all(not each.node.meta.mode & 0o6000 and not each.node.meta.xattrs for each in kept)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "target"),
    [("pre", "../out-secret"), ("pre", "../../out-secret"), ("a/pre", "../../out/x"), ("pre", "..")],
)
def test_a_link_out_of_the_directory_is_refused_by_component(name: str, target: str) -> None:
    with pytest.raises(UnpackError, match=f'invalid symlink "/x/out/{name}" -> "{target}"'):
        fit([Member(name, Symlink(target))], "/x/out")


BAD = [
    "a\\b",
    "..\\..\\evil",
    "a:b",
    "C:",
    "con",
    "CON.txt",
    "nul",
    "Aux.tar.gz",
    "com1",
    "LPT9.x",
    "a.",
    "a ",
    "a?",
    "a*",
    "\x01",
    "conin$",
]
GOOD = ["console", "com10", "a.b", ".hidden", "aux-file", "café", "a b"]


def test_names_that_mean_something_else_on_windows_are_left_out() -> None:
    members = [Member(f"d/{name}", File()) for name in [*BAD, *GOOD]]
    assert fit(members, "/C:/out", windows=True)[1] == [f"d/{name}" for name in BAD]
    assert fit(members, "/out", windows=False)[1] == []
    assert fit([Member("nul/a", File())], "/out", windows=True)[1] == ["nul/a"]


@pytest.mark.parametrize(
    ("path", "drive"),
    [("C:\\Users", True), ("c:/x", True), ("C:", True), ("box:/etc", False), ("/C:/x", False)],
)
def test_a_drive_is_no_container(path: str, drive: bool) -> None:
    assert is_drive(path, windows=True) == drive
    assert not is_drive(path, windows=False)
    assert native(posix(path, windows=True), windows=True).replace("/", "\\") == path.replace(
        "/", "\\"
    ).removeprefix("\\" * path.startswith("/"))


WRITERS = {
    "docker save -o {}/KEEP app:1": "write {}/.docker_temp_1: no space left on device\n",
    "docker export -o {}/KEEP box": "write {}/.docker_temp_1: no space left on device\n",
    "docker cp box:/bin/busybox {}/KEEP": "write {}/KEEP: no space left on device\n",
}


def kept_whole(directory: Path) -> bool:
    return os.listdir(directory) == ["KEEP"] and (directory / "KEEP").read_text() == "old\n"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/KEEP").write_text("old\n")
    return tmp_path / "disk"


@pytest.mark.parametrize("line", WRITERS)
def test_a_full_disk_keeps_the_old_file(
    lab: Lab, kept: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(write: Callable[[bytes], int], data: bytes) -> None:
        write(data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(blob, "write_all", full)
    result = lab.shell(line.format(kept))
    assert (result.stderr, result.exit_code, result.hint) == (WRITERS[line].format(kept), 1, "")
    assert kept_whole(kept)


@pytest.mark.real
@pytest.mark.parametrize("line", WRITERS)
def test_a_disk_that_is_full_indeed(lab: Lab, kept: Path, line: str) -> None:
    if os.geteuid():
        pytest.skip("not root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(kept)], check=True)
    try:
        (kept / "KEEP").write_text("old\n")
        assert lab.shell(line.format(kept)).stderr == WRITERS[line].format(kept)
        assert kept_whole(kept)
    finally:
        subprocess.run(["umount", str(kept)], check=True)


@pytest.mark.parametrize("line", WRITERS)
@pytest.mark.parametrize("call", ["open", "fsync", "chmod", "replace", "unlink"])
def test_an_interrupt_leaves_the_old_file_or_the_new_one(
    lab: Lab, kept: Path, line: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(os, call)

    def interrupted(*args: object, **given: object) -> object:
        monkeypatch.undo()
        try:
            return real(*args, **given)
        finally:
            raise KeyboardInterrupt

    command = line.format(kept)
    monkeypatch.setattr(os, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        lab.shell(command)
    monkeypatch.undo()
    assert os.listdir(kept) == ["KEEP"]
    assert (kept / "KEEP").read_bytes()[:4] == b"old\n" or (kept / "KEEP").stat().st_size > 1_000_000


def test_a_read_only_folder_says_so_in_gos_words(
    lab: Lab, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: object, *args: object, **given: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(blob.os, "open", denied)
    monkeypatch.setattr(os, "mkdir", denied)
    denials = {
        f"docker save -o {kept}/x.tar app:1": f"open {kept}/.docker_temp_1: permission denied\n",
        f"docker cp box:/etc/motd {kept}/new": f"open {kept}/new: permission denied\n",
        f"docker cp box:/etc/motd {kept}/KEEP": f"unlinkat {kept}/KEEP: permission denied\n",
        f"docker cp box:/etc {kept}": f"mkdir {kept}/etc: permission denied\n",
    }
    assert {line: lab.shell(line).stderr for line in denials} == denials
    monkeypatch.undo()
    assert kept_whole(kept)


def test_the_temporary_directory_that_is_missing_is_told_in_one_line(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here/big").write_bytes(bytes(9 << 20))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    result = lab.shell("docker cp big box:/srv")
    assert result.stderr == f"open {tmp_path}/missing: no such file or directory\n"


def test_what_the_home_packs_gnu_tar_and_busybox_unpack(lab: Lab, tmp_path: Path) -> None:
    if reason := host.missing("tar", "busybox"):
        pytest.skip(reason)
    name = "n" * 120
    lab.shell("mkdir -p d/sub; echo hi > d/a; ln d/a d/b; ln -s a d/l; echo y > d/sub/café")
    lab.shell(f"echo x > d/{name}; tar cf d.tar d; tar czf d.tgz d; mkdir out; cp d.tar d.tgz out")
    lab.shell(f"docker cp out box:/; docker cp box:/out/. {tmp_path}/here")
    wanted = sorted(["d/", "d/a", "d/b", "d/l", f"d/{name}", "d/sub/", "d/sub/café"])
    for words in ("tar tf d.tar", "tar tzf d.tgz", "busybox tar tf d.tar", "busybox tar tzf d.tgz"):
        quoting = [] if "busybox" in words else ["--quoting-style=literal"]
        found = subprocess.run([*words.split(), *quoting], capture_output=True, check=True).stdout.decode()
        assert sorted(found.splitlines()) == wanted, words
    subprocess.run(["tar", "xf", "d.tar"], check=True)
    assert os.stat("d/a").st_nlink == 2
    for form in ("gnu", "pax"):
        subprocess.run(["tar", "cf", f"{form}.tar", f"--format={form}", "d"], check=True)
        lab.shell(f"docker cp {form}.tar box:/; docker cp box:/{form}.tar .")
        assert sorted(lab.shell(f"tar tf {form}.tar").stdout.splitlines()) == wanted, form
