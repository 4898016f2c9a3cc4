import io
import pickle
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.errors import MediaError
from detector.report.pictures.closeup import closeup_square, enlarged_face, kept_faces
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


@pytest.fixture(scope="module")
def photo(analyzer, tmp_path_factory):
    """A photo that is larger than what is kept of it to be shown."""
    path = tmp_path_factory.mktemp("photo") / "large.png"
    Image.fromarray(portrait(tint=0.6)).resize((2400, 2400)).save(path, compress_level=1)
    return path, analyzer.analyze_image(path)


@pytest.fixture(scope="module")
def clip(analyzer, tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, [portrait(tint=tint) for tint in (0.1, 0.3, 0.5, 0.7)], fps=3)
    return path, analyzer.analyze_video(path, frames=4)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_face_of_a_photo_is_cut_at_the_resolution_of_the_file(photo):
    path, analysis = photo
    assert max(analysis.frames[0].image.shape) == 1600
    enlarged = enlarged_face(path, kept_faces(analysis), 1, 0)
    assert enlarged.side_px == closeup_square(analysis.result.faces[0].box_px)[2] > 1600
    assert pixels(enlarged.plain_jpeg).shape == (1200, 1200, 3)


def test_frame_of_a_clip_is_the_one_that_was_scored(clip):
    path, analysis = clip
    kept = kept_faces(analysis)
    redness = []
    for number in range(4):
        square = pixels(enlarged_face(path, kept, 1, number).plain_jpeg).astype(float)
        redness.append(float((square[..., 0] - square[..., 1]).mean()))
    assert redness == sorted(redness) and redness[0] < redness[-1] / 3


def test_overlay_covers_the_crop_that_the_model_saw_and_nothing_around_it(photo):
    path, analysis = photo
    opacity = pixels(enlarged_face(path, kept_faces(analysis), 1, 0).overlay_webp)[..., 3]
    border = round(opacity.shape[0] / 6) - 1
    assert not opacity[:border].any() and not opacity[:, -border:].any()
    assert opacity[border + 4 : -border - 4, border + 4 : -border - 4].mean() > 20


def test_beyond_the_border_of_the_picture_nothing_is_made_up(photo):
    path, analysis = photo
    left, top, side = closeup_square(analysis.result.faces[0].box_px)
    square = pixels(enlarged_face(path, kept_faces(analysis), 1, 0).plain_jpeg)
    assert top < 0 or left < 0 or top + side > 2400
    rows = round(max(-top, top + side - 2400) * 1200 / side) - 4
    outside = square[:rows] if top < 0 else square[-rows:]
    assert np.abs(outside.astype(int) - 128).max() < 12


def test_face_that_lies_on_its_side_is_shown_upright(analyzer, photo, tmp_path):
    turned = np.rot90(portrait(tint=0.6), 1)
    Image.fromarray(turned).resize((400, 400)).save(tmp_path / "turned.png")
    analysis = analyzer.analyze_image(tmp_path / "turned.png")
    assert analysis.frames[0].faces[0].face.quarter_turns == 3
    shown = Image.open(io.BytesIO(enlarged_face(tmp_path / "turned.png", kept_faces(analysis), 1, 0).plain_jpeg))
    upright = Image.open(io.BytesIO(enlarged_face(photo[0], kept_faces(photo[1]), 1, 0).plain_jpeg))
    one, other = (
        np.asarray(image.convert("L").resize((32, 32)), float)[8:24, 8:24].ravel() for image in (shown, upright)
    )
    assert np.corrcoef(one, other)[0, 1] > 0.9


def test_face_that_is_not_there_and_another_file_are_refused_in_words(photo, clip, tmp_path):
    path, analysis = photo
    kept = kept_faces(analysis)
    for face, frame in ((2, 0), (1, 1), (-1, 0)):
        with pytest.raises(MediaError, match="no such face"):
            enlarged_face(path, kept, face, frame)
    Image.fromarray(portrait()).save(tmp_path / "other.png")
    with pytest.raises(MediaError, match="another file"):
        enlarged_face(tmp_path / "other.png", kept, 1, 0)


def test_what_is_kept_of_a_long_clip_is_small(clip):
    _, analysis = clip
    (face,) = analysis.frames[0].faces
    faces = tuple(replace(face, track_id=number, evidence=np.zeros((14, 14), np.float32)) for number in range(1, 11))
    frames = tuple(replace(analysis.frames[0], faces=faces) for _ in range(32))
    tracks = tuple(replace(analysis.result.faces[0], track_id=number) for number in range(1, 11))
    kept = kept_faces(replace(analysis, frames=frames, result=replace(analysis.result, faces=tracks)))
    assert len(kept.faces) == 320
    assert len(pickle.dumps(kept.faces)) < 320 * 600
