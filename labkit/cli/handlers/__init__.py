"""What each command does: one function for each row of the command table, named by its action."""

from __future__ import annotations

from collections.abc import Callable

from labkit.cli.handlers import (
    archives,
    build,
    containers,
    files,
    images,
    inspect,
    lives,
    logs,
    run,
    system,
    transfers,
    volumes,
)
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal

Handler = Callable[[Terminal, Invocation], int]

HANDLERS: dict[str, Handler] = {
    "image ls": images.ls,
    "image history": images.history,
    "image tag": images.tag,
    "image rm": images.rm,
    "image prune": images.prune,
    "image pull": transfers.pull,
    "image push": transfers.push,
    "image save": archives.save,
    "image load": archives.load,
    "image import": archives.import_image,
    "image inspect": inspect.image,
    "inspect": inspect.anything,
    "container inspect": inspect.container,
    "image build": build.build,
    "builder prune": build.prune,
    "container create": run.create,
    "container run": run.run,
    "container exec": run.execute,
    "container start": run.start,
    "container stop": lives.stop,
    "container restart": lives.restart,
    "container kill": lives.kill,
    "container wait": lives.wait,
    "container rename": lives.rename,
    "container rm": lives.rm,
    "container ls": containers.ls,
    "container diff": containers.diff,
    "container logs": logs.logs,
    "container port": logs.port,
    "container commit": containers.commit,
    "container cp": files.cp,
    "container export": files.export,
    "container prune": containers.prune,
    "system df": system.df,
    "system prune": system.prune,
    "system info": system.info,
    "version": system.version,
    "volume create": volumes.create,
    "volume inspect": inspect.volume,
    "volume ls": volumes.ls,
    "volume prune": volumes.prune,
    "volume rm": volumes.rm,
}
