"""The page as a person meets it, in a real headless Chromium; with SCREENSHOTS=1 its pictures go to a folder of the test run."""

import json
import os
import time

import pytest

import app
from detector.analyzer import Analyzer
from detector.network.loading import load_model
from detector.network.saliency import CAPTION
from detector.network.settings import ModelSettings
from tests.web.page.browser import CLEAR, DESKTOP, SAID, check, needs_chromium, opened, running_browser, screenshots
from tests.web.test_app import EXAMPLES, bad_file

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser_and_address():
    blocks = app.build_app(Analyzer(load_model(runtime=ModelSettings.from_env(os.environ).runtime)))
    _, address, _ = blocks.launch(**app.launch_options(), prevent_thread_lock=True, quiet=True)
    with running_browser() as browser:
        yield browser, address
    blocks.close()


@pytest.fixture(scope="module")
def page(browser_and_address):
    tab = opened(browser_and_address)
    assert "VGG-16 face check 2.0" in tab.inner_text("#model")  # before any analysis
    assert "translation_metadata" not in tab.inner_text("body")
    yield tab
    tab.context.close()


@pytest.fixture
def screenshot(tmp_path_factory):
    return screenshots(tmp_path_factory)


def test_photo_gets_a_verdict_an_overlay_and_its_caption(page, screenshot):
    check(page, EXAMPLES / "astronaut.jpg")
    page.wait_for_selector("#viewer .overlay img")
    assert page.get_by_text(str(CAPTION)).first.is_visible()
    assert page.locator("#faces tbody tr").count() == 1
    page.set_viewport_size({"width": 1180, "height": 1260})
    page.evaluate("window.scrollTo(0, 0)")
    screenshot(page, "readme", whole=False)
    page.set_viewport_size(DESKTOP["viewport"])


def test_overlay_can_be_hidden_faded_and_compared(page):
    overlay = page.locator("#viewer .overlay")
    page.uncheck("#viewer [data-role=toggle]")
    assert not overlay.is_visible()
    page.check("#viewer [data-role=toggle]")
    assert overlay.is_visible()
    for role, value in (("opacity", "40"), ("compare", "25")):
        page.locator(f"#viewer [data-role={role}]").fill(value)
    assert overlay.evaluate("layer => getComputedStyle(layer).opacity") == "0.4"
    assert "25%" in overlay.evaluate("layer => getComputedStyle(layer).clipPath")


def test_report_is_one_click_away(page, tmp_path):
    for button, suffix in (("#report", ".html"), ("#report_json", ".json")):
        with page.expect_download() as download:
            page.click(button)
        assert download.value.suggested_filename.endswith(suffix)
        download.value.save_as(tmp_path / f"report{suffix}")
    record = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "astronaut.jpg" in json.dumps(record)
    assert "astronaut.jpg" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_no_other_file_can_be_chosen_while_one_is_analysed(page):
    assert page.locator(CLEAR).count()
    # the lock comes a round trip after the click, and the input field is gone whenever a file is chosen
    page.click("#check")
    page.wait_for_selector("#check:disabled")
    page.wait_for_function(f"!document.querySelector('{CLEAR}')", polling=100)
    page.wait_for_selector("#check:enabled", timeout=60_000)
    assert page.locator("#verdict h2").is_visible()
    assert not page.locator("#examples").evaluate("place => place.inert")


def test_examples_wait_for_the_end_of_a_check(page):
    assert page.locator("#examples :is(button, td)").count()
    page.click("#check")
    start = page.wait_for_function(
        "document.querySelector('#examples').inert && window.faceCheck.canStart('', ['a file'])"
    )
    assert start.json_value() == {"__type__": "update"}  # neither on nor off
    page.wait_for_selector("#check:disabled")
    page.wait_for_selector("#check:enabled", timeout=60_000)
    assert not page.locator("#examples").evaluate("place => place.inert")
    assert page.evaluate("window.faceCheck.canStart(' ', null)") == {"__type__": "update", "interactive": False}


def test_check_is_off_without_a_file(page):
    page.click(CLEAR)
    page.wait_for_selector("#verdict h2", state="detached")  # no old verdict without its file
    page.wait_for_selector("#check:disabled")


def test_bad_file_is_answered_in_words_where_its_verdict_would_stand(page, screenshot, tmp_path):
    check(page, bad_file("one_pixel", tmp_path))
    assert "The photo has only 1 x 1 pixels" in page.inner_text("#verdict [role=alert]")
    screenshot(page, "bad_file")
    check(page, EXAMPLES / "astronaut.jpg")
    assert page.locator("[role=alert], .toast-body").count() == 0  # no old problem beside the next verdict


