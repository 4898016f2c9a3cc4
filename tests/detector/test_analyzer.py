import numpy as np
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.conclusion.result import MIN_TRACK_FRAMES
from detector.faces.detection import MIN_FACE_PX
from detector.facts import ModelInfo, Thresholds
from detector.network.loading import LoadedModel
from detector.report.wording.verdicts import verdict_markdown
from detector.results import verdict_for
from tests.media_factory import write_video
from tests.redness_model import RednessRuntime, portrait, redness_model
from web.views.media import faces_html


class TintRuntime(RednessRuntime):
    """Knows two manipulations: red ones, and blue ones that it is surer of."""

    outputs = 3

    def of_colours(self, colours):
        red, green, blue = colours.T
        return np.stack([np.zeros_like(red), 60 * (red - green) - 7, 90 * (blue - green) - 7], axis=1)


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


@pytest.fixture(scope="module")
def kinds_analyzer():
    info = ModelInfo("tint", "1", ("real", "FaceSwap", "Deepfakes"), Thresholds(0.2, 0.8))
    return Analyzer(LoadedModel(info, TintRuntime()))


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    canvas = np.full((240, 480, 3), 128, np.uint8)
    canvas[20:220, 20:220] = left
    canvas[20:220, 260:460] = right
    return canvas


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (0.0, "no_manipulation_found"),
        (0.19, "no_manipulation_found"),
        (0.2, "inconclusive"),
        (0.79, "inconclusive"),
        (0.8, "manipulated"),
        (1.0, "manipulated"),
    ],
)
def test_bands_of_the_stored_thresholds(score, verdict):
    assert verdict_for(score, Thresholds(0.2, 0.8)) == verdict


def test_one_manipulated_face_among_two_decides_the_photo(analyzer, tmp_path):
    Image.fromarray(side_by_side(portrait(), portrait(tint=0.6))).save(tmp_path / "two.png")
    result = analyzer.analyze_image(tmp_path / "two.png").result
    assert sorted(face.verdict for face in result.faces) == ["manipulated", "no_manipulation_found"]
    assert result.verdict == "manipulated"
    assert result.score == max(face.score for face in result.faces)


def test_picture_without_a_face_has_no_score(analyzer, tmp_path):
    Image.fromarray(np.full((200, 300, 3), 90, np.uint8)).save(tmp_path / "wall.png")
    result = analyzer.analyze_image(tmp_path / "wall.png").result
    assert (result.verdict, result.score, result.faces) == ("no_face", None, ())


def test_face_too_small_is_reported_not_scored(analyzer, tmp_path):
    canvas = np.full((400, 600, 3), 128, np.uint8)
    canvas[100:170, 100:170] = np.asarray(Image.fromarray(portrait()).resize((70, 70)))
    Image.fromarray(canvas).save(tmp_path / "small.png")
    result = analyzer.analyze_image(tmp_path / "small.png").result
    assert (result.verdict, result.score, result.faces) == ("inconclusive", None, ())
    assert f"smaller than {MIN_FACE_PX} pixels" in str(result.warnings[0])


def test_two_people_keep_their_tracks_and_the_swapped_one_decides(analyzer, tmp_path):
    write_video(tmp_path / "two.mp4", [side_by_side(portrait(), portrait(tint=0.6))] * 12, fps=6)
    result = analyzer.analyze_video(tmp_path / "two.mp4", frames=6).result
    assert [len(face.frames) for face in result.faces] == [6, 6]
    for face in result.faces:
        assert face.score == pytest.approx(np.mean([frame.score for frame in face.frames]), abs=1e-3)
        assert len({frame.box_px[0] // 100 for frame in face.frames}) == 1  # never jumps to the other person
    assert result.verdict == "manipulated"


def test_face_seen_too_briefly_does_not_decide(analyzer, tmp_path):
    both, alone = side_by_side(portrait(), portrait(tint=0.6)), side_by_side(portrait(), np.full((200, 200, 3), 128))
    write_video(tmp_path / "flash.mp4", [both] * 2 + [alone] * 10, fps=6)
    result = analyzer.analyze_video(tmp_path / "flash.mp4", frames=6).result
    brief = result.faces[-1]
    assert len(brief.frames) < MIN_TRACK_FRAMES
    assert brief.score > 0.8 and brief.verdict == "inconclusive"
    assert result.verdict == "no_manipulation_found"
    assert any("too brief" in str(warning) for warning in result.warnings)


def test_progress_ends_at_one(analyzer, tmp_path):
    write_video(tmp_path / "one.mp4", [side_by_side(portrait(), portrait())] * 6, fps=6)
    shares = []
    analyzer.analyze_video(tmp_path / "one.mp4", frames=3, progress=lambda share, doing: shares.append(share))
    assert shares == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1])


def test_shown_frames_are_reduced_with_their_boxes(analyzer, tmp_path):
    big = np.asarray(Image.fromarray(side_by_side(portrait(), portrait())).resize((1920, 960)))
    write_video(tmp_path / "big.mp4", [big] * 3, fps=3)
    analysis = analyzer.analyze_video(tmp_path / "big.mp4", frames=1)
    shown = analysis.frames[0]
    assert shown.image.shape == (480, 960, 3)
    full = analysis.result.faces[0].box_px
    assert shown.faces[0].face.box_px[0] == pytest.approx(full[0] / 2, abs=1)


def test_likely_manipulation_is_named_where_the_model_tells_them_apart(analyzer, kinds_analyzer, tmp_path):
    red, blue = portrait(tint=0.6), portrait(tint=0.6)[:, :, ::-1]
    Image.fromarray(side_by_side(red, blue)).save(tmp_path / "two.png")
    analysis = kinds_analyzer.analyze_image(tmp_path / "two.png")
    result = analysis.result
    left, right = sorted(result.faces, key=lambda face: face.box_px)
    assert (left.manipulation.name, right.manipulation.name) == ("FaceSwap", "Deepfakes")
    assert left.score > 0.9 and 0.5 < left.manipulation.share <= 1  # P(fake) is 1 - P(real), over both kinds
    assert result.verdict == "manipulated"
    words = verdict_markdown(result)
    assert any(f"takes it for {name} (" in words for name in ("FaceSwap", "Deepfakes"))
    shown = faces_html(analysis, "en")
    assert all(f'data-title="If fake, most like">{name}<' in shown for name in ("FaceSwap", "Deepfakes"))
    assert analyzer.analyze_image(tmp_path / "two.png").result.faces[0].manipulation is None


def test_manipulation_is_not_named_where_none_was_found(kinds_analyzer, tmp_path):
    Image.fromarray(side_by_side(portrait(), portrait())).save(tmp_path / "two.png")
    result = kinds_analyzer.analyze_image(tmp_path / "two.png").result
    assert result.verdict == "no_manipulation_found"
    assert "takes it for" not in verdict_markdown(result)


def test_frames_that_look_fake_decide_the_kind(kinds_analyzer, tmp_path):
    frames = [portrait()] * 5 + [portrait(tint=0.6)] * 3
    write_video(tmp_path / "clip.mp4", frames, fps=8)
    (face,) = kinds_analyzer.analyze_video(tmp_path / "clip.mp4", frames=8).result.faces
    assert face.manipulation.name == "FaceSwap"
