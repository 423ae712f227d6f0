"""What a build is asked for, and its Dockerfile read and checked before any step is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labkit.engine.build import checks
from labkit.engine.build.context import Context
from labkit.engine.build.parse import Instruction, parse
from labkit.errors import DaemonError
from labkit.oci.reference import Reference


@dataclass(frozen=True, slots=True)
class Request:
    """What a build is asked for beside its context: the flags of `docker build`."""

    tags: tuple[Reference, ...] = ()
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    use_cache: bool = True
    cache_from: tuple[str, ...] = ()
    pull: bool = False
    remove: bool = True
    force_remove: bool = False
    target: str = ""
    network: str = "default"


class StepFailed(DaemonError):
    """A command that ended with another code than 0; so does the build."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def read_steps(files: Context, request: Request) -> tuple[Context, list[Instruction], tuple[str, ...]]:
    """Return the context for the steps, the steps themselves, and what is remarked on.

    Raises DaemonError for a Dockerfile that is none, NotSimulated for what labkit does not build.
    """
    name, text = files.read_dockerfile()
    try:
        dockerfile = parse(text)
    except DaemonError as error:
        raise DaemonError(f"failed to parse {name}: {error}") from None
    found = list(dockerfile.instructions)
    begun = False
    for step in found:
        try:
            checks.check_instruction(step)
        except DaemonError as error:
            raise DaemonError(f"dockerfile parse error line {step.line}: {error}") from None
        begun = begun or step.name == "FROM"
        if not begun and step.name != "ARG":
            raise DaemonError("no build stage in current context")
    checks.check_simulated(found)
    if request.target and request.target.lower() not in _stages(found):
        raise DaemonError(f"failed to reach build target {request.target} in Dockerfile")
    for key, value in sorted(request.labels.items()):
        found.append(Instruction("LABEL", (key, value), f"LABEL {key}={value}", literal=True))
    return files.without_ignored(name), found, dockerfile.warnings


def _stages(found: Sequence[Instruction]) -> list[str]:
    names = [step.args[2].lower() if len(step.args) == 3 else "" for step in found if step.name == "FROM"]
    return [each for index, name in enumerate(names) for each in (name, str(index)) if each]
