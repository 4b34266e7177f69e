"""The address of the repository stands in `_config.yml` alone; links to it appear with it."""

import re
from pathlib import Path

from small_book import ADDRESS, PAGE, build


def repository_links(folder: Path, address: str) -> list[str]:
    """Every link of a page to `ADDRESS`."""
    html = (build(folder, address, "repository_links") / f"{PAGE}.html").read_text()
    return sorted(re.findall(rf'href="{ADDRESS}(.*?)"', html))


def test_without_an_address_a_page_links_to_no_repository(tmp_path):
    assert repository_links(tmp_path, "") == []


def test_with_an_address_a_page_links_to_the_repository_its_issues_and_its_own_text(tmp_path):
    repository, edit, issue = repository_links(tmp_path, ADDRESS)
    assert repository == ""
    assert edit == "/edit/main/page.md"  # not the notebook, which is made from it
    assert issue.startswith("/issues/new?")
