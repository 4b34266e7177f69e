"""The browser that tests share; and how hypothesis searches: the same few cases every time, or many new ones when asked.

`pytest` alone runs the profile "book": a fixed number of cases, derived from the test itself, so
that two runs of one tree agree. `pytest tests/test_properties*.py --hypothesis-profile=long`
searches on: many cases, others each time; what fails is printed with a line that runs it again.
"""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

if TYPE_CHECKING:  # most tests need no browser, and none its library
    from figure_pages import Tabs
    from playwright.sync_api import Browser

set_hypothesis_home_dir(os.devnull)  # else a folder .hypothesis appears, even without a database
COMMON = {
    "database": None,
    "deadline": None,  # neither a first call of TensorFlow nor a busy machine is a mistake
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("book", derandomize=True, max_examples=48, **COMMON)
settings.register_profile("long", derandomize=False, max_examples=2000, print_blob=True, **COMMON)
settings.load_profile("book")


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # no name but loopback's is found, so that nothing waits for a network
        flags = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        path = shutil.which("chromium") or "chromium"
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def figures(browser: "Browser") -> "Iterator[Tabs]":
    """The figures that answer: `figures("adder")` is a fresh one."""
    from figure_pages import Tabs

    tabs = Tabs(browser)
    yield tabs
    tabs.context.close()
