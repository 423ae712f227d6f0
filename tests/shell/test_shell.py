"""What busybox cannot be asked: virtual time, commands without an end, large files, programs not found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.oci.content import Content
from labkit.oci.tree import Device, Dir, File, Meta, Symlink, put
from labkit.shell.applets import APPLETS
from labkit.shell.builtins import BUILTINS
from labkit.shell.launch import ExecNotFound
from labkit.shell.run import run_command
from labkit.shell.task import Completed, Process, Task
from labkit.storage.overlay import Mount
from tests.shell.workload import ENVIRONMENT, SECOND, run_script, tree

NOW = 1556280000 * SECOND
BIG = 3 << 30
LOWER = put(tree(), "big", File(Content.filler(BIG, "big")))
LOWER = put(LOWER, "bin/server", File(Content.program(5000, "server"), Meta(mode=0o755)))
LOWER = put(LOWER, "dev/tty", Device("c", 5, 0))
LOWER = put(LOWER, "dev/stdout", Symlink("/proc/self/fd/1"))
LOWER = put(LOWER, "dev/stderr", Symlink("/proc/self/fd/2"))
LOWER = put(LOWER, "bin/odd", File(Content.of(b"echo odd\n"), Meta(mode=0o755)))


class Clock:
    def __init__(self) -> None:
        self.now = NOW


def process(lower: Dir = LOWER) -> Process:
    clock = Clock()
    return Process(Mount(lower, clock=lambda: clock.now), clock, ENVIRONMENT, cwd="/work")


def sh(script: str, lower: Dir = LOWER) -> Completed:
    return run_command(["sh", "-c", script], process(lower))


def times(result: Completed) -> list[tuple[str, float]]:
    return [(chunk.data.decode(), chunk.at / SECOND) for chunk in result.chunks]


def test_sleeping_passes_virtual_time() -> None:
    result = sh("echo a; sleep 2.5; echo b; sleep 1m; date +%T")
    assert times(result) == [("a\n", 0), ("b\n", 2.5), ("12:01:02\n", 62.5)]
    assert (result.duration_ns, result.finished) == (62.5 * SECOND, True)


def test_a_pipelines_stages_start_together() -> None:
    assert sh("sleep 5 | sleep 3").duration_ns == 5 * SECOND
    assert times(sh("for i in 1 2; do echo $i; sleep 1; done | cat; echo end")) == [
        ("1\n", 0),
        ("2\n", 1),
        ("end\n", 2),
    ]


def test_a_command_in_the_background_takes_no_time_until_it_is_waited_for() -> None:
    assert times(sh("(sleep 3; echo late) & echo now; wait; echo end")) == [
        ("now\n", 0),
        ("late\n", 3),
        ("end\n", 3),
    ]
    assert times(sh("(sleep 3; echo late) & echo now")) == [("now\n", 0)]


def test_files_get_the_time_at_which_they_are_written() -> None:
    assert sh("sleep 60; echo x > f; stat -c %Y f").output() == b"1556280060\n"


@pytest.mark.parametrize(
    "script",
    [
        "while true; do sleep 60; done",
        "until false; do echo x > /dev/null; done",
        "tail -f file",
        "sleep infinity",
        "sleep 2d",
        "cat /dev/zero > /dev/null",
        "cat /dev/zero | grep x",
        "wc -l < /dev/zero",
        "tail -f file | cat",
        "sleep infinity & wait",
        "cat /dev/zero",
        "find / -exec sh -c 'while :; do :; done' \\;",
    ],
)
def test_what_has_no_end_is_said_to_be_unfinished(script: str) -> None:
    assert not sh(script).finished


def test_output_until_then_is_kept() -> None:
    result = sh("echo start; while true; do echo tick; sleep 3600; done")
    assert times(result)[:3] == [("start\n", 0), ("tick\n", 0), ("tick\n", 3600)]
    assert result.output(1).count(b"tick") == 25


def test_a_reader_that_leaves_ends_the_endless_writer() -> None:
    result = sh("while true; do echo tick; sleep 1; done | head -n 3; echo end")
    assert (result.finished, result.output()) == (True, b"tick\ntick\ntick\nend\n")
    assert result.duration_ns == 3 * SECOND


def test_a_server_in_the_background_lets_the_script_end() -> None:
    assert sh("sleep infinity & echo started").finished


def test_large_files_are_never_read() -> None:
    copies = "cp /big a; cat a a > b; mv a c; dd if=b of=d bs=1M status=none; echo x >> d"
    counted = sh(f"{copies}; wc -c b c d; tail -c 2 d").output().split()
    sizes = [2 * BIG, BIG, 2 * BIG + 2, 5 * BIG + 2]
    assert counted == [b"%d" % sizes[0], b"b", b"%d" % sizes[1], b"c", b"%d" % sizes[2], b"d",
                       b"%d" % sizes[3], b"total", b"x"]  # fmt: skip
    assert sh("head -c 2G /dev/zero > z; truncate -s 5G z; cat z | wc -c").output() == b"5368709120\n"
    assert sh("cat /big").chunks[0].content.size == 16 << 20  # what is printed has a limit


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("nothere", "not found in $PATH", 127),
        ("/bin/nothere", "no such file", 127),
        ("./file", "permission denied", 126),
        ("/etc", "is a directory", 126),
        ("odd", "exec format error", 127),
    ],
)
def test_a_program_that_cannot_be_started(name: str, kind: str, status: int) -> None:
    with pytest.raises(ExecNotFound) as caught:
        run_command([name], process())
    assert (caught.value.kind, caught.value.status) == (kind, status)


def test_a_program_must_be_in_the_file_system() -> None:
    empty = Dir({"bin": Dir()})
    with pytest.raises(ExecNotFound):
        run_command(["ls"], process(empty))
    assert sh("rm /bin/ls; ls").output() == b"sh: ls: not found\n"
    assert run_script("echo hi; ls", process(empty)).output() == b"hi\nsh: ls: not found\n"


def test_a_program_that_is_not_imitated_is_the_callers() -> None:
    assert sh("server").output() == (
        b"labkit: server is not simulated; only a shell and the everyday commands run here\n"
    )

    def serve(task: Task, path: str, argv: object) -> int:
        task.out(f"{path} {argv}\n")
        return 4

    result = run_command(["server", "-d"], replace(process(), on_unknown=serve))
    assert (result.output(), result.exit_code) == (b"/bin/server ['server', '-d']\n", 4)


def test_programs_can_be_added() -> None:
    def docker(task: Task, args: list[str]) -> int:
        task.out(" ".join(args) + "\n")
        return 3

    run = replace(process(), programs={"docker": docker})
    result = run_script("docker ps -a | sed s/ps/PS/; docker; echo $?", run)
    assert result.output() == b"PS -a\n\n3\n"


def test_a_script_leaves_its_directory_and_environment() -> None:
    result = run_script("cd dir; export A=1; B=2", process())
    memory = result.shells[-1].memory
    assert (memory["cwd"], memory["variables"]["B"], "B" in memory["exported"]) == ("/work/dir", "2", False)


def test_links_to_standard_streams_lead_there() -> None:
    result = sh("ln -s /dev/stderr log; echo oops >> log; echo fine > /dev/stdout; cat /dev/tty")
    assert result.output(1) == b"fine\n"
    assert result.output(2) == b"oops\ncat: can't open '/dev/tty': No such device or address\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("set -f", "sh: set: line 0: labkit's shell has no option f"),
        ("sort -g file", "sort: option -g is not simulated"),
        ("diff -w file old", "diff: option -w is not simulated"),
        ("find . -user root", "find: -user is not simulated"),
        ("sed y/a/b/ file", "sed: command y is not simulated"),
        ("echo $((x++))", "sh: ++ in $((...)) is not simulated, X=$((X + 1)) is"),
        ("echo $((x <<= 1))", "sh: <<= in $((...)) is not simulated, X=$((X + 1)) is"),
        ("echo $((1 ? 2 : 3))", "sh: ? in $((...)) is not simulated, X=$((X + 1)) is"),
        ("X=a; echo ${X/a/b}", "sh: syntax error: ${X/...} is not simulated"),
        ("X=abc; echo ${X:0:2}", "sh: syntax error: ${X:...} is not simulated"),
        ("[[ a =~ b ]]", "sh: syntax error: =~ in [[ ]] is not simulated"),
        ("md5sum -c sums", "md5sum: option -c is not simulated"),
        ("type ls", "labkit: type is not simulated; `command -v NAME` tells where a program is"),
        ("cp --symbolic-link a b", "cp: option -s is not simulated"),
        ("umask 077", "labkit: umask is not simulated; what is made here is made with 022"),
        ("trap 'echo bye' EXIT", "labkit: trap is not simulated; no signal comes here"),
    ],
)
def test_what_is_left_out_is_said_in_one_line(script: str, words: str) -> None:
    assert sh(script).output().decode() == f"{words}\n"


def test_every_command_in_the_table_is_there() -> None:
    assert all(callable(applet.load()) for applet in APPLETS.values())


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("touch /tmp/x; stat -c '%u %g' /tmp/x", "1000 50\n"),
        (
            "mkdir /tmp/d && echo a > /tmp/d/f && ln -s f /tmp/d/l && ls -ln /tmp/d | grep -c '1000 *50'",
            "2\n",
        ),
        ("touch x", "touch: x: Permission denied\n"),
        ("echo x >> file", "sh: can't create file: Permission denied\n"),
        ("rm file", "rm: can't remove 'file': Permission denied\n"),
        ("mv file x", "mv: can't rename 'file': Permission denied\n"),
        ("mkdir dir", "mkdir: can't create directory 'dir': File exists\n"),
        ("cat dir/file2", "cat: can't open 'dir/file2': Permission denied\n"),
        ("ls /root", "ls: can't open '/root': Permission denied\n"),
        ("cd /root", "sh: cd: line 0: can't cd to /root: Permission denied\n"),
        ("chmod 777 file", "chmod: file: Operation not permitted\n"),
        ("chown 1000 file", "chown: file: Operation not permitted\n"),
        ("rm /tmp/other", "rm: can't remove '/tmp/other': Operation not permitted\n"),
        ("cp file /tmp/c && sed -i s/o/0/ /tmp/c && cat /tmp/c && rm /tmp/c", "c0ntent of file\n"),
        ("shut", "sh: can't open '/bin/shut': Permission denied\n"),
        ("cat file > /dev/null; cat < /dev/null; [ -w file ] || echo no", "no\n"),
    ],
)
def test_another_user_than_root(script: str, output: str) -> None:
    lower = put(LOWER, "tmp/other", File(Content.of(b"root's"), Meta(0o644)))
    lower = put(lower, "bin/shut", File(Content.of(b"echo hi\n"), Meta(0o711)))
    run = replace(process(lower), uid=1000, gid=50)
    assert run_command(["sh", "-c", script], run).output().decode() == output


def test_moving_a_lower_directory_copies_and_deletes_it() -> None:
    run = process()
    assert run_script("mv dir moved && ls -A moved", run).output() == b".hid\nfile2\ninner\nsub\n"
    assert not run.fs.exists("/work/dir")


TOO_DEEP = [
    "echo 'sh s' > s; sh s",
    "(" * 3000,
    "$(" * 3000,
    "{ " * 500,
    "if " * 2000,
    "! " * 5000 + "true",
    "command " * 5000 + "echo",
    "echo $((" + "(" * 3000,
    "x='x $x'; echo $((" + "-" * 5000 + "1))",
]


@pytest.mark.parametrize("script", TOO_DEEP)
def test_too_deep_is_one_line(script: str) -> None:
    result = sh(script)
    assert result.finished
    assert result.output(2).count(b"\n") <= 2
    assert b"Traceback" not in result.output()


WORDS = st.sampled_from(
    r"""
    echo cat ls -l grep sed find sort test [ ] [[ -e -f -n s/a/b/ x=1 $x ${x} ${x:-y} ${x%?} $(echo `echo ' "
    \ ; & && || | > >> < << 2>&1 ( ) { } if then fi for i in do done while case esac ! # * ? [a-z] ~ $((1+ ))
    file dir /etc/passwd /dev/null /dev/zero -exec {} + \; 0 1 -1 99999999999 é head tail -c cut -d tr printf
    %s %d date dd bs=0 cp mv rm -r stat xargs read export set eval exec . trap du wc tee chmod +x seq expr :
    ^ \( \1 .* export= =
    """.split()
)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS | st.text(max_size=4), max_size=12).map(" ".join))
def test_no_text_breaks_the_shell(script: str) -> None:
    result = run_script(script, process(tree()))
    assert 0 <= result.exit_code < 256
    assert b"Error" not in result.output(2) or "Error" in script


NUMBERS = st.sampled_from(
    """
    0 00 1 -1 +1 -0 7 08 0x1f 1.5 .5 1e3 1k 1G 1x ٣ 1٣ ² 1_000 255 256 4294967296 18446744073709551615
    18446744073709551616 -9223372036854775809
    """.split()
) | st.sampled_from(["9" * 30, "9" * 400, "9" * 5000, "0" * 5000, "-" + "9" * 5000])
PLAIN = st.sampled_from(
    "- -- * file dir empty / /etc/passwd nowhere/x /dev/null /dev/fd/3 é [ ] ! ( \ud83d \udcff".split()
) | st.sampled_from(["", " ", "a\0b", "x" * 300])
OPTIONS = st.sampled_from("acdefghiklmnopqrstuvwx").map("-{}".format)
FORMS = st.sampled_from(
    r"""
    s/{0}/x/ s/x/y/{0} {0}p {0},$d %{0}d %.{0}s %-{0}b +%{0}s bs={0} count={0} seek={0} if={0} of={0} u+{0}
    {0}:{0} /dev/fd/{0} -size -maxdepth -name -exec ; -gt -eq = \(\?{0} (?{0} [{0}
    """.split()
)
ANY = NUMBERS | PLAIN | st.text(st.characters(), max_size=4)
ARGUMENTS = st.lists(ANY | OPTIONS | st.builds(str.format, FORMS, ANY), max_size=4)


@pytest.mark.parametrize("name", sorted({*APPLETS, *BUILTINS}))
@settings(max_examples=30, deadline=None)
@given(ARGUMENTS)
def test_no_argument_breaks_a_command(name: str, arguments: list[str]) -> None:
    """As a program and in a shell: what is raised is a fault of the command's, whatever it was given."""
    given = replace(process(), stdin=b"3\n\xff 1\n'x")
    if name in APPLETS:
        assert 0 <= run_command([name, *arguments], given).exit_code < 256
    assert 0 <= run_command(["sh", "-c", '"$@"', "sh", name, *arguments], given).exit_code < 256


@pytest.mark.parametrize(("moment", "year"), [(10**30, b"9999"), (-(10**30), b"1")])
def test_a_time_beyond_the_calendar_is_its_end(moment: int, year: bytes) -> None:
    lower = put(LOWER, "work/far", File(meta=Meta(mtime=moment)))
    assert sh("ls -l far", lower).output().split()[7] == year


def test_a_commands_own_fault_is_not_a_learners_output() -> None:
    def faulty(task: Task, args: list[str]) -> int:
        return int(args[0])

    with pytest.raises(ValueError, match="invalid literal"):
        run_script("faulty x", replace(process(), programs={"faulty": faulty}))
