"""A book of one page, built under the settings of this one."""

from pathlib import Path

import nbformat
import yaml
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "https://github.com/someone/some-book"
PAGE = "page"


def build(folder: Path, address: str, extension: str, code: str = "") -> Path:
    """Where the HTML of the book lies: a title and a cell of `code`, with one extension of tools/."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text())
    settings["sphinx"]["config"]["html_theme_options"]["repository_url"] = address
    config, _ = get_final_config(
        user_yaml=settings, cli_config={"latex_individualpages": False}, sourcedir=ROOT, raise_on_invalid=True
    )
    cells = [nbformat.v4.new_markdown_cell("# A page"), nbformat.v4.new_code_cell(code)]
    python = {"language_info": {"name": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), folder / f"{PAGE}.ipynb")
    own = {key: config[key] for key in ("html_theme", "html_theme_options", "html_context")}
    own |= {"extensions": ["myst_nb", "sphinx_book_theme", extension], "master_doc": PAGE}
    own |= {"nb_execution_mode": "off"}
    out = folder / "_build"
    with docutils_namespace():
        Sphinx(folder, None, out, out, "html", own, warningiserror=True, status=None).build()
    return out
