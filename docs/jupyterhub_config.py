"""An example for a class: JupyterHub on one machine, a container and a volume for each learner.

    docker build -t labkit-hub .              in the project's folder
    pip install jupyterhub dockerspawner      where the Hub runs; and configurable-http-proxy from npm
    jupyterhub -f docs/jupyterhub_config.py

Who may come in is yours to say: as it stands, JupyterHub asks for the passwords of the machine's own users,
and lets in those that `allowed_users` names. Put https before it. docs/classroom.md says what was tried.
"""

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.JupyterHub.spawner_class = "docker"
c.JupyterHub.hub_ip = "172.17.0.1"  # Docker's own bridge: there the containers find the Hub
c.DockerSpawner.image = "labkit-hub"
c.DockerSpawner.remove = True  # a container ends with its server; what is kept is in the volume
c.DockerSpawner.volumes = {"labkit-{username}": "/home/learner/labkit-course"}

c.Spawner.default_url = "/lab/tree/labkit-course/00-start-here.ipynb"
c.Spawner.mem_guarantee = "300M"  # a server and a kernel after lesson 1; each open notebook adds 120
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 1.0
c.Spawner.start_timeout = 120  # thirty begin at once

c.Authenticator.allowed_users = {"ada", "grace", "linus"}
