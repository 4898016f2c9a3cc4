"""A face lies in the pictures of a clip where playing it shows the face, whatever the container and its oddities."""

import cv2
import numpy as np
import pytest

from detector.faces.detection import FaceDetector
from detector.media.clips import open_clip
from tests.hostile.originals import video
from tests.made_media.clips_of_all_kinds import FILMS
from tests.made_media.moving_photos import ANIMATIONS, write_animation
from tests.media_factory import astronaut

PICTURE = np.ascontiguousarray(astronaut()[:256, 100:404])


@pytest.fixture(scope="module")
def detector():
    return FaceDetector()


def boxes(detector, path):
    """The boxes of the largest face in the first and the last frame of a clip."""
    with open_clip(path) as clip:
        frames = [frame.image for frame in clip.frames_at([0.0, clip.duration_s])]
    return [np.array(detector.detect(image)[0].box_px) for image in frames]


@pytest.fixture(scope="module")
def expected(detector):
    return np.array(detector.detect(PICTURE)[0].box_px)


@pytest.mark.parametrize("ending", FILMS)
def test_box_is_the_same_in_every_container(tmp_path, detector, expected, ending):
    container, codec = FILMS[ending]
    (tmp_path / "clip").write_bytes(video(container, codec, [PICTURE] * 3, fps=25, encoder={"b": "4000000"}))
    for box in boxes(detector, tmp_path / "clip"):
        assert box == pytest.approx(expected, abs=3)


@pytest.mark.parametrize("kind", ANIMATIONS)
def test_box_is_the_same_in_every_animation(tmp_path, detector, expected, kind):
    # the second is another, or there would be one frame
    path = write_animation(tmp_path / "a", kind, [PICTURE, np.roll(PICTURE, 12, 1)], [100, 100])
    first, last = boxes(detector, path)
    assert first == pytest.approx(expected, abs=3) and last == pytest.approx(expected + [12, 0, 12, 0], abs=3)


def test_boxes_of_another_size_lie_in_the_system_of_the_first(tmp_path, detector, expected):
    # half as high, and wide: black beside it
    small = cv2.resize(PICTURE, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = cv2.copyMakeBorder(small, 0, 0, 38, 38, cv2.BORDER_REPLICATE)  # 228 x 128
    joined = b"".join(video("mpegts", "libx264", [picture] * 3, fps=25) for picture in (PICTURE, small))
    (tmp_path / "sizes.ts").write_bytes(joined)
    first, last = boxes(detector, tmp_path / "sizes.ts")
    assert first == pytest.approx(expected, abs=3)
    # shown at 304 / 228 times its size, in the middle of the height
    scale, top = 304 / 228, (256 - 128 * 304 / 228) / 2
    shown = (expected / 2 + [38, 0, 38, 0]) * scale + [0, top, 0, top]
    assert last == pytest.approx(shown, abs=4)
