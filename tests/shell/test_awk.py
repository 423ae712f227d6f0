"""The part of awk that is simulated answers as busybox's does; what is left out says so."""

from __future__ import annotations

import subprocess

import pytest

from labkit import Lab
from labkit.box import Box
from tests.conftest import need
from tests.shell.workload import BUSYBOX

TEXT = "a b c\n1 2 3\n10 x  y\n\nroot:x:0:0\n/dev/sda1 100 50%\n  4 4.50 c\n"
PROGRAMS = """
{print $1}
{print $2, $NF}
{print $1 "-" $2}
{print $0"\\t"NR NF}
NR==2
/b/
!/b/
$1 ~ /^[0-9]+$/ {print $1}
$3 !~ /y/ {print $3}
$1==10
$1>="4" {print $2}
$2>1 {print}
NF # what is not empty
$1
NR==3 {print "third" NR NF;}
{print 1.50, 007, $0.9, 4194304}
$1!="a"
$2<="2" {print "<" $2 ">"}
$3 ~ "[0-9]%$" {print $NR}
{s+=$1} END {print s}
{ sum += $2; } END { print "sum:", sum " of " NR }
/a/ {n++} END {print n, NF, $1}
/nothing/{n++}END{print n}
$2>2 {s += 1.25} END {print s s}
END {print NR}
{print $1} END {print "done"; }
""".strip().splitlines()
LEFT_OUT = {
    "{if ($1) print}": "'if'",
    '{printf "%s", $1}': "'printf'",
    "{print length($1)}": "'length'",
    "{print $1/2}": "'/'",
    "{a[$1]++}": "'a'",
    "{s-=$1}": "'s'",
    "{s+=$1; t+=$2} END {print s}": "'t+='",
    "{s+=$1} END {print s/NR}": "'/'",
    "{s+=$1} END": "the end of the program here",
    "END {print} {print}": "'{'",
    "BEGIN {print 1}": "'BEGIN'",
    "NR>1 && $2": "'&'",
    "!$1": "'$'",
    "{}": "'}'",
    "": "the end of the program here",
    "{print $1; print $2}": "'print'",
    "NR==1; {print}": "';'",
    "{print $(NF-1)}": "'('",
    "{print $1 /2/ 3}": "'/2/'",
    "{print $1,}": "'}'",
    '{print $1 > "x"}': "'>'",
    "{print $99999999999}": "'99999999999'",
    "{print": "the end of the program here",
}


@pytest.fixture(scope="module")
def box() -> Box:
    """Give a container of busybox's with a file of lines."""
    made = Lab().run("busybox", name="box")
    made.write("/t", TEXT)
    return made


@pytest.mark.parametrize("options", [[], ["-F:"], ["-F", "[bx]"], ["-F", "\\t"]])
@pytest.mark.parametrize("program", PROGRAMS)
def test_it_prints_what_busybox_prints(box: Box, program: str, options: list[str]) -> None:
    need("" if BUSYBOX.exists() else "busybox is not installed")
    command = [str(BUSYBOX), "awk", *options, program]
    told = subprocess.run(command, input=TEXT, capture_output=True, text=True, check=False, timeout=20)
    ours = box.exec(["awk", *options, program, "/t"])
    assert (ours.stdout, ours.exit_code) == (told.stdout, told.returncode)


@pytest.mark.parametrize("program", LEFT_OUT)
def test_what_is_left_out_says_so(box: Box, program: str) -> None:
    ours = box.exec(["awk", program, "/t"])
    kept = "a condition and print are, and {s += $1} END {print s}"
    words = f"labkit: {LEFT_OUT[program]} in awk is not simulated; {kept}\n"
    assert (ours.stdout, ours.stderr, ours.exit_code) == ("", words, 2)


def test_a_file_that_is_not_there_and_no_program(box: Box) -> None:
    assert box.exec(["awk", "1", "/nope"]).exit_code
    assert box.exec("awk").stderr.startswith("BusyBox")
