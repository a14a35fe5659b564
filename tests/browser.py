"""Where the tests' Chromium stands; run as a program, it tells whether one starts.

`make browser` calls it before and after each way of getting one.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The tests run as root in containers, where Chromium's own sandbox cannot start, and where /dev/shm is small.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")


def executable() -> str | None:
    """The Chromium on PATH, or None: then Playwright's own is used."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    """0 when a Chromium starts and shows a page."""
    with sync_playwright() as playwright:
        named = executable()
        if named is None and not Path(playwright.chromium.executable_path).exists():
            sys.stderr.write("no Chromium on PATH, none from Playwright\n")
            return 1
        try:
            browser = playwright.chromium.launch(executable_path=named, args=list(ARGUMENTS))
            page = browser.new_page()
            page.set_content("<title>ready</title>")
            ready = page.title() == "ready"
            browser.close()
        except Error as error:
            sys.stderr.write(f"Chromium does not start: {error.message.splitlines()[0]}\n")
            return 1
    return 0 if ready else 1


if __name__ == "__main__":
    raise SystemExit(main())
