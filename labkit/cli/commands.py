"""What runs each command of the table: the functions of all nouns, by path."""

from __future__ import annotations

from collections.abc import Callable

from labkit.cli import archive, build, image, inspect, system, transfer, volume
from labkit.cli.container import files, life, run
from labkit.cli.container import list as listing
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal

Handler = Callable[[Terminal, Invocation], int]

HANDLERS: dict[str, Handler] = {
    "builder prune": build.prune,
    "container attach": run.attach,
    "container commit": listing.commit,
    "container cp": files.cp,
    "container create": run.create,
    "container diff": listing.diff,
    "container exec": run.execute,
    "container export": files.export,
    "container inspect": inspect.container,
    "container kill": life.kill,
    "container logs": life.logs,
    "container ls": listing.ls,
    "container port": life.port,
    "container prune": listing.prune,
    "container rename": life.rename,
    "container restart": life.restart,
    "container rm": life.rm,
    "container run": run.run,
    "container start": run.start,
    "container stop": life.stop,
    "container wait": life.wait,
    "image build": build.build,
    "image history": image.history,
    "image import": archive.import_image,
    "image inspect": inspect.image,
    "image load": archive.load,
    "image ls": image.ls,
    "image prune": image.prune,
    "image pull": transfer.pull,
    "image push": transfer.push,
    "image rm": image.rm,
    "image save": archive.save,
    "image tag": image.tag,
    "inspect": inspect.anything,
    "system df": system.df,
    "system info": system.info,
    "system prune": system.prune,
    "version": system.version,
    "volume create": volume.create,
    "volume inspect": inspect.volume,
    "volume ls": volume.ls,
    "volume prune": volume.prune,
    "volume rm": volume.rm,
}
