"""A Sphinx extension: links to the repository, once `repository_url` in `_config.yml` holds its address.

The theme's own switches fail the build while there is no address.
"""

from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def show_links(app: Sphinx, config: Config) -> None:
    """Turn the theme's three buttons on; an edit goes to the text, never to the notebook made from it."""
    options = config.html_theme_options
    if not options.get("repository_url"):
        return
    options.update(use_repository_button=True, use_issues_button=True, use_edit_page_button=True)
    text = "{{ file_name | replace('.ipynb', '.md') }}"
    config.html_context.update(
        edit_page_provider_name="GitHub",
        edit_page_url_template=f"{options['repository_url']}/edit/{options['repository_branch']}/{text}",
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", show_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
