"""The address of the repository stands in `_config.yml` alone; links to it appear with it."""

import re
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "https://github.com/someone/some-book"
PAGE = "page"


@pytest.fixture(autouse=True)
def tools_are_found(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")


def repository_links(folder: Path, address: str) -> list[str]:
    """Build a book of one page under the settings of this one; every link of the page to `ADDRESS`."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text())
    settings["sphinx"]["config"]["html_theme_options"]["repository_url"] = address
    config, _ = get_final_config(
        user_yaml=settings, cli_config={"latex_individualpages": False}, sourcedir=ROOT, raise_on_invalid=True
    )
    title = nbformat.v4.new_markdown_cell("# A page")
    nbformat.write(nbformat.v4.new_notebook(cells=[title]), folder / f"{PAGE}.ipynb")
    own = {key: config[key] for key in ("html_theme", "html_theme_options", "html_context")}
    own |= {"extensions": ["myst_nb", "sphinx_book_theme", "repository_links"], "master_doc": PAGE}
    out = folder / "_build"
    with docutils_namespace():
        Sphinx(folder, None, out, out, "html", own, warningiserror=True, status=None).build()
    return sorted(re.findall(rf'href="{ADDRESS}(.*?)"', (out / f"{PAGE}.html").read_text()))


def test_without_an_address_a_page_links_to_no_repository(tmp_path):
    assert repository_links(tmp_path, "") == []


def test_with_an_address_a_page_links_to_the_repository_its_issues_and_its_own_text(tmp_path):
    repository, edit, issue = repository_links(tmp_path, ADDRESS)
    assert repository == ""
    assert edit == "/edit/main/page.md"  # not the notebook, which is made from it
    assert issue.startswith("/issues/new?")
