"""The page as a person meets it, in a real headless Chromium; screenshots go to a folder of the test run."""

import shutil

import pytest

import app
from detector.analysis import Analyzer
from detector.model import load_model
from detector.saliency import CAPTION
from tests.test_app import EXAMPLES, bad_file

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CLEAR_PHOTO = "#image_file button[aria-label=Clear]"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page():
    blocks = app.build_app(Analyzer(load_model()))
    _, url, _ = blocks.launch(**app.launch_options(), prevent_thread_lock=True, quiet=True)
    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        tab = browser.new_page(viewport={"width": 1280, "height": 1000})
        tab.goto(url, wait_until="domcontentloaded")
        tab.wait_for_selector("#image_button")
        assert "bundled" in tab.inner_text("#model")  # before any analysis
        yield tab
        browser.close()
    blocks.close()


@pytest.fixture
def screenshot(page, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "screenshots"
    folder.mkdir(exist_ok=True)
    return lambda name: page.screenshot(path=folder / f"{name}.png", full_page=True)


def test_photo_gets_a_verdict_an_overlay_and_its_caption(page, screenshot):
    page.set_input_files("#image_file input[type=file]", EXAMPLES / "astronaut.jpg")
    page.wait_for_selector("#image_file >> text=astronaut")
    page.click("#image_button")
    page.wait_for_selector("#image_verdict h2", timeout=60_000)
    page.wait_for_selector("img[src*='.png']")
    assert page.get_by_text(CAPTION).first.is_visible()
    page.wait_for_timeout(1000)
    screenshot("photo")


def test_no_other_file_can_be_chosen_while_one_is_analysed(page):
    assert page.locator(CLEAR_PHOTO).count()
    # the lock comes a round trip after the click, and the input field is gone whenever a file is chosen
    page.click("#image_button")
    page.wait_for_selector("#image_button[disabled]")
    page.wait_for_function(f"!document.querySelector('{CLEAR_PHOTO}')")
    page.wait_for_selector("#image_button:not([disabled])", timeout=60_000)
    assert page.locator("#image_verdict h2").is_visible()


def test_bad_file_is_answered_in_words(page, screenshot, tmp_path):
    page.click(CLEAR_PHOTO)
    page.wait_for_selector("#image_verdict h2", state="detached")  # no old verdict beside another file
    page.set_input_files("#image_file input[type=file]", bad_file("one_pixel", tmp_path))
    page.wait_for_selector("#image_file >> text=one_pixel")
    page.click("#image_button")
    page.get_by_text("The photo has only 1 x 1 pixels").wait_for(timeout=60_000)
    screenshot("bad_file")


def test_video_gets_a_verdict_a_plot_and_frames(page, screenshot):
    page.get_by_role("tab", name="Video").click()
    page.set_input_files("#video_file input[type=file]", EXAMPLES / "astronaut.mp4")
    page.wait_for_selector("#video_file >> text=astronaut")
    page.click("#video_button")
    page.wait_for_selector("#video_verdict h2", timeout=180_000)
    page.get_by_label("Thumbnail 5 of 5").first.wait_for()
    page.wait_for_timeout(1500)
    screenshot("video")


def test_model_card_is_on_the_page(page, screenshot):
    page.get_by_role("tab", name="About this model").click()
    page.get_by_role("heading", name="Training data").wait_for()
    screenshot("about")
