import io

import cv2
import numpy as np
import pytest
from PIL import Image

from dataset_builder.extraction.face_crops import Unit
from dataset_builder.extraction.jobs import Job
from dataset_builder.extraction.units import cut_unit
from dataset_builder.sources import SourceItem
from detector.faces.detection import FaceDetector, crop_face
from detector.media.videos.video import Video
from tests.media_factory import clip, face_frame, mask_clip, texture, write_video

FRAMES = 3


@pytest.fixture(scope="module")
def detector():
    return FaceDetector()


def real(path) -> SourceItem:
    return SourceItem(str(path), "real", "c23", "youtube/000", "000", "", ("000",))


def fake(path, mask="") -> SourceItem:
    return SourceItem(
        str(path), "FaceSwap", "c23", "FaceSwap/000_001", "000", "001", ("000",), None, "youtube/000", str(mask)
    )


def unit(original: SourceItem | None, *fakes: SourceItem) -> Unit:
    return Unit(original, fakes, FRAMES, FRAMES, FRAMES)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_fake_is_cut_at_the_boxes_and_instants_of_its_original(tmp_path, detector):
    # the head of the fake has moved, as a manipulation may move what the detector sees
    original, made = real(clip(tmp_path / "000.mp4", 1)), fake(tmp_path / "000_001.mp4")
    write_video(tmp_path / "000_001.mp4", [face_frame(320, 240, 96, 120 + 2 * n, 36, 1) for n in range(10)], fps=10)
    results = cut_unit(unit(original, made), detector)
    assert len(results[original].crops) == FRAMES
    for ours, theirs in zip(results[original].crops, results[made].crops, strict=True):
        assert (ours.face, ours.time_s) == (theirs.face, theirs.time_s)
    with Video(made.path) as video:
        frame = next(iter(video.frames_at([results[made].crops[0].time_s])))
    assert np.array_equal(pixels(results[made].crops[0].png), crop_face(frame.image, results[original].crops[0].face))


def test_original_is_cut_as_the_application_would(tmp_path, detector):
    original = real(clip(tmp_path / "000.mp4", 2))
    crop = cut_unit(unit(original), detector)[original].crops[1]
    with Video(original.path) as video:
        (frame,) = video.frames_at([crop.time_s])
    (face,) = detector.detect(frame.image, try_turned=False)
    assert np.array_equal(pixels(crop.png), crop_face(frame.image, face))


def test_most_persistent_face_is_used_without_masks(tmp_path, detector):
    original = real(clip(tmp_path / "000.mp4", 3, faces=2))
    crops = cut_unit(unit(original), detector)[original].crops
    assert all(crop.face.box_px[0] > 150 for crop in crops)  # the larger one, right


def test_masked_face_is_used_though_another_is_larger(tmp_path, detector):
    original = real(clip(tmp_path / "000.mp4", 3, faces=2))
    mask = mask_clip(tmp_path / "masks" / "000_001.mp4", (30, 70, 110, 190))
    made = fake(clip(tmp_path / "000_001.mp4", 3, blur=1, faces=2), mask)
    results = cut_unit(unit(original, made), detector)
    for result in (results[original], results[made]):
        assert len(result.crops) == FRAMES
        assert all(crop.face.box_px[2] < 145 for crop in result.crops)
    assert results[original].crops[0].mask_png is None
    for crop in results[made].crops:
        cut = pixels(crop.mask_png)
        assert cut.shape == pixels(crop.png).shape[:2] and cut.mean() > 200


def test_mask_fits_by_frame_number_and_untouched_frames_are_not_called_fake(tmp_path, detector):
    original, made = real(clip(tmp_path / "000.mp4", 3)), tmp_path / "000_001.mp4"
    # ten frames in .04 s, as masks of DeepFakeDetection; the face is manipulated in the second half
    untouched, manipulated = np.zeros((240, 320, 3), np.uint8), np.full((240, 320, 3), 255, np.uint8)
    mask = write_video(tmp_path / "mask.mp4", [untouched] * 5 + [manipulated] * 5, fps=250)
    made = fake(clip(made, 3, blur=1), mask)
    results = cut_unit(unit(original, made), detector)
    assert [round(crop.time_s, 1) for crop in results[original].crops] == [0.1, 0.5, 0.8]
    assert [round(crop.time_s, 1) for crop in results[made].crops] == [0.5, 0.8]
    assert all(pixels(crop.mask_png).mean() > 250 for crop in results[made].crops) and not results[made].problem


