"""What the forensic panel shows: views and facts, each with what it can mean and its limits, and never a verdict."""

import re

import numpy as np
import pytest
from PIL import Image

from detector.facts import MediaFile, ModelInfo, Provenance, Thresholds
from detector.results import Result
from tests.media_factory import astronaut, numbered_frames, write_video
from web.views.forensics import forensics_html

SCRIPT = "<img src=x onerror=alert(1)>"


def result_of(duration_s=None):
    file = MediaFile("file", "0" * 64, 1, "image/jpeg", 512, 512, duration_s)
    return Result("1.6", file, ModelInfo("m", "r", ("real", "fake"), Thresholds(0.1, 0.9)), "no_face", None, (), ())


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "a.jpg"
    exif = Image.Exif()
    exif[0x10F] = SCRIPT
    Image.fromarray(astronaut()[:256, :256]).save(path, quality=60)
    Image.open(path).save(path, quality=95, exif=exif)
    return path


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_photo_has_three_views_with_texts_and_its_metadata_are_escaped(photo):
    html = forensics_html(photo, result_of(), None, "en")
    alternatives = re.findall(r'<img class="" src="data:image/jpeg;base64,[^"]+" alt="([^"]+)"', html)
    assert [text.split(":")[0] for text in alternatives] == ["The photo as it is", "Error level view", "Noise view"]
    text = words(html)
    assert "20 times as bright; computed on the full picture, then reduced." in text
    assert "an earlier JPEG save at a quality of about 60 of 100" in text
    assert SCRIPT not in html and "&lt;img src=x" in html


def test_every_trace_has_one_sentence_on_what_it_can_mean_and_one_on_its_limits(photo, tmp_path):
    clip = write_video(
        tmp_path / "v.mp4", numbered_frames(9), times_s=[0, 0.04, 0.08, 0.12, 0.15, 0.2, 1.2, 1.24, 1.28]
    )
    for html, titles in (
        (forensics_html(photo, result_of(), None, "en"), 6),
        (forensics_html(clip, result_of(1.3), None, "en"), 7),
    ):
        meanings = re.findall(r"<p><b>(Can mean:|Limits:)</b> ([^<]+)</p>", html)
        assert [label for label, _ in meanings] == ["Can mean:", "Limits:"] * titles
        assert all(re.fullmatch(r"[A-Z][^.]*\.", sentence) for _, sentence in meanings)


def test_clip_tells_its_codec_marks_gaps_and_groups(tmp_path):
    clip = write_video(
        tmp_path / "v.mp4", numbered_frames(9), times_s=[0, 0.04, 0.08, 0.12, 0.15, 0.2, 1.2, 1.24, 1.28]
    )
    text = words(forensics_html(clip, result_of(1.3), None, "en"))
    assert "H.264 (AVC)" in text and "x264 - core" in text and "1 keyframe (a picture that is stored whole)." in text
    assert "0.2 s, for 1.0 s" in text and "Stream 0 (video)" in text


def test_saved_case_shows_what_its_metadata_say_and_asks_for_the_file():
    known = Provenance((("Make", "Nikon"),), (("Format", "JPEG"),), None)
    html = forensics_html(None, result_of(), known, "en")
    assert "A saved case holds no file" in html and "Nikon" in html and "None found." in words(html)
    assert "<img" not in html
    nothing = forensics_html(None, result_of(), None, "en")
    assert "A saved case holds no file" in nothing and "Metadata" not in re.sub("only its metadata", "", nothing)


@pytest.mark.parametrize("duration_s", [None, 2.0])
def test_damaged_or_missing_file_is_one_sentence_beside_the_known_metadata(tmp_path, duration_s):
    known = Provenance((("Make", "Nikon"),), (), None)
    (tmp_path / "a").write_bytes(np.random.default_rng(0).bytes(3000))
    for path, says in ((tmp_path / "a", "that can be read"), (tmp_path / "gone", "The file cannot be opened")):
        html = forensics_html(path, result_of(duration_s), known, "en")
        assert says in html and html.count('class="problem"') == 1 and "Nikon" in html


def test_panel_speaks_the_language_of_the_reader(photo):
    text = words(forensics_html(photo, result_of(), None, "es"))
    assert "Puede significar:" in text and "Can mean" not in text
