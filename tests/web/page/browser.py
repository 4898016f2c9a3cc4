"""A real headless Chromium for tests, and what a person does in it with the page."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
DESKTOP = {"viewport": {"width": 1280, "height": 1000}, "locale": "en-US"}
CLOSES_IN_S = 20
CLEAR = "#files button:is([aria-label=Clear], [aria-label=Limpiar])"
SAID: list[str] = []  # what the consoles of all tabs said, and what scripts asked
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def kill(driver: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        for process in (*driver.children(recursive=True), driver):
            process.kill()


@contextmanager
def running_browser() -> Iterator[playwright.Browser]:
    """Chromium; one that does not close is killed, for waiting for it knows no time limit, not even pytest's."""
    with playwright.sync_playwright() as tools:
        (driver,) = (child for child in psutil.Process().children() if child.name().startswith("node"))
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        late = threading.Timer(CLOSES_IN_S, kill, [driver])
        late.start()
        with suppress(playwright.Error):
            browser.close()
    late.cancel()


def opened(browser_and_address: tuple[playwright.Browser, str], ready: str = "#check", **options):
    """A new tab with the page, once what `ready` selects is there; `options` are those of a browser context."""
    browser, address = browser_and_address
    tab = browser.new_context(**DESKTOP | options).new_page()
    tab.on("console", lambda message: SAID.append(message.text))
    tab.on("dialog", lambda dialog: (SAID.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    tab.goto(address, wait_until="domcontentloaded")
    tab.wait_for_selector(ready)
    return tab


def clear(tab) -> None:
    """Takes away what was chosen, if anything was."""
    if tab.locator(CLEAR).count():
        tab.click(CLEAR)
        tab.wait_for_selector(CLEAR, state="detached")
        tab.wait_for_selector("#check:disabled")  # else it is still on from the files before


def choose(tab, *files: Path | dict) -> None:
    """Chooses files in place of those that were chosen before, until they can be checked."""
    clear(tab)
    tab.set_input_files("#files input[type=file]", list(files))
    tab.wait_for_selector("#check:enabled")


def check(tab, *files: Path | dict, timeout_ms: int = 180_000) -> None:
    """Chooses files and waits for their verdict, or for the table of many."""
    choose(tab, *files)
    tab.click("#check")
    tab.wait_for_selector("#verdict h2" if len(files) == 1 else "#batch_table tbody tr", timeout=timeout_ms)
    tab.wait_for_selector("#check:enabled", timeout=timeout_ms)


def screenshots(tmp_path_factory) -> Callable[..., object]:
    """A function that saves what a tab shows under a name, in a folder of the test run; only where SCREENSHOTS asks for it."""
    if not os.environ.get("SCREENSHOTS"):
        return lambda tab, name, whole=True: None
    folder = tmp_path_factory.getbasetemp() / "screenshots"
    folder.mkdir(exist_ok=True)
    return lambda tab, name, whole=True: tab.screenshot(path=folder / f"{name}.png", full_page=whole)
