"""Record what the real `docker` client prints for the tests beside this file.

    python tests/cli/record_help.py [DOCKER]

DOCKER is the client, /usr/bin/docker by default, of version 20.10.24; it reaches its engine by
DOCKER_HOST and changes nothing there. Writes recordings/help/*.txt, the `--help` of each command that
labkit simulates and of each group, and recordings/errors.json, the client's own answers to LINES.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from labkit.cli.table import COMMANDS, children

HERE = Path(__file__).parent / "recordings"

LINES = r"""
--bogus
-z
-H
--host
--help=x
-D=x images
--log-level
--bogus images
-D images --bogus
-h
-h images
-hv
-v
--version
-v --help
--version bogus
bogus --version
--help
--help images
--help bogus
--help=false
--
help
help image
help image ls
help help
help --help
help -h
help -x
help --version
help image -a
help foo
help image foo
help imagee ls
help run img
imagee
imagee ls
pul nginx
IMAGES
""
compose up
buildx ls
bogus -z
bogus --help
bogus -D
image
image lss
image ""
image help
image help ls
image remov nginx
image --help=false
image --help ls
image --help bogus
image bogus --help
image bogus -z
image -z
image -h
image -- ls
image --bogus ls x
image --bogus=1 ls
image remove
image rmi
container
container --bogus ls
container remove
system bogus
network lss
trust key
trust key foo
trust key --bogus
volume
manifest
manifest bogus
completion
completion bogus
stack
images -z
images -qz
images -zh
images -hz
images -q=
images -D
images -é
images --debug
images --no-trun
images ---x
images --=x
images '--a"b'
images -f
images -qf
images -aqf
images --format
images -f x
images -f=x
images --filter= --filter x
images '--filter=a"b\c	é'
images --no-trunc=maybe
images --no-trunc=
images -q=maybe
images -qa=maybe
images a b
images "" ""
images -- -a -q
images -h a b c
images -h -q x
images -h -h
images --help x y z
images --help=false a b
images -z --help
image ls --filter
image ls --all=1 --all=x
image prune x
image inspect
image inspect -s x
image history a b
image save
image load x
image pull
image tag a
pull
pull a b
pull -q
pull --help a b
pull -q -x a
rmi
rmi -x
tag a
tag a b c
tag -f a b
tag --help a
tag a b --help
history
history -h
save
save -o
load x
load -i
load --input
inspect
inspect --type
run
run -it
run -z
run -itz img
run -n
run -h
run -é
run --bogus x
run --name
run --name=
run --rm=x a
run --detach=x img
run -d=x img
run -dit=x img
run -e
run -e A -e "" img
run -e =a img
run -l =a img
run -l " =c" img
run -l "a b=c" img
run -l "" img
run --cap-add
run --net
run --net x
run --memory-swappiness x img
container run
container run -z
create
create -q img
create -d img
container create
exec
exec x
exec -it a
exec -x a b
exec -e = a b
exec --env
exec -w
container exec a
start
start -x a
start --detach-keys
stop
stop -t x a
stop -t
rm
rm --forc a
ps x
ps -n x
ps -n " 1"
ps -n ""
ps -n 08
ps -n 1__0
ps -n 0x
ps -n 99999999999999999999
ps -n -9223372036854775809
ps --last=x
container ls x
container list x
container prune x
container inspect -f
diff
diff a b
logs
logs a b
logs --tail
logs -n
commit
commit a b c
commit -m
commit -p=x a
commit a b -m
container commit a b c
system df x
system df -x
system df --verbos
system info x
info x
info -x
version x
version --format
cp
cp a
cp a b c
cp -z a b
container cp a
export
export a b
export -o
container export
import
import --change
image import
port
port a b c
container port
system prune x
system prune --volume
volume
volume bogus
volume create a b
volume ls x
volume inspect
volume rm
volume remove
volume prune x
volume ls --filter
"""


def docker(client: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the client with root's home, which its help names, and no terminal, whose width it would take."""
    env = {**os.environ, "HOME": "/root"}
    return subprocess.run(
        [client, *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def file_name(path: str) -> str:
    """The recording of a command's help: "image-ls.txt"."""
    return f"{path.replace(' ', '-') or 'docker'}.txt"


def main(client: str) -> None:
    for old in (HERE / "help").glob("*.txt"):
        old.unlink()
    for path, command in COMMANDS.items():
        if command.simulated:
            answer = docker(client, [*path.split(), "--help"])
            (HERE / "help" / file_name(path)).write_text(answer.stdout)
            if bool(children(command)) != (" COMMAND --help' for more" in answer.stdout):
                raise SystemExit(f"docker {path}: the table and the client differ about its being a group")
    rows = []
    for line in LINES.strip().splitlines():
        answer = docker(client, shlex.split(line))
        rows.append(
            {
                "line": line,
                "stdout": answer.stdout,
                "stderr": answer.stderr,
                "exit": answer.returncode,
            }
        )
    (HERE / "errors.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:] or ["/usr/bin/docker"])
