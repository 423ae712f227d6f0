"""The structs that moby 20.10 reads an image's config into, field by field in its order.

api/types/container.Config and HealthConfig; image.Image, History and RootFS.
"""

from __future__ import annotations

from labkit.oci.gostruct import (
    BOOL,
    COMMAND,
    INT,
    INT64,
    SET,
    STRING,
    STRING_MAP,
    STRINGS,
    TIME,
    Field,
    Type,
    list_of,
    struct,
)

_DURATION = Type("time.Duration", "integer")
HEALTHCHECK = struct(
    "container.HealthConfig",
    Field("Test", STRINGS, omitempty=True),
    Field("Interval", _DURATION, omitempty=True),
    Field("Timeout", _DURATION, omitempty=True),
    Field("StartPeriod", _DURATION, omitempty=True),
    Field("Retries", INT, omitempty=True),
)
CONTAINER_CONFIG = struct(
    "container.Config",
    Field("Hostname", STRING),
    Field("Domainname", STRING),
    Field("User", STRING),
    Field("AttachStdin", BOOL),
    Field("AttachStdout", BOOL),
    Field("AttachStderr", BOOL),
    Field("ExposedPorts", SET, omitempty=True),
    Field("Tty", BOOL),
    Field("OpenStdin", BOOL),
    Field("StdinOnce", BOOL),
    Field("Env", STRINGS),
    Field("Cmd", COMMAND),
    Field("Healthcheck", HEALTHCHECK, omitempty=True, pointer=True),
    Field("ArgsEscaped", BOOL, omitempty=True),
    Field("Image", STRING),
    Field("Volumes", SET),
    Field("WorkingDir", STRING),
    Field("Entrypoint", COMMAND),
    Field("NetworkDisabled", BOOL, omitempty=True),
    Field("MacAddress", STRING, omitempty=True),
    Field("OnBuild", STRINGS),
    Field("Labels", STRING_MAP),
    Field("StopSignal", STRING, omitempty=True),
    Field("StopTimeout", INT, omitempty=True, pointer=True),
    Field("Shell", COMMAND, omitempty=True),
)
HISTORY = struct(
    "image.History",
    Field("created", TIME),
    Field("author", STRING, omitempty=True),
    Field("created_by", STRING, omitempty=True),
    Field("comment", STRING, omitempty=True),
    Field("empty_layer", BOOL, omitempty=True),
)
ROOTFS = struct(
    "image.RootFS",
    Field("type", STRING),
    Field("diff_ids", list_of(Type("layer.DiffID", "string")), omitempty=True),
)
IMAGE = struct(
    "image.Image",
    Field("id", STRING, omitempty=True),
    Field("parent", Type("image.ID", "string"), omitempty=True),
    Field("comment", STRING, omitempty=True),
    Field("created", TIME),
    Field("container", STRING, omitempty=True),
    Field("container_config", CONTAINER_CONFIG, omitempty=True),
    Field("docker_version", STRING, omitempty=True),
    Field("author", STRING, omitempty=True),
    Field("config", CONTAINER_CONFIG, omitempty=True, pointer=True),
    Field("architecture", STRING, omitempty=True),
    Field("variant", STRING, omitempty=True),
    Field("os", STRING, omitempty=True),
    Field("Size", INT64, omitempty=True),
    Field("rootfs", ROOTFS, omitempty=True, pointer=True),
    Field("history", list_of(HISTORY), omitempty=True),
    Field("os.version", STRING, omitempty=True),
    Field("os.features", STRINGS, omitempty=True),
)
