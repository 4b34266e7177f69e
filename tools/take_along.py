"""A Sphinx extension: a reader takes a page along, with all that it needs to run.

Beside the HTML of each notebook stands `<topic>.zip`. It holds the notebook as it is committed,
the files that it reads, the wheel of `rnnbook`, and a requirements.txt: what pip has to install.
All of this is read out of the notebook's code; the same input gives the same bytes. A box at the
end of the page says how to run it, and the theme's button for the notebook gives the zip. Once
`repository_url` in `_config.yml` holds an address, the box leads to Colab too.
"""

import ast
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.metadata import packages_distributions, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import nbformat
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
FIRST_DAY = {"SOURCE_DATE_EPOCH": "315532800"}  # 1980-01-01, where the time of a zip begins
HOW = "# pip install -r requirements.txt\n# jupyter lab {}\n"


class Needs(NamedTuple):
    """What a page's code asks for."""

    extras: str  # of rnnbook, in brackets as pip reads them
    packages: list[str]  # beside rnnbook and what its extras bring
    files: list[Path]


def build_wheel(folder: Path) -> Path:
    """By way of the source archive, so that nothing an earlier build left can get in."""
    command = [Path(sys.executable).with_name("uv"), "build", "-q", "--offline", "--no-build-isolation"]
    command += ["--python", sys.executable, "--out-dir", folder, ROOT]
    subprocess.run(command, check=True, env=os.environ | FIRST_DAY)
    (wheel,) = folder.glob("*.whl")
    return wheel


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that code imports, by their full names; or whose files it looks for, by `find_spec`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("find_spec"):
            yield ast.literal_eval(node.args[0])
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def late_imports() -> dict[str, set[str]]:
    """What functions of the package import when they are called, by the functions' names."""
    late: dict[str, set[str]] = {}
    for path in (ROOT / "rnnbook").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                late.setdefault(node.name, set()).update(imported(node))
    return late


distributed = cache(packages_distributions)


@cache
def needs(notebook: Path) -> Needs:
    cells = nbformat.read(notebook, as_version=4).cells
    tree = ast.parse("\n".join(cell.source for cell in cells if cell.cell_type == "code"))
    modules, late = set(imported(tree)), late_imports()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            modules |= late.get(node.id if isinstance(node, ast.Name) else node.attr, set())

    tops = {module.split(".")[0] for module in modules} - sys.stdlib_module_names - {"rnnbook"}
    packages = {canonicalize_name(name) for top in tops for name in distributed()[top]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    brought = {Requirement(line).name for line in project["dependencies"]}
    extras = []
    for extra, lines in sorted(project["optional-dependencies"].items()):
        if not (ROOT / "rnnbook" / extra).is_dir():
            continue  # an extra for those who work on the book
        names = {Requirement(line).name for line in lines}
        if names & packages or any(module.startswith(f"rnnbook.{extra}") for module in modules):
            extras.append(extra)
            brought |= names

    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    files = [path for path in sorted(notebook.parent.iterdir()) if path.name in words]
    return Needs(f"[{','.join(extras)}]" if extras else "", sorted(packages - brought), files)


def requirements(notebook: Path, needed: Needs, wheel: Path) -> str:
    """What pip has to install; further packages in the version under which the page was executed."""
    pinned = [f"{name}=={version(name)}" for name in needed.packages]
    lines = [f"./{wheel.name}{needed.extras}", *pinned, "jupyterlab"]
    return HOW.format(notebook.name) + "\n".join(lines) + "\n"


def write_zip(path: Path, notebook: Path, wheel: Path) -> None:
    """The zip of a page, in which all lies in a folder of the page's name."""
    needed = needs(notebook)
    files = {file.name: file.read_bytes() for file in [notebook, wheel, *needed.files]}
    files["requirements.txt"] = requirements(notebook, needed, wheel).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, held in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{notebook.stem}/{name}")  # dated 1980, whenever it is written
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # Unix, wherever it is written
            archive.writestr(entry, held, zipfile.ZIP_DEFLATED)


def in_colab(needed: Needs, folder: str, options: dict[str, Any]) -> list[str]:
    """The lines by which a notebook on Colab gets what it needs from the repository."""
    url, branch = options["repository_url"], options["repository_branch"]
    package = f'"rnnbook{needed.extras} @ git+{url}@{branch}"'
    install = " ".join(["!pip install -q", package, *needed.packages])
    return [install, *(f"!wget -q {url}/raw/{branch}/{folder}{file.name}" for file in needed.files)]


def code(*lines: str) -> str:
    text = escape("\n".join(lines), quote=False)
    return (
        f'<div class="highlight-default notranslate"><div class="highlight"><pre>{text}\n</pre></div></div>'
    )


def box(notebook: Path, page: str, options: dict[str, Any]) -> str:
    """What the end of a page says to those who want to run it."""
    name, needed = notebook.stem, needs(notebook)
    data = ", the data that it reads" if needed.files else ""
    html = f"""<div class="admonition take-along">
<p class="admonition-title">Run this page</p>
<p><a href="{name}.zip" download>{name}.zip</a> holds the notebook of this page{data}, the package
<code>rnnbook</code> and a list of what else it needs. Unpack it, open a terminal in its folder
(with Python 3.11, 3.12 or 3.13, best in a new virtual environment), and write:</p>
{code("pip install -r requirements.txt", f"jupyter lab {notebook.name}")}"""
    if options.get("repository_url"):
        blob = f"{options['repository_url']}/blob/{options['repository_branch']}/{page}.ipynb"
        url = blob.replace("https://github.com", "https://colab.research.google.com/github", 1)
        html += f"""
<p>Or <a href="{url}">open the notebook in Colab</a>, add this as its first cell, and run all:</p>
{code(*in_colab(needed, page.removesuffix(name), options))}"""
    return html + "\n</div>\n"


def notebook_of(app: Any, page: str) -> Path | None:
    path = Path(app.env.doc2path(page))
    return path if path.suffix == ".ipynb" else None


def tell(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the box at the end of a notebook's page, and the zip behind the theme's button."""
    notebook = notebook_of(app, pagename) if doctree else None
    if not notebook:
        return
    context["body"] += box(notebook, pagename, app.config.html_theme_options)
    for group in context["header_buttons"]:
        for button in group.get("buttons", []):
            if button["text"] == ".ipynb":
                tooltip = "Download the notebook and what it needs"
                button.update(url=f"{notebook.stem}.zip", text=".zip", tooltip=tooltip)


def write_zips(app: Any, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    with TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        for page in sorted(app.env.found_docs):
            if notebook := notebook_of(app, page):
                write_zip(Path(app.outdir, page).with_suffix(".zip"), notebook, wheel)


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", tell, priority=900)  # after the theme's buttons
    app.connect("build-finished", write_zips)
    return {"parallel_read_safe": True}
