import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from detector.analyzer import Analyzer
from detector.faces.detection import FaceDetector
from detector.faces.shots import ALIKE_FROM, appearance, appearance_similarity, find_cuts
from detector.report.plots.timeline import timeline_svg
from detector.results import Cut
from tests.media_factory import astronaut, write_video
from tests.redness_model import portrait, redness_model


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


def room(seed: int) -> np.ndarray:
    """A set with furniture, 320 x 240."""
    coarse = np.random.default_rng(seed).integers(60, 200, (18, 24, 3)).astype(np.uint8)
    return cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)


def scene(seed: int, x: int = 90, side: int = 140) -> np.ndarray:
    """A set with a head in it."""
    frame, head = room(seed), astronaut()[15:215, 130:330]
    frame[60 : 60 + side, x : x + side] = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    return frame


def tinted(seed: int) -> np.ndarray:
    """Another set, with a face in other colours at the same place."""
    frame = room(seed)
    frame[60:200, 90:230] = cv2.resize(portrait(tint=0.6), (140, 140), interpolation=cv2.INTER_AREA)
    return frame


def brighter(image: np.ndarray, gain: float, offset: float = 0) -> np.ndarray:
    return np.clip(image * gain + offset, 0, 255).astype(np.uint8)


def compressed(image: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def seen(x: float, y: float, side: float) -> np.ndarray:
    """What a camera that moves and zooms sees of the portrait."""
    matrix = np.float32([[320 / side, 0, -x * 320 / side], [0, 320 / side, -y * 320 / side]])
    return cv2.warpAffine(astronaut(), matrix, (320, 320), flags=cv2.INTER_AREA)


def test_cut_lies_between_two_scenes():
    assert find_cuts([scene(1), scene(1), scene(2), scene(2), scene(3)]) == [(1, 2), (3, 4)]


def test_person_who_moves_before_a_static_camera_is_no_cut():
    assert find_cuts([scene(1, x, side=100) for x in (0, 180, 20, 80)]) == []


@pytest.mark.parametrize(
    "changed",
    [
        lambda image: brighter(image, 1.8),
        lambda image: brighter(image, 1, 40),
        lambda image: brighter(image, 0.4),
        lambda image: compressed(image, 5),
        lambda image: cv2.GaussianBlur(image, (0, 0), 4),
    ],
    ids=["flash", "lamp", "dark", "compressed", "out of focus"],
)
def test_light_and_compression_are_no_cut(changed):
    assert find_cuts([scene(1), changed(scene(1)), scene(1)]) == []


def test_camera_that_moves_and_zooms_is_no_cut():
    assert find_cuts([seen(0, 0, 320), seen(90, 20, 320), seen(90, 20, 220), seen(150, 40, 300)]) == []


def test_line_of_news_that_stays_does_not_hide_a_cut():
    frames = [room(1), room(2)]
    for frame in frames:
        frame[204:] = 20
        cv2.putText(frame, "BREAKING NEWS: A TOWN", (5, 228), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
    assert find_cuts(frames) == [(0, 1)]


def test_cut_through_black_is_found_and_black_alone_is_none():
    black = np.zeros((240, 320, 3), np.uint8)
    assert find_cuts([black, scene(1), black, scene(1), black, scene(2)]) == [(3, 5)]


def test_face_is_alike_where_it_moved_and_not_in_other_colours():
    looks = []
    for image in (scene(1), scene(1, x=120), tinted(2)):
        (face,) = FaceDetector().detect(image)
        looks.append(appearance(image, face))
    assert appearance_similarity(looks[0], looks[1]) >= ALIKE_FROM
    assert appearance_similarity(looks[0], looks[2]) < ALIKE_FROM - 0.2


def test_other_person_at_the_same_place_behind_a_cut_has_a_track_of_their_own(analyzer, tmp_path):
    write_video(tmp_path / "cut.mp4", [tinted(1)] * 4 + [scene(2)] * 4, fps=4)
    result = analyzer.analyze_video(tmp_path / "cut.mp4", frames=8).result
    assert result.cuts == (Cut(0.75, 1.0),)
    assert [[frame.time_s for frame in track.frames] for track in result.faces] == [
        [0, 0.25, 0.5, 0.75],
        [1, 1.25, 1.5, 1.75],
    ]
    assert [track.verdict for track in result.faces] == ["manipulated", "no_manipulation_found"]


def test_interview_that_cuts_to_and_fro_at_every_sample_keeps_its_verdicts(analyzer, tmp_path):
    write_video(tmp_path / "interview.mp4", [tinted(1), scene(2)] * 4, fps=2, g="1")
    result = analyzer.analyze_video(tmp_path / "interview.mp4", frames=8).result
    assert len(result.cuts) == 7
    assert [len(track.frames) for track in result.faces] == [4, 4]
    assert sorted(track.verdict for track in result.faces) == ["manipulated", "no_manipulation_found"]


def test_compressed_clip_of_one_shot_has_no_cut(analyzer, tmp_path):
    frames = [brighter(scene(1, 40 + 8 * step), 1.6 if step == 5 else 1) for step in range(10)]
    write_video(tmp_path / "one.mp4", frames, fps=5, crf="40")
    result = analyzer.analyze_video(tmp_path / "one.mp4", frames=10).result
    assert result.cuts == ()
    assert len(result.faces) == 1


def test_timeline_shows_cuts_and_says_them(analyzer, tmp_path):
    write_video(tmp_path / "one.mp4", [scene(1)] * 4, fps=2)
    result = analyzer.analyze_video(tmp_path / "one.mp4", frames=4).result
    assert 'class="cut"' not in timeline_svg(result)
    svg = timeline_svg(replace(result, cuts=(Cut(0.5, 1.0), Cut(1.0, 1.5))))
    left, right = (float(re.search(f'data-{side}="([0-9.]+)"', svg)[1]) for side in ("left", "right"))
    places = [float(place) for place in re.findall(r'<line class="cut" x1="([0-9.]+)"', svg)]
    assert places == pytest.approx([left + (right - left) * middle_s / 2 for middle_s in (0.75, 1.25)], abs=0.1)
    assert 1 <= svg.count(">cut</text>") <= 2  # a second word could run into the first
    assert "Cut between 0.5 and 1.0 s. Cut between 1.0 and 1.5 s." in svg