def test_fake_whose_mask_is_empty_where_the_faces_are_is_left_out_and_told(tmp_path, detector):
    original = real(clip(tmp_path / "000.mp4", 3))
    made = fake(clip(tmp_path / "a.mp4", 3, 1), mask_clip(tmp_path / "mask.mp4", (0, 200, 40, 240)))
    results = cut_unit(unit(original, made), detector)
    assert len(results[original].crops) == FRAMES
    assert not results[made].crops and "mask is empty" in results[made].problem


def test_half_a_download_is_named_and_left_out(tmp_path, detector):
    frames = [face_frame(320, 240, 90, 130, 30, number) for number in range(40)]
    original = real(write_video(tmp_path / "000.mp4", frames, fps=10, faststart=True, g="5"))
    content = (tmp_path / "000.mp4").read_bytes()
    (tmp_path / "000.mp4").write_bytes(content[: len(content) // 2])
    result = cut_unit(unit(original), detector)[original]
    assert not result.crops and result.is_unreadable and "of 4.0 s could be read" in result.problem


def test_link_to_nowhere_costs_itself_only(tmp_path, detector):
    original, made = real(clip(tmp_path / "000.mp4", 3)), fake(tmp_path / "000_001.mp4")
    (tmp_path / "000_001.mp4").symlink_to(tmp_path / "gone.mp4")
    results = cut_unit(unit(original, made), detector)
    assert len(results[original].crops) == FRAMES
    assert results[made].is_unreadable and results[made].problem.startswith("No such file")
    assert Job((unit(original, made),)).key()


def test_mask_that_cannot_be_read_is_no_mask(tmp_path, detector):
    (tmp_path / "mask.mp4").write_bytes(b"nothing")
    original, made = real(clip(tmp_path / "000.mp4", 3)), fake(clip(tmp_path / "a.mp4", 3, 1), tmp_path / "mask.mp4")
    results = cut_unit(unit(original, made), detector)
    assert len(results[made].crops) == FRAMES and results[made].crops[0].mask_png is None


def test_fake_without_its_original_is_cut_at_its_own_boxes_and_says_so(tmp_path, detector):
    made = fake(clip(tmp_path / "000_001.mp4", 4, blur=1))
    result = cut_unit(unit(None, made), detector)[made]
    assert len(result.crops) == FRAMES and result.has_own_box


def test_broken_original_costs_itself_only(tmp_path, detector):
    (tmp_path / "000.mp4").write_bytes(b"not a film")
    original, made = real(tmp_path / "000.mp4"), fake(clip(tmp_path / "000_001.mp4", 4))
    results = cut_unit(unit(original, made), detector)
    assert results[original].is_unreadable and results[original].problem.endswith(".")
    assert len(results[made].crops) == FRAMES and results[made].has_own_box


def test_fake_of_another_size_is_not_cut_at_boxes_that_mean_another_place(tmp_path, detector):
    original, made = real(clip(tmp_path / "000.mp4", 4)), fake(tmp_path / "000_001.mp4")
    write_video(tmp_path / "000_001.mp4", [face_frame(480, 360, 90, 100, 30)] * 10, fps=10)
    result = cut_unit(unit(original, made), detector)[made]
    assert not result.crops and "480 x 360 px, those of its original 320 x 240" in result.problem


def test_video_without_a_face_says_so(tmp_path, detector):
    write_video(tmp_path / "000.mp4", [texture(320, 240)] * 10, fps=10)
    original = real(tmp_path / "000.mp4")
    result = cut_unit(unit(original), detector)[original]
    assert not result.crops and "no face" in result.problem and not result.is_unreadable


@pytest.mark.parametrize("height", [75, 100])
def test_face_of_75_px_in_a_720p_frame_is_found(tmp_path, detector, height):
    frames = [face_frame(1280, 720, height, 500 + 4 * n, 200, 5) for n in range(4)]
    original = real(write_video(tmp_path / "000.mp4", frames, fps=4, crf="28"))
    crops = cut_unit(unit(original), detector)[original].crops
    assert len(crops) == FRAMES
    for crop in crops:
        x0, y0, x1, y1 = crop.face.box_px
        assert y1 - y0 == pytest.approx(height, rel=0.2)


def test_smallest_face_of_the_protocol_is_used_and_a_smaller_one_is_not(tmp_path, detector):
    small = cv2.resize(face_frame(640, 480, 90, 200, 100), (320, 240), interpolation=cv2.INTER_AREA)
    original = real(write_video(tmp_path / "000.mp4", [small] * 4, fps=4))
    assert "at least 48 px" in cut_unit(unit(original), detector)[original].problem
