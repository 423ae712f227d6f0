"""The names of images.

The grammar is distribution/reference's; `parse_reference` adds Docker's normalisation on top of it:
`nginx` is short for `docker.io/library/nginx` (docs.docker.com, "docker image tag", "Description"). An image
does not have a name: an engine and a registry keep names beside images, each its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from labkit.base.errors import InvalidDigest, InvalidReference, retold
from labkit.oci.digest import parse_digest

DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"
_LEGACY_DOMAIN = "index.docker.io"
_OFFICIAL = "library"
_LONGEST_NAME = 255

# Each separator holds at least one character: the same language as the original's grammar, which also
# allows the empty one, but without that one's exponential backtracking.
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?"
TAG = r"[\w][\w.-]{0,127}"
DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?P<name>(?:(?P<domain>{_DOMAIN})/)?(?P<path>{PATH}))(?::(?P<tag>{TAG}))?(?:@(?P<digest>{DIGEST}))?",
    re.ASCII,
)
_HEXADECIMAL = re.compile(r"[a-f0-9]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name with its tag, its digest, both or neither; what is absent is "".

    >>> parse_reference("nginx:1.22")
    Reference(domain='docker.io', path='library/nginx', tag='1.22', digest='')
    """

    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The domain and the path: `docker.io/library/nginx`."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def familiar_name(self) -> str:
        """The name as Docker shows it: `nginx`."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        first, _, rest = self.path.partition("/")
        return rest if first == _OFFICIAL and rest and "/" not in rest else self.path

    @property
    def familiar(self) -> str:
        """The whole reference as Docker shows it: `nginx:latest`."""
        return self.familiar_name + self._suffix()

    def __str__(self) -> str:
        return self.name + self._suffix()

    def _suffix(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{tag}@{self.digest}" if self.digest else tag

    def with_default_tag(self) -> Reference:
        """Return the reference with the tag `latest` when it has neither tag nor digest.

        >>> parse_reference("nginx").with_default_tag().familiar
        'nginx:latest'
        """
        return self if self.tag or self.digest else replace(self, tag=DEFAULT_TAG)


def parse_reference(text: str) -> Reference:
    """Parse what a learner types for an image: `nginx`, `me/app:1`, `localhost:5000/app@sha256:…`.

    Raises InvalidReference in the engine's words.

    >>> str(parse_reference("nginx"))
    'docker.io/library/nginx'
    """
    if _HEXADECIMAL.fullmatch(text):
        raise InvalidReference(
            f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
        )
    domain, remainder = _split_domain(text)
    remote_name = remainder.partition(":")[0]
    if remote_name.lower() != remote_name:
        raise InvalidReference(
            "invalid reference format: repository name must be lowercase", code="uppercase-name"
        )
    name = f"{domain}/{remainder}"
    match = _REFERENCE.fullmatch(name)
    if not match:
        if _REFERENCE.fullmatch(name.lower()):
            raise InvalidReference("repository name must be lowercase", code="uppercase-name")
        raise InvalidReference("invalid reference format", code="invalid-reference")
    if len(match["name"]) > _LONGEST_NAME:
        raise InvalidReference(f"repository name must not be more than {_LONGEST_NAME} characters")
    with retold(InvalidReference, InvalidDigest):
        digest = match["digest"] and parse_digest(match["digest"])
    # A host with an underscore is none by the grammar, but the start of a path.
    return Reference(match["domain"] or "", match["path"], match["tag"] or "", digest or "")


def _split_domain(text: str) -> tuple[str, str]:
    """Split off the domain, which has a dot or a port or is `localhost`; supply Docker Hub's otherwise."""
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        domain, remainder = first, rest
    else:
        domain, remainder = DEFAULT_DOMAIN, text
    if domain == _LEGACY_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in remainder:
        remainder = f"{_OFFICIAL}/{remainder}"
    return domain, remainder
