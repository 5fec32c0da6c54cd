"""Opens pages in a headless Chromium, as a person would see them."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Literal

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    f"no Chromium on PATH ({', '.join(NAMES)}): install Debian's package chromium, or any Chrome"
)
# Nothing that it does by itself: this machine may have no way out.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def executable() -> str | None:
    """The path of this machine's Chromium, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def page(*, theme: Literal["light", "dark"] = "light", width: int, height: int) -> Iterator[Page]:
    """A new page in a Chromium of its own, with an empty profile."""
    # Chromium's sandbox refuses to be started by root.
    as_root = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=[*QUIET, *as_root])
        try:
            yield browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme=theme,
                device_scale_factor=1,
            )
        finally:
            browser.close()
