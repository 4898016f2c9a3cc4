"""Files with several picture tracks: the film is looked at wherever it stands, and the others are named."""

from fractions import Fraction

import av
import numpy as np
import pytest

from detector.errors import MediaError
from detector.media.clips import open_clip
from detector.media.videos.video import Video
from tests.media_factory import numbered_frames


def write_tracks(path, tracks, codecs=None):
    """Writes a file with picture tracks: the frames of each, 25 a second."""
    with av.open(str(path), "w") as container:
        streams = []
        for number, frames in enumerate(tracks):
            stream = container.add_stream((codecs or {}).get(number, "libx264"), rate=25)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuvj420p" if stream.codec_context.name == "mjpeg" else "yuv420p"
            streams.append(stream)
        for stream, frames in zip(streams, tracks, strict=True):
            for number, image in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=stream.pix_fmt)
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return path


FILM = numbered_frames(20)
THUMBNAIL = [np.full((96, 128, 3), 200, np.uint8)]


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "ts"])
@pytest.mark.parametrize("place", [0, 1])
def test_film_is_looked_at_not_the_thumbnail_before_it(tmp_path, ending, place):
    tracks = [FILM, THUMBNAIL] if place else [THUMBNAIL, FILM]
    path = write_tracks(tmp_path / f"two.{ending}", tracks, {1 - place: "mjpeg"} if ending in ("mkv", "mov") else None)
    with Video(path) as video:
        assert (video.size_px, video.frame_count) == ((64, 48), 20)
        assert [round(frame.image.mean() / 5) for frame in video.sample_frames(4)] == [2, 7, 12, 17]
        assert "The file holds 1 further picture track, which was not assessed." in map(str, video.problems())
        assert [(item.kind, item.assessed) for item in video.items] == (
            [("photo", False), ("film", True)] if place == 0 else [("film", True), ("photo", False)]
        )


def test_other_film_is_looked_at_on_request(tmp_path):
    path = write_tracks(tmp_path / "two.mkv", [numbered_frames(30), numbered_frames(20, 128, 96)])
    for item, size, count in ((0, (64, 48), 30), (1, (64, 48), 30), (2, (128, 96), 20)):
        with open_clip(path, item) as video:
            assert (video.size_px, video.frame_count) == (size, count)
            assert [one.assessed for one in video.items] == [item < 2, item == 2]
            assert len(list(video.sample_frames(4))) == 4
    with pytest.raises(MediaError, match="2 photos and films, and no number 3"):
        open_clip(path, 3)


def test_thumbnail_is_a_photo_whether_it_is_looked_at_or_not(tmp_path):
    path = write_tracks(tmp_path / "two.mp4", [THUMBNAIL, FILM])
    for item in (1, 2):
        with open_clip(path, item) as video:
            assert [(one.kind, one.duration_s) for one in video.items] == [("photo", None), ("film", 0.8)]


def test_largest_of_tracks_of_one_film_is_looked_at(tmp_path):
    with Video(write_tracks(tmp_path / "sizes.mp4", [numbered_frames(21), numbered_frames(20, 128, 96)])) as video:
        assert video.size_px == (128, 96)
        assert "1 further picture track" in str(video.problems()[0])


def test_tracks_are_told_of_a_file_that_has_to_be_opened_anew_when_it_is_decoded(tmp_path, monkeypatch):
    path = write_tracks(tmp_path / "two.mp4", [THUMBNAIL, FILM])
    with Video(path) as video:
        expected = video.items
    read_size = Video._read_size

    def opened_anew(video):
        size_px = read_size(video)
        video._decoder._container.close()  # as the decoder does where it meets damage: its streams say nothing true any more
        return size_px

    monkeypatch.setattr(Video, "_read_size", opened_anew)
    assert Video(path).items == expected and len(expected) == 2


def test_number_of_the_only_track_is_taken_and_no_other(tmp_path):
    path = write_tracks(tmp_path / "one.mp4", [FILM])
    with Video(path, item=1) as video:
        assert video.items == [] and video.problems() == []
    with pytest.raises(MediaError, match="1 photo or film, and no number 2"):
        Video(path, item=2)
