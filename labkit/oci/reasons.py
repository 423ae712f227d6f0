"""Why a layer hides what a lower one has, in words (OCI image-spec, layer.md; Linux, overlayfs.rst).

Layers never change, so what a later layer deletes or writes again stays in the layer below it.
"""

from __future__ import annotations

from dataclasses import dataclass

from labkit.oci.tree import Device, Dir, Fifo, File, Node, Symlink, Whiteout, stat_size

DELETED = "deleted"
ANEW = "made anew"
COVERED = "covered"
OTHER = "other kind"
ATTRIBUTES = "attributes"
SAME = "written again"
APPENDED = "appended"
REPLACED = "replaced"

ADVICE = {
    DELETED: "are deleted later. Delete a file in the step that makes it: then no layer has it.",
    ANEW: "were in directories that are made anew. Empty a directory in the step that fills it.",
    COVERED: "were in directories that something else replaces. Do not add them.",
    OTHER: "were replaced by another kind of file. Do not add what is to be replaced.",
    ATTRIBUTES: "are in copies with other attributes. Set mode and owner in the step that makes the file.",
    SAME: "are written again as they were. Write a file once.",
    APPENDED: "are in files that grew later. Adding to a file copies all of it into the new layer.",
    REPLACED: "are in files with a newer copy. Make a file right at once, or take another base.",
}
"""Of so many bytes of each kind: what happened to them, and what would avoid it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is hidden: one of the kinds above, and the sentence."""

    kind: str
    words: str


def node_kind(node: Node) -> str:
    """Return what a node is, in words.

    >>> node_kind(Symlink("/dev/stdout"))
    'symbolic link'
    """
    kinds = {File: "file", Dir: "directory", Symlink: "symbolic link", Device: "device", Fifo: "pipe"}
    return kinds.get(type(node), "whiteout")


def reason(
    old: Node, new: Node | None, lower: str, upper: str, path: str, cause: str, *, opaque: bool = False
) -> Reason:
    """Say why the layer named `upper` hides the node `old` that `lower` has at a path.

    `new` is what the upper layer has there, None where it has nothing. `cause` is the path at which it
    says so: the path itself, or a directory above it, which is `opaque` or is replaced.

    >>> reason(File(), None, "layer 2", "layer 3", "/tmp/big", "/tmp/big").words
    'deleted by layer 3, yet still in layer 2'
    >>> from labkit.oci.tree import Meta
    >>> reason(File(), File(meta=Meta(0o755)), "layer 1", "layer 2", "/run.sh", "/run.sh").words
    'layer 2 changed only its mode (644 to 755)'
    """
    if new is None and opaque:
        return Reason(ANEW, f"{upper} made {cause} anew (opaque): what {lower} has in it is hidden")
    if new is None:
        by = f"deleted by {upper}" if cause == path else f"deleted with {cause} by {upper}"
        return Reason(DELETED, f"{by}, yet still in {lower}")
    if cause != path:
        return Reason(COVERED, f"{upper} has a {node_kind(new)} in place of the directory {cause}")
    if type(old) is not type(new):
        return Reason(OTHER, f"{upper} has a {node_kind(new)} in place of this {node_kind(old)}")
    return _rewritten(old, new, upper)


def _rewritten(old: Node, new: Node, upper: str) -> Reason:
    """Compare two of a kind at one path; contents are read only where sizes or pieces leave it open."""
    if isinstance(old, File) and isinstance(new, File):
        more = new.content.size - old.content.size
        if more > 0 and new.content.slice(0, old.content.size) == old.content:
            there = f"{more:,} {'byte' if more == 1 else 'bytes'}"
            return Reason(APPENDED, f"{upper} added {there} at its end, and has the whole file again")
        same = new.content == old.content
    else:
        same = stat_size(old) == stat_size(new) and _target(old) == _target(new)
    if not same:
        return Reason(REPLACED, f"replaced: {upper} has a newer copy")
    changed = _attributes(old, new)
    if not changed:
        return Reason(SAME, f"same content written again by {upper}")
    return Reason(ATTRIBUTES, f"{upper} changed only its {' and '.join(changed)}")


def _target(node: Node) -> object:
    if isinstance(node, Symlink):
        return node.target
    return (node.kind, node.major, node.minor) if isinstance(node, Device) else None


def _attributes(old: Node, new: Node) -> list[str]:
    """Name the attributes that differ, mode and owner with both values."""
    assert not isinstance(old, Whiteout)
    assert not isinstance(new, Whiteout)
    one, other = old.meta, new.meta
    told = {
        f"mode ({one.mode:o} to {other.mode:o})": one.mode != other.mode,
        f"owner ({one.uid}:{one.gid} to {other.uid}:{other.gid})": (one.uid, one.gid)
        != (other.uid, other.gid),
        "time": one.mtime != other.mtime,
        "extended attributes": one.xattrs != other.xattrs,
    }
    return [words for words, differs in told.items() if differs]
