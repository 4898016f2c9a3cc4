import os

import numpy as np
import pytest

from detector.errors import MediaError
from detector.media.videos.video import Video
from detector.media.videos.window import Window
from tests.media_factory import numbered_frames, write_video


def test_window_shows_only_its_bytes(tmp_path):
    (tmp_path / "ten").write_bytes(b"0123456789")
    with Window(tmp_path / "ten", (3, 4)) as window:
        assert (window.read(2), window.read(), window.read()) == (b"34", b"56", b"")
        assert (window.seek(-1, os.SEEK_END), window.read(9), window.seek(8), window.read()) == (3, b"6", 8, b"")
    with Window(tmp_path / "ten", (8, 400)) as window:
        assert window.read() == b"89"


@pytest.mark.parametrize("faststart", [True, False])
def test_film_in_the_middle_of_a_file_is_read_like_one_of_its_own(tmp_path, faststart):
    film = write_video(tmp_path / "film.mp4", numbered_frames(20), g="8", faststart=faststart)
    data = film.read_bytes()
    (tmp_path / "whole").write_bytes(b"before" * 99 + data + b"behind")
    with Video(film) as alone, Video(tmp_path / "whole", span=(594, len(data))) as part:
        assert part.frame_times == alone.frame_times and part.duration_s == alone.duration_s
        for a, b in zip(alone.sample_frames(5), part.sample_frames(5), strict=True):
            assert a.time_s == b.time_s and np.array_equal(a.image, b.image)


@pytest.mark.parametrize("script", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_playlist_in_a_part_of_a_file_opens_no_other_file(tmp_path, script):
    film = write_video(tmp_path / "film.mp4", numbered_frames(10))
    (tmp_path / "list").write_text(script.format(film))
    with pytest.raises(MediaError):
        Video(tmp_path / "list", span=(0, 4000))
