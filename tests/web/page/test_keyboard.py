"""The page by keyboard."""

from tests.web.page.browser import needs_chromium, opened, running_browser
from tests.web.server import ROOT, serving

PHOTO, CLIP = (ROOT / "examples" / name for name in ("astronaut.jpg", "astronaut.mp4"))
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"}
pytestmark = needs_chromium


def test_tabs_and_files_are_reached_by_keyboard():
    with serving() as address, running_browser() as browser:
        tab = opened((browser, address), **PHONE)
        tab.get_by_role("tab", name="Check").press("ArrowLeft")  # from the first to the last
        tab.locator("#about_tab").wait_for()
        assert tab.evaluate("document.activeElement.getAttribute('aria-controls')") == "about_tab"
        tab.keyboard.press("Home")
        tab.set_input_files("#files input[type=file]", PHOTO)
        tab.wait_for_selector("#check:enabled")
        with tab.expect_file_chooser() as chosen:
            tab.locator("#files .upload-container").press("Enter")
        chosen.value.set_files(CLIP)
        tab.get_by_text("astronaut").nth(1).wait_for()
        tab.context.close()
