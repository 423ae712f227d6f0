"""The client's commands about other things than images and containers, none of which labkit simulates.

Each row has the command's path, the words of its group's help (client 20.10), and what the real one would
do. They are here so that a real command is never taken for a typo, and so that each group has its help.
"""

from __future__ import annotations

from labkit.cli.table import Command, Flag

_MANIFEST = """The **docker manifest** command has subcommands for managing image manifests and
manifest lists. A manifest list allows you to use one name to refer to the same image
built for multiple architectures.

To see help for a subcommand, use:

    docker manifest CMD --help

For full details on using docker manifest lists, see the registry v2 specification.

EXPERIMENTAL:
  docker manifest is an experimental feature.
  Experimental features provide early access to product functionality. These
  features may change between releases without warning, or can be removed from a
  future release. Learn more about experimental features in our documentation:
  https://docs.docker.com/go/experimental/"""

_COMPLETION = """Generate the autocompletion script for docker for the specified shell.
See each sub-command's help for details on how to use the generated script."""

_ORCHESTRATOR = Flag(
    "orchestrator",
    "",
    "string",
    "Orchestrator to use (swarm|kubernetes|all)",
    would="give the stack to that orchestrator",
)

_GROUPS = (
    Command("builder", "Manage builds"),
    Command("completion", "Generate the autocompletion script for the specified shell", long=_COMPLETION),
    Command("config", "Manage Docker configs"),
    Command("context", "Manage contexts"),
    Command("manifest", "Manage Docker image manifests and manifest lists", long=_MANIFEST),
    Command("network", "Manage networks"),
    Command("node", "Manage Swarm nodes"),
    Command("plugin", "Manage plugins"),
    Command("secret", "Manage Docker secrets"),
    Command("service", "Manage services"),
    Command("stack", "Manage Docker stacks", flags=(_ORCHESTRATOR,)),
    Command("swarm", "Manage Swarm"),
    Command("trust", "Manage trust on Docker images"),
    Command("trust key", "Manage keys for signing Docker images"),
    Command("trust signer", "Manage entities who can sign Docker images"),
)