def look_at_frames(page, count: int) -> None:
    page.fill("#frames input[type=number]", str(count))
    page.keyboard.press("Tab")


def test_video_gets_a_verdict_a_plot_and_frames_to_choose(page, screenshot):
    page.locator("#frames_fold button").first.click()
    look_at_frames(page, 8)
    check(page, EXAMPLES / "astronaut.mp4")
    plot = page.locator("#viewer .plot.wide svg")
    assert plot.get_attribute("aria-label").startswith("Score over 4.0 seconds")
    assert page.locator("#viewer .instant").count() == 5
    page.locator("#viewer [data-role=frame]").fill("3")
    assert page.locator("#viewer .layer:not([hidden])").get_attribute("data-frame") == "3"
    page.locator("#viewer .plot.wide rect[data-show='5']").click()
    assert page.locator("#viewer .layer:not([hidden])").get_attribute("data-frame") == "5"
    screenshot(page, "video")


def test_annotated_video_plays_in_the_page(page):
    page.click("#annotate")
    page.wait_for_selector("#annotated_video video", timeout=180_000)
    page.wait_for_function(
        "document.querySelector('#annotated_video video').readyState >= 1", timeout=60_000, polling=100
    )
    assert page.evaluate("document.querySelector('#annotated_video video').duration") == pytest.approx(4.0, abs=0.2)


def test_analysis_of_a_video_can_be_cancelled(page):
    look_at_frames(page, 128)
    page.click("#check")
    page.wait_for_selector("#cancel:enabled")
    started = time.monotonic()
    page.click("#cancel")
    page.get_by_text("The check was stopped.").wait_for(timeout=60_000)
    page.wait_for_selector("#check:enabled", timeout=60_000)
    assert time.monotonic() - started < 30


def test_several_files_get_a_table_whose_rows_open(page, screenshot, tmp_path):
    (tmp_path / "astronaut-t.jpg").write_bytes(b"")  # by its name between the others
    check(page, EXAMPLES / "astronaut.jpg", tmp_path / "astronaut-t.jpg", EXAMPLES / "astronaut-swapped.jpg")
    names = page.locator("#batch_table tbody th")
    by_evidence = ["astronaut-swapped.jpg", "astronaut.jpg", "astronaut-t.jpg"]
    assert [name.strip() for name in names.all_inner_texts()] == by_evidence
    assert page.get_by_text("The file is empty (zero bytes)").first.is_visible()
    page.get_by_role("button", name="File", exact=True).dblclick()
    assert names.all_inner_texts()[1].strip() == "astronaut-t.jpg"
    page.click("#batch_table .sort[data-sort='2']")
    assert [name.strip() for name in names.all_inner_texts()] == by_evidence
    with page.expect_download() as download:
        page.click("#batch_csv")
    assert download.value.suggested_filename == "results.csv"
    page.click("#batch_table .open >> text=swapped")
    page.wait_for_selector("#verdict h2")
    assert "astronaut-swapped.jpg" in page.inner_text("#verdict blockquote")
    screenshot(page, "batch")


def test_model_card_is_on_the_page(page, screenshot):
    page.get_by_role("tab", name="About this model").click()
    page.get_by_role("heading", name="Training data").wait_for()
    screenshot(page, "about")


def test_page_speaks_spanish_to_a_spanish_browser_on_a_phone(browser_and_address, screenshot):
    phone = {"viewport": {"width": 390, "height": 844}, "locale": "es-MX", "color_scheme": "dark"}
    tab = opened(browser_and_address, **phone)
    tab.get_by_text("Comprobación de manipulación facial").first.wait_for()
    name = "n" * 120 + ".jpg"
    check(tab, {"name": name, "mimeType": "", "buffer": (EXAMPLES / "astronaut.jpg").read_bytes()})
    assert tab.get_by_text("Para citar").first.is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390  # nothing sticks out sideways
    quote = tab.locator("#verdict blockquote")
    assert name in quote.inner_text() and quote.evaluate("one => one.scrollWidth <= one.clientWidth")
    screenshot(tab, "spanish_phone_dark")
    tab.context.close()


def test_name_of_a_file_is_never_run(browser_and_address):
    tab = opened(browser_and_address)
    name = "<img src=x onerror=alert(1)>"
    for suffix, data in ((".jpg", (EXAMPLES / "astronaut.jpg").read_bytes()), (".png", b"no photo")):
        check(tab, {"name": name + suffix, "mimeType": "", "buffer": data})
        assert "onerror" in tab.inner_text("#verdict")
        assert tab.locator("img[src=x]").count() == 0
    tab.context.close()


def test_page_asks_for_nothing_that_its_headers_forbid_and_no_script_spoke_up():
    assert [text for text in SAID if "Content Security Policy" in text or text.startswith("dialog")] == []
