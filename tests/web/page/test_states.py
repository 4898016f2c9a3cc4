"""Every state of the page, on desktop and phone, light and dark: axe-core finds no barrier, and nothing sticks out.

With SCREENSHOTS=1 each is also a picture, in a folder of the test run.
"""

import json
from pathlib import Path

import pytest
from PIL import Image

from detector.analyzer import Analyzer
from tests.media_factory import write_video
from tests.redness_model import evidence_scales, portrait, redness_model
from tests.web.page.accessibility import violations
from tests.web.page.browser import check, choose, clear, needs_chromium, opened, running_browser, screenshots
from tests.web.server import serving
from web.settings import Settings

pytestmark = needs_chromium
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Of each state and language two; both languages together have every one.
FORMS = {"en": [(DESKTOP, "light"), (PHONE, "dark")], "es": [(DESKTOP, "dark"), (PHONE, "light")]}
# Colours change slowly with the theme, and would be measured on their way.
SETTLE = """() => {
    const moving = () => document.getAnimations().filter(each => each instanceof CSSTransition);
    for (let round = 0; round < 9 && moving().length; round++) moving().forEach(each => each.finish());
}"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    scene = Image.new("RGB", (480, 360), "grey")
    scene.paste(Image.fromarray(portrait(tint=0.6)), (20, 80))
    scene.paste(Image.fromarray(portrait()).resize((70, 70)), (330, 150))  # too small to be assessed
    scene.save(folder / "photo.png")
    Image.fromarray(portrait()).save(folder / "a-photo-with-a-rather-long-name-of-its-own.png")
    (folder / "none.txt").write_text("no photo")
    write_video(folder / "clip.mp4", [portrait(tint=number / 8) for number in range(8)], fps=4)
    return {path.stem.split("-")[0]: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def browser_and_address():
    analyzer = Analyzer(redness_model(scales=evidence_scales()))
    with serving(Settings(allow_links=True), analyzer) as address, running_browser() as browser:
        yield browser, address


@pytest.fixture(scope="module", params=["en-US", "es-MX"])
def tab(request, browser_and_address):
    tab = opened(browser_and_address, locale=request.param)
    yield tab
    tab.context.close()


@pytest.fixture
def looked_at(tab, tmp_path_factory):
    """Takes pictures of a state in the forms of its language, and has axe-core look at each."""
    shot = screenshots(tmp_path_factory)
    language = tab.evaluate("document.documentElement.lang")

    def look(state: str, within: str | None = "#answer") -> None:
        found = {}
        for size, theme in FORMS[language]:
            tab.set_viewport_size(size)
            tab.evaluate(f"document.body.classList.toggle('dark', {json.dumps(theme == 'dark')})")
            tab.evaluate(SETTLE)
            name = f"{state}_{size['width']}_{theme}_{language}"
            shot(tab, name)
            found[name] = violations(tab, within)
            assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{name} sticks out"
        assert {name: problems for name, problems in found.items() if problems} == {}

    return look


def test_start(tab, looked_at):
    tab.wait_for_selector("#sample .sample")
    looked_at("start", within=None)


def test_tabs_and_files_are_reached_by_keyboard(tab, files):
    tab.get_by_role("tab").first.press("ArrowLeft")  # from the first to the last
    tab.locator("#about_tab").wait_for()
    assert tab.evaluate("document.activeElement.getAttribute('aria-controls')") == "about_tab"
    tab.keyboard.press("Home")
    choose(tab, files["photo"])
    with tab.expect_file_chooser() as chosen:
        tab.locator("#files .upload-container").press("Enter")
    chosen.value.set_files(files["clip"])
    tab.locator("#files").get_by_text("clip").wait_for()


def test_link_in_place_of_a_file(tab):
    clear(tab)
    tab.fill("#link input, #link textarea", "https://127.0.0.1/photo.jpg")
    tab.click("#check:enabled")
    tab.wait_for_selector("#verdict [role=alert] h2")
    assert "127.0.0.1" in tab.inner_text("#verdict")
    tab.fill("#link input, #link textarea", "")
    tab.wait_for_selector("#check:disabled")


def test_photo_with_a_face_that_was_not_assessed(tab, looked_at, files):
    check(tab, files["photo"])
    looked_at("photo", within=None)
    assert tab.locator("#verdict .assessed").count() == 1


def test_focus_goes_to_the_answer(tab):
    tab.wait_for_function("document.activeElement.closest('#verdict')", timeout=5000)


def test_face_that_is_opened(tab, looked_at):
    tab.set_viewport_size(DESKTOP)
    tab.locator("#viewer .layer:not([hidden]) .face").first.press("Enter")
    tab.wait_for_selector("dialog[open] .sharp, dialog[open] img")
    looked_at("face", within="dialog[open]")
    tab.keyboard.press("Escape")


def test_forensic_panel_and_case_fields(tab, looked_at):
    tab.locator("#forensics_fold button").first.click()
    tab.wait_for_selector("#forensics img", timeout=30_000)
    tab.locator("#case_fields button").first.click()
    tab.wait_for_selector("#notes textarea")
    looked_at("forensics")


def test_clip(tab, looked_at, files):
    check(tab, files["clip"])
    looked_at("clip")


def test_saved_case(tab, looked_at, tmp_path):
    with tab.expect_download() as download:
        tab.click("#save_case")
    assert download.value.suggested_filename == "clip-case.zip"
    download.value.save_as(tmp_path / "clip-case.zip")
    check(tab, tmp_path / "clip-case.zip")
    assert tab.locator("#remarks aside").is_visible()
    looked_at("case")


def test_many_files_and_one_of_their_rows(tab, looked_at, files):
    check(tab, files["photo"], files["a"], files["none"], files["clip"])
    looked_at("batch")
    tab.click("#batch_table .open >> nth=0")
    tab.wait_for_selector("#verdict h2")
    looked_at("row")


def test_problem(tab, looked_at, files):
    check(tab, files["none"])
    looked_at("problem")


def test_check_that_was_stopped(tab, looked_at, files):
    choose(tab, files["clip"])
    tab.click("#check")
    tab.click("#cancel:enabled")
    tab.wait_for_selector("#verdict :is(.stopped, h2)")  # the model may have been quicker
    looked_at("stopped")


def test_about(tab, looked_at):
    tab.get_by_role("tab").nth(1).click()
    tab.wait_for_selector("#about_tab h3")
    looked_at("about", within="#about_tab")