_ROWS = """
completion bash | Generate the autocompletion script for bash | print a script that completes commands in bash
completion fish | Generate the autocompletion script for fish | print a script that completes commands in fish
completion powershell | Generate the autocompletion script for powershell | print one for PowerShell
completion zsh | Generate the autocompletion script for zsh | print a script that completes commands in zsh
config create | Create a config from a file or STDIN | store a settings file in the swarm
config inspect | Display detailed information on one or more configs | show a stored settings file as JSON
config ls | List configs | list the settings files stored in the swarm
config rm | Remove one or more configs | delete a settings file from the swarm
context create | Create a context | note how to reach another daemon, under a name
context export | Export a context to a tar or kubeconfig file | write a context to a file
context import | Import a context from a tar or zip file | read a context from a file
context inspect | Display detailed information on one or more contexts | show a context as JSON
context ls | List contexts | list the daemons that the client knows how to reach
context rm | Remove one or more contexts | forget a context
context update | Update a context | change how a daemon is reached
context use | Set the current docker context | send the next commands to that context's daemon
manifest annotate | Add additional information to a local image manifest | note an image's platform in a list
manifest create | Create a local manifest list for annotating and pushing to a registry | begin such a list
manifest inspect | Display an image manifest, or manifest list | fetch a manifest and print it
manifest push | Push a manifest list to a repository | upload a manifest list to its registry
manifest rm | Delete one or more manifest lists from local storage | drop a manifest list not yet pushed
network connect | Connect a container to a network | give a container one more network card
network create | Create a network | make a network that containers can join
network disconnect | Disconnect a container from a network | take a network card from a container
network inspect | Display detailed information on one or more networks | show a network and who is on it
network ls | List networks | list the networks that containers can join
network prune | Remove all unused networks | delete the networks that no container is on
network rm | Remove one or more networks | delete a network
node demote | Demote one or more nodes from manager in the swarm | make a manager a plain worker
node inspect | Display detailed information on one or more nodes | show a machine of the swarm as JSON
node ls | List nodes in the swarm | list the machines of the swarm
node promote | Promote one or more nodes to manager in the swarm | make a worker a manager
node ps | List tasks running on one or more nodes, defaults to current node | list a machine's tasks
node rm | Remove one or more nodes from the swarm | strike a machine from the swarm
node update | Update a node | change a machine's labels, role or availability
plugin create | Create a plugin from a rootfs and configuration. Plugin data directory must \
contain config.json and rootfs directory. | pack a directory as an engine plugin
plugin disable | Disable a plugin | switch an engine plugin off
plugin enable | Enable a plugin | switch an engine plugin on
plugin inspect | Display detailed information on one or more plugins | show a plugin as JSON
plugin install | Install a plugin | download an engine plugin and switch it on
plugin ls | List plugins | list the engine's plugins
plugin push | Push a plugin to a registry | upload an engine plugin
plugin rm | Remove one or more plugins | delete an engine plugin
plugin set | Change settings for a plugin | change a plugin's settings
plugin upgrade | Upgrade an existing plugin | replace a plugin by a newer one
secret create | Create a secret from a file or STDIN as content | store a password or key in the swarm
secret inspect | Display detailed information on one or more secrets | show a secret, but not its text
secret ls | List secrets | list the secrets stored in the swarm
secret rm | Remove one or more secrets | delete a secret from the swarm
service create | Create a new service | have the swarm keep a number of like containers running
service inspect | Display detailed information on one or more services | show a service as JSON
service logs | Fetch the logs of a service or task | print what a service's containers wrote
service ls | List services | list the swarm's services
service ps | List the tasks of one or more services | list a service's containers and where they run
service rm | Remove one or more services | end a service and its containers
service rollback | Revert changes to a service's configuration | undo the last change of a service
service scale | Scale one or multiple replicated services | change how many containers a service has
service update | Update a service | replace a service's containers by new ones, step by step
stack deploy | Deploy a new stack or update an existing stack | start a Compose file on the swarm
stack ls | List stacks | list the stacks that run on the swarm
stack ps | List the tasks in the stack | list a stack's containers and where they run
stack rm | Remove one or more stacks | end a stack and its services
stack services | List the services in the stack | list a stack's services
swarm ca | Display and rotate the root CA | show or replace the swarm's certificate authority
swarm init | Initialize a swarm | make this machine the first of a swarm
swarm join | Join a swarm as a node and/or manager | add this machine to a swarm
swarm join-token | Manage join tokens | show or replace the password for joining the swarm
swarm leave | Leave the swarm | take this machine out of its swarm
swarm unlock | Unlock swarm | give a restarted manager the key to the swarm's data
swarm unlock-key | Manage the unlock key | show or replace that key
swarm update | Update the swarm | change the swarm's settings
trust key generate | Generate and load a signing key-pair | make a pair of keys for signing images
trust key load | Load a private key file for signing | read a key for signing images from a file
trust signer add | Add a signer | let another key sign a repository's images
trust signer remove | Remove a signer | no longer let that key sign a repository's images
trust inspect | Return low-level information about keys and signatures | show who signed an image
trust revoke | Remove trust for an image | withdraw an image's signature
trust sign | Sign an image | sign an image and push it with its signature
login | Log in to a Docker registry | check a name and password with a registry and keep them
logout | Log out from a Docker registry | forget the name and password kept for a registry
search | Search the Docker Hub for images | ask Docker Hub which repositories match a word
"""

_ALIASES: dict[str, tuple[str, ...]] = {
    "ls": ("list",),
    "rm": ("remove",),
    "manifest rm": (),
    "stack deploy": ("up",),
    "stack rm": ("remove", "down"),
}


def _row(line: str) -> Command:
    path, short, would = (part.strip() for part in line.split(" | "))
    name = path.rpartition(" ")[2]
    return Command(path, short, aliases=_ALIASES.get(path, _ALIASES.get(name, ())), would=would)


COMMANDS = (
    *_GROUPS,
    *(_row(line) for line in _ROWS.strip().splitlines()),
    Command(
        "checkpoint",
        "Manage checkpoints",
        max_args=None,
        would="save a running container's processes to go on later, where experimental features are on",
        hidden=True,
    ),
)

# Not in the client itself: programs of their own that a Docker installation may add to it.
PLUGINS = {
    "app": "pack a Compose file as an image",
    "buildx": "build images with BuildKit, for several platforms if asked",
    "compose": "start, stop and list the containers that a Compose file describes",
    "scan": "look for known weaknesses in an image's packages",
}
