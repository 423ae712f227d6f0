"""docs/API.md: every public name on one page, made of the signatures and docstrings.

python -m tests.api_page    writes it
"""

from __future__ import annotations

import ast
import doctest
import inspect
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import labkit
from labkit.base.lazy import places
from tests.notebooks import ROOT

PAGE = ROOT / "docs/API.md"
INTRODUCTION = """\
# What labkit offers

Everything here can be imported from `labkit`: `from labkit import Lab, stack`. What is not here can change \
at any time. Each name has its types (`py.typed`).

Wherever something is drawn or opened, an image or a container may be given by its name: it is looked up in \
`lab=`, or else in the notebook's variable `lab`. What needs a library that is not installed says which of \
labkit's extras brings it.

This page is made of the docstrings: `python -m tests.api_page` writes it.
"""
CHAPTERS = {
    "The lab": ("labkit.lab", "labkit.box", "labkit.cli"),
    "Images": ("labkit.oci",),
    "Registries and networks": ("labkit.store", "labkit.engine"),
    "Pictures and charts": (
        "labkit.notebook.pictures",
        "labkit.notebook.charts",
        "labkit.notebook.driver_chart",
    ),
    "The course": ("labkit.notebook",),
    "Errors": ("labkit.base.errors",),
}
"""The titles, and the beginnings of the modules whose names stand below each, unless they stood before."""


def page() -> str:
    """Return the page."""
    parts, left = [INTRODUCTION], places("labkit")
    for title, rooms in CHAPTERS.items():
        names = [name for name, place in left.items() if place.startswith(rooms)]
        parts.append(f"\n## {title}\n")
        parts += [entry(name) for name in sorted(names, key=lambda name: (name.islower(), name))]
        left = {name: place for name, place in left.items() if name not in names}
    assert not left, f"no chapter has {', '.join(left)}"
    return "".join(parts)


def entry(name: str) -> str:
    """Return what is said of a name: its signature, first lines, line of use and, of a class, its members."""
    what = getattr(labkit, name)
    node = source_of(what)
    head = signature(name, node) if isinstance(node, ast.FunctionDef) else class_signature(node)
    lines = [f"\n### {name}\n\n```python\n{head}\n```\n\n{first_lines(what)}\n"]
    if use := line_of_use(what):
        lines.append(f"\n```python\n{use}```\n")
    if isinstance(node, ast.ClassDef) and (found := list(members(node))):
        lines += ["\n", *found]
    return "".join(lines)


def source_of(what: Any) -> ast.FunctionDef | ast.ClassDef:
    """Return the definition of a function or a class."""
    what = inspect.unwrap(what)
    tree = ast.parse(inspect.getsource(import_module(what.__module__)))
    return next(
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == what.__name__
    )


def signature(name: str, node: ast.FunctionDef, *, method: bool = False) -> str:
    """Return a function's signature as it stands in the source, on one line."""
    arguments = ast.unparse(node.args)
    if method:
        arguments = arguments.removeprefix("self").removeprefix(", ")
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{name}({arguments}){returned}".replace("'", '"')


def class_signature(node: ast.ClassDef) -> str:
    """Return how a class is called: by its __init__, or the fields of a dataclass."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return signature(f"class {node.name}", each, method=True).removesuffix(" -> None")
    fields = [field(each) for each in node.body if isinstance(each, ast.AnnAssign)]
    bases = [ast.unparse(each) for each in node.bases]
    return f"class {node.name}({', '.join(filter(None, fields)) or ', '.join(bases)})".replace(
        "'", '"'
    ).removesuffix("()")


def field(node: ast.AnnAssign) -> str:
    """Return a field of a dataclass as an argument, "" for one that is none."""
    named, value = f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}", node.value
    if isinstance(value, ast.Call):
        options = {each.arg: ast.unparse(each.value) for each in value.keywords}
        if options.get("init") == "False":
            return ""
        return f"{named} = {options['default']}" if "default" in options else named
    return f"{named} = {ast.unparse(value)}" if value else named


def members(node: ast.ClassDef) -> Iterator[str]:
    """Give a line for each public method and property of a class."""
    for each in node.body:
        if not isinstance(each, ast.FunctionDef) or each.name.startswith("_"):
            continue
        said = (ast.get_docstring(each) or "").split("\n\n")[0].replace("\n", " ")
        names = [ast.unparse(decorator) for decorator in each.decorator_list]
        if any("property" in name for name in names):
            returned = f": {ast.unparse(each.returns)}" if each.returns else ""
            yield f"- `.{each.name}{returned}`: {said}\n"
        else:
            yield f"- `.{signature(each.name, each, method='staticmethod' not in names)}`: {said}\n"


def first_lines(what: Any) -> str:
    """Return a docstring without its examples, a paragraph a line."""
    said = inspect.getdoc(what) or ""
    return "\n\n".join(
        " ".join(each.split()) for each in said.split("\n\n") if not each.lstrip().startswith(">>>")
    )


def line_of_use(what: Any) -> str:
    """Return the examples of a docstring as they are typed, with what they show."""
    found = doctest.DocTestParser().get_examples(textwrap.dedent(inspect.getdoc(what) or ""))
    lines = []
    for each in found:
        source = each.source.rstrip("\n").split("\n")
        lines += [f">>> {source[0]}", *(f"... {line}" for line in source[1:]), *each.want.splitlines()]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
