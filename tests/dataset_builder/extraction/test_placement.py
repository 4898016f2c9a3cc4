"""Fakes whose frames are smaller than those of their original, as some of Face2Face are."""

from contextlib import ExitStack

import numpy as np
import pytest

from dataset_builder.extraction.face_crops import Unit
from dataset_builder.extraction.placement import offset_in_original
from dataset_builder.extraction.units import cut_unit
from dataset_builder.sources import SourceItem
from detector.faces.detection import FaceDetector
from detector.media.videos.video import Video
from tests.dataset_builder.extraction.test_units import fake, pixels, real
from tests.media_factory import face_frame, write_video

FRAMES = [face_frame(320, 240, 90, 110 + 2 * step, 30, 7) for step in range(10)]


@pytest.fixture
def offset(tmp_path):
    """Writes an original and a fake, and finds the place of the one in the other."""
    with ExitStack() as stack:

        def find(frames: list[np.ndarray]) -> tuple[int, int] | None:
            original = stack.enter_context(Video(write_video(tmp_path / "000.mp4", FRAMES, fps=10)))
            made = stack.enter_context(Video(write_video(tmp_path / "000_001.mp4", frames, fps=10, crf="28")))
            return offset_in_original(made, original, 0.5, 0.5)

        yield find


def test_frames_cut_from_the_middle_are_found_there(offset):
    assert offset([frame[:, 11:-11] for frame in FRAMES]) == (11, 0)


def test_frames_of_one_size_lie_where_they_are(offset):
    assert offset(FRAMES) == (0, 0)


@pytest.mark.parametrize("part", [slice(0, -22), slice(22, None)])
def test_frames_cut_from_a_side_do_not_fit(offset, part):
    assert offset([frame[:, part] for frame in FRAMES]) is None


def test_stretched_and_larger_frames_do_not_fit(offset):
    assert offset([np.ascontiguousarray(frame[:, ::2]) for frame in FRAMES]) is None
    assert offset([face_frame(480, 360, 90, 110, 30, 7)] * 10) is None


def cut(tmp_path, frames, made_frames) -> dict[SourceItem, object]:
    original, made = real(write_video(tmp_path / "000.mp4", frames, fps=10)), fake(tmp_path / "000_001.mp4")
    write_video(tmp_path / "000_001.mp4", made_frames, fps=10)
    results = cut_unit(Unit(original, (made,), 3, 3, 3), FaceDetector())
    return results[original], results[made]


def test_smaller_fake_is_cut_at_the_same_place_of_the_scene(tmp_path):
    ours, theirs = cut(tmp_path, FRAMES, [frame[:, 11:-11] for frame in FRAMES])
    assert len(ours.crops) == len(theirs.crops) == 3
    for mine, other in zip(ours.crops, theirs.crops, strict=True):
        assert (mine.face, mine.picture_px, mine.inside_share) == (other.face, other.picture_px, other.inside_share)
        assert np.abs(pixels(mine.png).astype(int) - pixels(other.png)).mean() < 3
        assert mine.is_paired and other.is_paired


def test_crop_that_only_the_fake_would_mirror_is_left_out_and_told(tmp_path):
    frames = [face_frame(320, 240, 90, 150, 30, 7)] * 10
    frames = [np.concatenate([frame[:, :300], frame[:, 299:300].repeat(4, axis=1)], axis=1) for frame in frames]
    ours, theirs = cut(tmp_path, frames, [frame[:, 40:-40] for frame in frames])
    assert len(ours.crops) == 3
    assert not theirs.crops and "the face lies at their border" in theirs.problem
