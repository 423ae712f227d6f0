"""For a room that has no network, or where all must have the same versions; classroom.md tells how to use it.

python docs/classroom.py versions                     write constraints.txt: one version of each package
python docs/classroom.py wheels DIR [--platform windows] [--python 3.12]
                                                      fill a folder with labkit and all that it needs

Needs uv. The wheels are for the machines in the room, which need not be like this one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ROOT / "constraints.txt"
HEAD = "# One version of each package that labkit[course] needs: docs/classroom.py writes it.\n"
TAGS = {
    "linux": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "macos": ("macosx_14_0_arm64",),
    "windows": ("win_amd64",),
}
"""uv's names of platforms, and what pip calls the wheels that run there."""


def uv(*arguments: str | Path) -> str:
    """Run uv in the project's folder and return what it prints."""
    command = ["uv", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout


def versions() -> str:
    """Return the versions that uv finds for every Python and platform, with no word of where from."""
    plain = ("--no-hashes", "--no-annotate", "--no-header", "--no-emit-project")
    return HEAD + uv("export", "--quiet", *plain, "--no-default-groups", "--extra", "course")


def wheels(folder: Path, platform: str, python: str) -> None:
    """Fill a folder with labkit's wheel and those that it needs on a platform with a Python."""
    uv("build", "--quiet", "--wheel", "--out-dir", folder)
    (folder / ".gitignore").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        # pip would ask what this machine needs, uv asks for another one's; only pip keeps the wheels.
        listed = Path(directory, "packages.txt")
        plain = ("--quiet", "--no-annotate", "--no-header", "--extra", "course", "-c", VERSIONS)
        there = ("--python-platform", platform, "--python-version", python)
        uv("pip", "compile", *plain, *there, "-o", listed, "pyproject.toml")
        pip = ("run", "--quiet", "--no-project", "--with", "pip", "python", "-m", "pip", "download")
        kinds = [word for tag in TAGS[platform] for word in ("--platform", tag)]
        kinds += ["--no-deps", "--only-binary=:all:", "--python-version", python]
        uv(*pip, "-qq", "--disable-pip-version-check", *kinds, "-d", folder, "-r", listed)


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="docs/classroom.py")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("versions", help="write constraints.txt")
    filled = commands.add_parser("wheels", help="fill a folder with wheels")
    filled.add_argument("folder", type=Path, metavar="DIR")
    filled.add_argument("--platform", choices=sorted(TAGS), default="linux")
    filled.add_argument("--python", default=f"{sys.version_info[0]}.{sys.version_info[1]}", metavar="3.12")
    given = parser.parse_args()
    if given.command == "versions":
        VERSIONS.write_text(versions(), "utf-8")
        print(f"{VERSIONS.name}: written")
    else:
        folder = given.folder.resolve()
        wheels(folder, given.platform, given.python)
        sizes = [path.stat().st_size for path in folder.glob("*.whl")]
        print(f"{len(sizes)} wheels, {sum(sizes) / 1e6:.0f} MB: {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
