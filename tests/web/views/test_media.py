"""The viewer of photos and clips, as HTML."""

import re

import numpy as np
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.report.html import EmbeddedPicture
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model
from web.views.closeup import upload_address
from web.views.media import faces_html, viewer_html
from web.views.stage import shown_width_px


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


@pytest.fixture(scope="module")
def photo(analyzer, tmp_path_factory):
    """A tinted portrait beside a face of 70 pixels, which is too small to be assessed."""
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    canvas = np.full((240, 420, 3), 128, np.uint8)
    canvas[20:220, 10:210] = portrait(tint=0.6)
    canvas[90:160, 300:370] = np.asarray(Image.fromarray(portrait()).resize((70, 70)))
    Image.fromarray(canvas).save(path)
    return analyzer.analyze_image(path)


@pytest.fixture(scope="module")
def clip(analyzer, tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, [portrait()] * 4 + [portrait(tint=0.6)] * 4, fps=4)
    return analyzer.analyze_video(path, frames=8)


def places_of(html: str, selector: str) -> list[list[float]]:
    found = re.findall(
        rf'class="{selector}" style="left:([-\d.]+)%;top:([-\d.]+)%;width:([\d.]+)%;height:([\d.]+)%', html
    )
    return [[float(value) for value in place] for place in found]


def test_photo_is_embedded_once_and_its_overlay_by_itself(photo):
    html = viewer_html(photo, "en")
    assert html.count("data:image/jpeg") == 1 and html.count("data:image/webp") == 1
    assert html.count('type="range"') == 2 and html.count('type="checkbox"') == 1
    assert "Where the model looked, not proof." in html and "<video" not in html


def test_box_and_label_of_a_face_lie_where_it_is(photo):
    (face,) = places_of(viewer_html(photo, "en"), "target face")
    x0, y0, x1, y1 = photo.result.faces[0].box_px
    assert face == pytest.approx([x0 / 4.2, y0 / 2.4, (x1 - x0) / 4.2, (y1 - y0) / 2.4], abs=0.3)


def test_face_that_was_not_assessed_is_drawn_with_its_reason(photo):
    html = viewer_html(photo, "en")
    assert html.count('<path class="unassessed"') == 1
    assert re.search(r"<b>A</b><span class=\"reason\">: smaller than 48 pixels</span>", html)
    assert "<b>A</b>: not assessed, smaller than 48 pixels" in html
    (place,) = places_of(html, "target")
    x0, y0, x1, y1 = photo.result.not_assessed[0].box_px
    assert place == pytest.approx([x0 / 4.2, y0 / 2.4, (x1 - x0) / 4.2, (y1 - y0) / 2.4], abs=0.3)


def test_small_photo_is_shown_enlarged_and_a_large_one_at_most_as_large_as_it_is(photo, clip):
    assert "--shown:480px" in viewer_html(photo, "en")
    assert "--shown:480px" in viewer_html(clip, "en")  # of 200 pixels
    for width, height, shown in ((100, 20, 400), (300, 200, 480), (1600, 900, 1600)):
        assert shown_width_px(EmbeddedPicture("", width, height)) == shown


def test_boxes_are_drawn_as_in_the_annotated_video(clip):
    html = viewer_html(clip, "en")
    assert len(re.findall(r'<path class="manipulated" d="M[^"]*Z"', html)) >= 4  # a full box
    assert re.search(r'<path class="no_manipulation_found" d="M[^"Z]*"', html)  # its corners


def test_clip_shows_every_sampled_frame_one_at_a_time(clip):
    html = viewer_html(clip, "en")
    assert (
        html.count('<div class="layer"') == 8 and len(re.findall(r'class="layer" data-frame="\d" hidden>', html)) == 7
    )
    assert html.count('class="instant"') == 5 and "Frames with the highest scores" in html
    # a strip for each frame in both plots, and the slider's end
    assert html.count("<rect data-show=") == 16 and 'max="7"' in html
    assert re.search(r'aria-valuetext="1\.\d s, face 1: \d\.\d\d"', html)
    assert re.search(r'aria-valuetext="1\.\d s, cara 1: ', viewer_html(clip, "es"))


def test_clip_is_played_where_its_file_is_at_hand_and_else_the_page_says_why_not(clip):
    html = viewer_html(clip, "en", upload_address('/tmp/a "b".mp4'))
    assert '<video src="gradio_api/file=/tmp/a%20%22b%22.mp4" controls' in html
    assert '<p class="cannot-play" hidden>' in html
    without = viewer_html(clip, "en")
    assert "<video" not in without and '<p class="cannot-play">The clip cannot be played here' in without


def test_animated_picture_is_not_given_to_a_player(analyzer, tmp_path):
    frames = [Image.fromarray(portrait(tint=0.6))] * 3
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=[Image.fromarray(portrait())], duration=500)
    analysis = analyzer.analyze(tmp_path / "a.gif", frames=2)
    assert "<video" not in viewer_html(analysis, "en", "gradio_api/file=a.gif")


def test_row_of_a_face_opens_its_highest_frame(clip):
    html = faces_html(clip, "en")
    number = re.search(r'<tr role="row" data-face="1" data-frame="(\d)"', html)[1]
    assert clip.frames[int(number)].score == max(frame.score for frame in clip.frames)
    assert 'aria-label="Face 1: open it large"' in html
