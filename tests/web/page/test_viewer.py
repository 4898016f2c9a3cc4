"""The viewer of photos and clips in a real headless Chromium, with the answers of the server behind it."""

import gradio as gr
import numpy as np
import pytest
from PIL import Image

import app
from detector.analyzer import Analyzer
from detector.report.pictures.closeup import enlarged_face, kept_faces
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model
from tests.web.page.browser import SAID, needs_chromium, opened, running_browser, screenshots
from tests.web.server import upload
from web.temporary_files import own_temporary_folder
from web.views.closeup import ASKS_FOR_FACES, TELLS_OF_FACES, face_html, upload_address
from web.views.media import faces_html, viewer_html

pytestmark = needs_chromium
FACE = "#{0}_viewer .layer:not([hidden]) .face"


def scene() -> np.ndarray:
    """A tinted portrait, and a face too small to be assessed, ``(360, 480, 3)``."""
    canvas = np.full((360, 480, 3), 128, np.uint8)
    canvas[80:280, 20:220] = portrait(tint=0.6)
    canvas[150:220, 330:400] = np.asarray(Image.fromarray(portrait()).resize((70, 70)))
    return canvas


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A photo, a clip and an AVI that were analysed: the files and the analyses."""
    folder, analyzer = tmp_path_factory.mktemp("media"), Analyzer(redness_model())
    Image.fromarray(scene()).save(folder / "photo.png")
    frames = [scene()] * 5 + [np.full((360, 480, 3), 128, np.uint8)] * 2 + [scene()] * 5
    files = {
        "photo": folder / "photo.png",
        "clip": write_video(folder / "clip.mp4", frames, fps=4),
        "avi": write_video(folder / "clip.avi", frames[:4], fps=4),
    }
    return {name: (path, analyzer.analyze(path, frames=12)) for name, path in files.items()}


@pytest.fixture(scope="module")
def browser_and_address(checked):
    """A page that shows all three, as the real one does each."""
    addresses = {}

    def shown(name):
        # asked once while the page is built, before there is a server to send the files to
        return lambda: viewer_html(checked[name][1], "en", addresses[name]) if addresses else ""

    def enlarge(name):
        kept = kept_faces(checked[name][1])

        def answer(event: gr.EventData) -> str:
            return face_html(enlarged_face(checked[name][0], kept, int(event.face), int(event.frame)), "en")

        return answer

    with own_temporary_folder(), gr.Blocks() as page:
        for name in checked:
            viewer = gr.HTML(shown(name), elem_id=f"{name}_viewer", js_on_load=ASKS_FOR_FACES)
            gr.HTML(faces_html(checked[name][1], "en"), elem_id=f"{name}_faces")
            closeup = gr.HTML(visible="hidden", elem_id=f"{name}_closeup", js_on_load=TELLS_OF_FACES)
            viewer.select(enlarge(name), None, closeup, show_progress="hidden", trigger_mode="multiple")
        _, address, _ = page.launch(**app.launch_options(), prevent_thread_lock=True, quiet=True)
        addresses |= {name: upload_address(upload(address.rstrip("/"), path)) for name, (path, _) in checked.items()}
        with running_browser() as browser:
            yield browser, address
        page.close()


@pytest.fixture(scope="module")
def page(browser_and_address):
    tab = opened(browser_and_address, "#clip_viewer .viewer")
    yield tab
    tab.context.close()


@pytest.fixture
def screenshot(tmp_path_factory):
    return screenshots(tmp_path_factory)


def at_sample(page, number: int) -> bool:
    """Whether the video has come to rest on a sampled frame, and its layer lies over it."""
    page.wait_for_function(
        f"""() => {{
            const viewer = document.querySelector("#clip_viewer .viewer"), video = viewer.querySelector("video");
            const time = JSON.parse(viewer.dataset.times)[{number}];
            return !video.seeking && Math.abs(video.currentTime - time) < 0.01 && viewer.dataset.near === "overlay";
        }}""",
        timeout=20_000,
    )
    return page.locator("#clip_viewer .layer:not([hidden])").get_attribute("data-frame") == str(number)


def test_clip_itself_is_shown_with_boxes_and_overlay_at_its_sampled_instants(page, checked):
    first = checked["clip"][1].most_suspicious_numbers(1)[0]
    assert at_sample(page, first)
    assert page.locator("#clip_viewer .layer:not([hidden]) .overlay img").is_visible()
    assert not page.locator("#clip_viewer .layer:not([hidden]) .still").is_visible()  # the video itself is seen
    assert page.locator("#clip_viewer .cannot-play").is_hidden()


def test_click_in_the_plot_and_arrow_keys_seek(page):
    page.locator("#clip_viewer .plot.wide rect[data-show='9']").click()
    assert at_sample(page, 9)
    page.locator("#clip_viewer [data-role=frame]").press("ArrowLeft")
    assert at_sample(page, 8)
    page.locator("#clip_viewer .instant").first.press("ArrowRight")
    assert at_sample(page, 9)
    slider = page.locator("#clip_viewer [data-role=frame]")
    assert slider.get_attribute("aria-valuetext") == page.locator("#clip_viewer .caption:not([hidden]) p").inner_text()
    assert "face 1: 1.00" in slider.get_attribute("aria-valuetext") or "face" in slider.get_attribute("aria-valuetext")
    head = page.locator("#clip_viewer .plot.wide .playhead")
    strip = page.locator("#clip_viewer .plot.wide rect[data-show='9']")
    assert strip.bounding_box()["x"] <= head.bounding_box()["x"] + 1


def test_playing_moves_frame_and_playhead_on(page):
    page.locator("#clip_viewer .plot.wide rect[data-show='0']").click()
    assert at_sample(page, 0)
    page.evaluate("document.querySelector('#clip_viewer video').play()")
    page.wait_for_function(
        "Number(document.querySelector('#clip_viewer .viewer').dataset.current) >= 2", timeout=20_000
    )
    page.locator("#clip_viewer .plot.wide rect[data-show='0']").click()
    assert at_sample(page, 0) and page.evaluate("document.querySelector('#clip_viewer video').paused")


def test_clip_that_the_browser_cannot_play_shows_its_frames_and_says_so(page):
    page.wait_for_selector("#avi_viewer .viewer[data-mode=frames]", timeout=20_000)
    assert page.locator("#avi_viewer .cannot-play").is_visible() and page.locator("#avi_viewer video").count() == 0
    page.locator("#avi_viewer [data-role=frame]").fill("2")
    shown = page.locator("#avi_viewer .layer:not([hidden])")
    assert shown.get_attribute("data-frame") == "2" and shown.locator(".still").is_visible()


def test_face_opens_large_and_then_as_the_file_has_it(page, checked):
    page.click(FACE.format("photo"))
    dialog = page.locator("#photo_viewer .closeup")
    assert dialog.is_visible()
    page.get_by_text("Cut from the file at full resolution").locator("visible=true").wait_for(timeout=20_000)
    for part in (".plain", ".heated"):
        assert dialog.locator(f"{part} > img").first.bounding_box()["width"] >= 400
    result = checked["photo"][1].result
    x0, y0, x1, y1 = result.faces[0].box_px
    assert f"{x1 - x0} x {y1 - y0} pixels in the original" in dialog.locator(".facts").inner_text()
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    assert page.evaluate("document.activeElement.dataset.face") == "1"  # where it was opened


def test_arrows_go_to_the_next_frame_of_the_same_face(page, screenshot):
    page.focus("#clip_faces button.enlarge")
    page.keyboard.press("Enter")
    dialog = page.locator("#clip_viewer .closeup")
    page.wait_for_selector("#clip_viewer .closeup .plain > img", timeout=20_000)
    seen = [dialog.get_attribute("data-frame")]
    while dialog.locator("[data-do=previous][aria-disabled=false]").count():
        page.keyboard.press("ArrowLeft")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        seen.append(dialog.get_attribute("data-frame"))
    assert seen[-5:] == ["1", "2", "3", "4", "7"]  # not the frames without it
    page.wait_for_selector("#clip_viewer .closeup[data-frame='7'] .plain > img", timeout=20_000)
    screenshot(page, "closeup")
    dialog.locator("[data-do=close]").click()
    assert dialog.is_hidden()


def test_overlay_is_hidden_faded_and_compared_in_photos_and_clips(page):
    for name in ("photo", "clip"):
        overlay = page.locator(f"#{name}_viewer .layer:not([hidden]) .overlay")
        page.uncheck(f"#{name}_viewer [data-role=toggle]")
        assert overlay.is_hidden()
        page.check(f"#{name}_viewer [data-role=toggle]")
        for role, value in (("opacity", "40"), ("compare", "25")):
            page.locator(f"#{name}_viewer [data-role={role}]").fill(value)
        assert overlay.evaluate("layer => getComputedStyle(layer).opacity") == "0.4"
        assert "25%" in overlay.evaluate("layer => getComputedStyle(layer).clipPath")


def test_labels_lie_outside_their_faces_and_are_legible_whatever_the_size_of_the_photo(page):
    label = page.locator("#photo_viewer .face .label").bounding_box()
    face = page.locator("#photo_viewer .face").bounding_box()
    assert label["y"] + label["height"] <= face["y"] and label["height"] >= 18
    assert page.locator("#photo_viewer .reason").is_visible()


def test_plot_has_a_layout_of_its_own_on_a_phone(browser_and_address, screenshot):
    tab = opened(
        browser_and_address, "#clip_viewer .viewer", viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    assert tab.locator("#clip_viewer .plot.wide").is_hidden()
    sizes = tab.locator("#clip_viewer .plot.narrow svg").evaluate(
        "svg => [...svg.querySelectorAll('text')].map(text => parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a)"
    )
    assert len(sizes) > 5 and min(sizes) >= 12
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.locator("#clip_faces button.enlarge").click()
    for side in tab.locator("#clip_viewer .closeup .square").all():
        assert side.bounding_box()["width"] >= 330
    screenshot(tab, "viewer_phone")
    tab.context.close()


def test_no_script_spoke_up():
    assert [text for text in SAID if "Content Security Policy" in text or "Error" in text] == []
