"""Flags of `docker run` and `docker create` that labkit parses but does not simulate: the limits.

They bound what a container's processes use, say how their health is watched and where their output goes;
none of them changes an image or a layer.
"""

from __future__ import annotations

from dataclasses import replace

from labkit.cli.table import Flag

_FLAGS = (
    Flag(
        "blkio-weight", "", "uint16", "Block IO (relative weight), between 10 and 1000, or 0 to disable", "0"
    ),
    Flag("blkio-weight-device", "", "list", "Block IO weight (relative device weight)", "[]"),
    Flag("cpu-period", "", "int", "Limit CPU CFS (Completely Fair Scheduler) period"),
    Flag("cpu-quota", "", "int", "Limit CPU CFS (Completely Fair Scheduler) quota"),
    Flag("cpu-rt-period", "", "int", "Limit CPU real-time period in microseconds"),
    Flag("cpu-rt-runtime", "", "int", "Limit CPU real-time runtime in microseconds"),
    Flag("cpu-shares", "c", "int", "CPU shares (relative weight)"),
    Flag("cpus", "", "decimal", "Number of CPUs"),
    Flag("cpuset-cpus", "", "string", "CPUs in which to allow execution (0-3, 0,1)"),
    Flag("cpuset-mems", "", "string", "MEMs in which to allow execution (0-3, 0,1)"),
    Flag("device", "", "list", "Add a host device to the container"),
    Flag("device-cgroup-rule", "", "list", "Add a rule to the cgroup allowed devices list"),
    Flag("device-read-bps", "", "list", "Limit read rate (bytes per second) from a device", "[]"),
    Flag("device-read-iops", "", "list", "Limit read rate (IO per second) from a device", "[]"),
    Flag("device-write-bps", "", "list", "Limit write rate (bytes per second) to a device", "[]"),
    Flag("device-write-iops", "", "list", "Limit write rate (IO per second) to a device", "[]"),
    Flag("gpus", "", "gpu-request", "GPU devices to add to the container ('all' to pass all GPUs)"),
    Flag("health-cmd", "", "string", "Command to run to check health"),
    Flag("health-interval", "", "duration", "Time between running the check (ms|s|m|h)", "0s"),
    Flag("health-retries", "", "int", "Consecutive failures needed to report unhealthy"),
    Flag(
        "health-start-period",
        "",
        "duration",
        "Start period for the container to initialize before starting health-retries countdown (ms|s|m|h)",
        "0s",
    ),
    Flag("health-timeout", "", "duration", "Maximum time to allow one check to run (ms|s|m|h)", "0s"),
    Flag("kernel-memory", "", "bytes", "Kernel memory limit"),
    Flag("log-driver", "", "string", "Logging driver for the container"),
    Flag("log-opt", "", "list", "Log driver options"),
    Flag("memory", "m", "bytes", "Memory limit"),
    Flag("memory-reservation", "", "bytes", "Memory soft limit"),
    Flag("memory-swap", "", "bytes", "Swap limit equal to memory plus swap: '-1' to enable unlimited swap"),
    Flag("memory-swappiness", "", "int", "Tune container memory swappiness (0 to 100)", "-1"),
    Flag("no-healthcheck", "", "", "Disable any container-specified HEALTHCHECK"),
    Flag("oom-kill-disable", "", "", "Disable OOM Killer"),
    Flag("oom-score-adj", "", "int", "Tune host's OOM preferences (-1000 to 1000)"),
    Flag("pids-limit", "", "int", "Tune container pids limit (set -1 for unlimited)"),
    Flag("shm-size", "", "bytes", "Size of /dev/shm"),
    Flag("stop-signal", "", "string", "Signal to stop a container", "SIGTERM"),
    Flag("stop-timeout", "", "int", "Timeout (in seconds) to stop a container"),
    Flag("storage-opt", "", "list", "Storage driver options for the container"),
    Flag("sysctl", "", "map", "Sysctl options", "map[]"),
    Flag("ulimit", "", "ulimit", "Ulimit options", "[]"),
)

_LIMITS_WOULD = {
    "blkio-weight": "set the container's share of the disk's time",
    "blkio-weight-device": "set the container's share of that disk's time",
    "cpu-period": "set the period of the processor limit",
    "cpu-quota": "set the processor time in each period",
    "cpu-rt-period": "set the period of the real-time processor limit",
    "cpu-rt-runtime": "set the real-time processor time in each period",
    "cpu-shares": "set the container's share of a busy processor",
    "cpus": "limit the container to that many processors' time",
    "cpuset-cpus": "run the container on those processors only",
    "cpuset-mems": "use those memory nodes only",
    "device": "let the container use that device of the host",
    "device-cgroup-rule": "allow the devices that the rule names",
    "device-read-bps": "limit how fast the container reads from that device",
    "device-read-iops": "limit how often the container reads from that device",
    "device-write-bps": "limit how fast the container writes to that device",
    "device-write-iops": "limit how often the container writes to that device",
    "gpus": "let the container use the host's graphics processors",
    "health-cmd": "run that command now and then to see if the container is healthy",
    "health-interval": "set the time between two health checks",
    "health-retries": "set how many failed checks make the container unhealthy",
    "health-start-period": "ignore failed health checks for that long after the start",
    "health-timeout": "count a health check as failed after that long",
    "kernel-memory": "limit the memory that the kernel uses for the container",
    "log-driver": "send the container's output to that logging driver",
    "log-opt": "pass that option to the logging driver",
    "memory": "limit the container's memory and kill its process beyond that",
    "memory-reservation": "ask for that limit when the host runs short of memory",
    "memory-swap": "limit memory and swap together",
    "memory-swappiness": "set how readily the kernel swaps the container's memory",
    "no-healthcheck": "switch off the health check that the image defines",
    "oom-kill-disable": "spare the container's process when memory runs out",
    "oom-score-adj": "set how likely the kernel kills the process when memory runs out",
    "pids-limit": "limit the number of processes in the container",
    "shm-size": "set the size of the container's /dev/shm",
    "stop-signal": "use that signal when the container is stopped",
    "stop-timeout": "wait that long for the process to stop before killing it",
    "storage-opt": "pass an option to the storage driver, such as a size limit of the writable layer",
    "sysctl": "set that kernel parameter in the container",
    "ulimit": "set that limit of the process",
}

LIMITS = tuple(replace(flag, would=_LIMITS_WOULD[flag.name]) for flag in _FLAGS)
