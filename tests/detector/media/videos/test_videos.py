import gc
import wave
from itertools import islice

import av
import numpy as np
import pytest
from PIL import Image

from detector.errors import MediaError
from detector.media.reading import read_media
from detector.media.videos import video as video_module
from detector.media.videos.decoder import Decoder
from detector.media.videos.video import Video
from tests.hostile.bombs import black_png, movie_with
from tests.hostile.originals import clip_frames
from tests.hostile.originals import video as video_bytes
from tests.hostile.videos import patched
from tests.media_factory import astronaut, numbered_frames, write_video


def levels(path, count):
    """The frame numbers that `numbered_frames` wrote as grey levels."""
    with Video(path) as video:
        return [round(frame.image.mean() / 5) for frame in video.sample_frames(count)]


def make_bad_video(kind, path):
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no film\n" * 50)
    elif kind == "photo":
        Image.fromarray(astronaut()).save(path, format="JPEG")
    elif kind == "index cut off":
        write_video(path, numbered_frames(20))
        path.write_bytes(path.read_bytes()[:-400])
    elif kind == "sound":
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 8000, 8000, "NONE", ""))
            sound.writeframes(b"\0\0" * 8000)


@pytest.mark.parametrize("kind", ["empty", "text", "photo", "index cut off", "sound"])
def test_bad_video_is_one_plain_sentence(tmp_path, kind):
    path = tmp_path / "bad.mp4"
    make_bad_video(kind, path)
    with pytest.raises(MediaError) as caught:
        Video(path)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize("script", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_playlist_cannot_make_the_server_open_other_files(tmp_path, script):
    film = write_video(tmp_path / "film.mp4", numbered_frames(10))
    (tmp_path / "list.m3u8").write_text(script.format(film))
    with pytest.raises(MediaError):
        Video(tmp_path / "list.m3u8")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.mp4", "video/mp4"), ("a.mkv", "video/x-matroska"), ("a.mov", "video/quicktime"), ("a.avi", "video/x-msvideo")],
)
def test_samples_are_spread_over_the_whole_clip(tmp_path, name, media_type):
    # keyframes every 8 frames: sampling has to seek as well as read on
    # AVI cannot say when B-frames are shown
    path = write_video(tmp_path / name, numbered_frames(40), fps=10, g="8", bf="0" if name == "a.avi" else "2")
    with Video(path) as video:
        assert video.facts.media_type == media_type
        assert video.facts.duration_s == pytest.approx(4.0, abs=0.11)
        assert video.sample_times(4) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.101)
        frames = list(video.sample_frames(4))
        assert [frame.time_s for frame in frames] == pytest.approx(video.sample_times(4))
    # what is decoded is what was on screen at that time
    assert [round(frame.image.mean() / 5) for frame in frames] == [round(frame.time_s * 10) for frame in frames]


def test_every_frame_comes_once_when_fewer_than_asked(tmp_path):
    path = write_video(tmp_path / "short.mp4", numbered_frames(5))
    assert levels(path, 32) == [0, 1, 2, 3, 4]


def test_variable_frame_rate_is_sampled_by_time(tmp_path):
    # 20 frames in the first second, then 4 in the next four: half of the time has few frames
    times = [index / 20 for index in range(20)] + [1, 2, 3, 4]
    path = write_video(tmp_path / "variable.mp4", numbered_frames(24), times_s=times)
    with Video(path) as video:
        chosen = [frame.time_s for frame in video.sample_frames(4)]
    assert sum(time < 1 for time in chosen) <= 1
    assert chosen[-1] >= 3


def test_rotation_metadata_is_applied(tmp_path):
    path = write_video(
        tmp_path / "turned.mp4", [np.vstack([np.full((24, 64, 3), 250), np.zeros((24, 64, 3))]).astype(np.uint8)] * 3
    )
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40  # version 0: the display matrix follows 40 bytes of times, sizes and layers
    turn_90 = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000]
    data[matrix : matrix + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in turn_90)
    path.write_bytes(data)
    with Video(path) as video:
        assert (video.facts.width_px, video.facts.height_px) == (48, 64)
        image = next(video.sample_frames(1)).image
    assert image.shape == (64, 48, 3)
    # the display matrix turns clockwise: the bright upper half comes to lie on the right
    assert image[:, 36:].mean() > 200 and image[:, :12].mean() < 50


def test_truncated_film_gives_the_frames_that_are_left(tmp_path):
    noise = np.random.default_rng(0)
    frames = [noise.integers(0, 255, (48, 64, 3)).astype(np.uint8) for _ in range(40)]
    path = write_video(tmp_path / "cut.mp4", frames, fps=10, faststart=True, g="5")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    with Video(path) as video:
        times = [frame.time_s for frame in video.sample_frames(8)]
    assert times == sorted(times)
    assert 3 <= len(times) <= 8 and times[-1] < 3.2


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.ts", "a.flv"])
@pytest.mark.parametrize("keyframe_every", ["8", "250"])
@pytest.mark.parametrize("count", [13, 42])
def test_every_sample_is_found_in_every_container(tmp_path, name, keyframe_every, count):
    # With B-frames a keyframe is decoded before it is shown. A seek to the time it is shown lands behind it where
    # the container has no index (TS, FLV).
    path = write_video(tmp_path / name, numbered_frames(42), fps=10, g=keyframe_every, bf="3")
    with Video(path) as video:
        times = video.sample_times(count)
        frames = list(video.sample_frames(count))
    assert len(times) == count
    assert [frame.time_s for frame in frames] == pytest.approx(times)
    assert [round(frame.image.mean() / 5) for frame in frames] == [round(time * 10) for time in times]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.ts", "a.flv"])
def test_decoding_starts_at_the_keyframe_itself_not_at_the_one_before(tmp_path, name):
    path = write_video(tmp_path / name, numbered_frames(42), fps=10, g="8", bf="3")
    with Video(path) as video:
        assert [
            next(video._decoder.frames_from(stamp))[0] for stamp in video._index.keyframes
        ] == video._index.keyframes


def test_every_frame_of_a_variable_frame_rate_comes_once_when_fewer_than_asked(tmp_path):
    times = [index / 20 for index in range(20)] + [1, 2, 3, 4]
    path = write_video(tmp_path / "variable.mp4", numbered_frames(24), times_s=times)
    assert levels(path, 32) == list(range(24))


@pytest.mark.parametrize(
    ("matrix", "bright"),
    [((-1, 0, 0, -1), (slice(28, 44), slice(4, 60))), ((0, -1, 1, 0), (slice(4, 60), slice(4, 20)))],
    ids=["180", "270"],
)
def test_rotation_by_180_and_270_degrees(tmp_path, matrix, bright):
    upper_half = np.vstack([np.full((24, 64, 3), 250), np.zeros((24, 64, 3))]).astype(np.uint8)
    path = write_video(tmp_path / "turned.mp4", [upper_half] * 3)
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value * 0x10000 for value in matrix)
    data[start : start + 36] = b"".join(
        value.to_bytes(4, "big", signed=True) for value in (a, b, 0, c, d, 0, 0, 0, 0x40000000)
    )
    path.write_bytes(data)
    with Video(path) as video:
        image = next(video.sample_frames(1)).image
    assert image[bright].mean() > 200
    assert image.mean() == pytest.approx(125, abs=8)  # the other half is black


def test_limit_on_uploads_does_not_bind_a_data_set(tmp_path, monkeypatch):
    # half of the raw videos of FaceForensics++ are larger
    path = write_video(tmp_path / "clip.mp4", [astronaut()] * 2, fps=2)
    size = path.stat().st_size
    with pytest.raises(MediaError, match="larger than"):
        Video(path, max_bytes=size - 1)
    with Video(path, max_bytes=None) as video:
        assert video.frame_count == 2


@pytest.mark.parametrize("number", [0, 1])
def test_pictures_larger_than_the_header_says_are_never_decoded(tmp_path, number):
    (tmp_path / "bomb.mov").write_bytes(movie_with(black_png(9000, 9000), number))
    with pytest.raises(MediaError, match="frames of the video are larger than 8K"):
        Video(tmp_path / "bomb.mov")


def test_video_of_too_many_packets_is_refused(tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(20))
    monkeypatch.setattr("detector.media.videos.frame_index.MAX_PACKETS", 19)
    with pytest.raises(MediaError, match="million frames and pieces of sound"):
        Video(path)
    monkeypatch.setattr(
        "detector.media.videos.frame_index.MAX_PACKETS", 21
    )  # the last one is empty and ends the stream
    with Video(path) as video:
        assert video.frame_count == 20


def test_decoder_that_makes_nothing_of_many_packets_is_given_up(tmp_path, monkeypatch):
    data = bytearray(video_bytes("mov", "png", clip_frames(20, 32, 32), pixel_format="rgb24"))
    place = data.index(b"IEND")
    while (place := data.find(b"IHDR", place)) > 0:  # all pictures but the first lose their header
        data[place : place + 4] = b"xxxx"
    (tmp_path / "bad.mov").write_bytes(data)
    monkeypatch.setattr("detector.media.videos.decoder.MAX_LOST_PACKETS", 3)
    with Video(tmp_path / "bad.mov") as video:
        assert [frame.time_s for frame in video.sample_frames(20)] == [0.0]
        assert list(map(str, video.problems())) == ["The file is damaged: only 1 of 20 frames could be decoded."]
        # each keyframe is tried and given up after three packets, not after all that follow it
        assert video.damaged_frames <= 3 * 20


def test_index_that_names_more_frames_than_there_are_bytes_is_refused(tmp_path):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(20))
    data = path.read_bytes()
    for box, place, value in ((b"stsz", 4, 1), (b"stsz", 8, 2_000_000), (b"stts", 8, 2_000_000)):
        data = patched(data, box, place, value)  # two million frames of one byte
    path.write_bytes(data)
    with pytest.raises(MediaError, match="more frames than the file has bytes"):
        Video(path)


@pytest.mark.parametrize(
    ("format", "codec", "length_s"), [("mov", "png", 0.1), ("asf", "wmv2", 0.0)], ids=["stated", "not stated"]
)
def test_single_frame_is_sampled_whether_or_not_its_length_is_stated(tmp_path, format, codec, length_s):
    pixel_format = "rgb24" if codec == "png" else "yuv420p"
    (tmp_path / "one").write_bytes(video_bytes(format, codec, clip_frames(1), pixel_format=pixel_format))
    with Video(tmp_path / "one") as video:
        assert video.facts.duration_s == pytest.approx(length_s, abs=1e-3)
        assert [frame.time_s for frame in video.sample_frames(4)] == [0.0]


def test_only_facts_cost_reading_all_of_the_file(tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(8))
    hashed = []
    monkeypatch.setattr(video_module, "file_sha256", lambda file: hashed.append(file) or "0a1b")
    with Video(path) as video:
        assert (len(list(video.sample_frames(4))), video.size_px, hashed) == (4, (64, 48), [])
        assert {video.facts.sha256, video.facts.sha256} == {"0a1b"} and hashed == [path]
    with Video(path, sha256="2c3d") as video:
        assert (video.facts.sha256, hashed) == ("2c3d", [path])


def without_start(source, target, skipped):
    """Copies a video without its first packets, as one who tunes in later records it."""
    with av.open(str(source)) as container, av.open(str(target), "w") as copy:
        stream = copy.add_stream_from_template(container.streams.video[0])
        for number, packet in enumerate(container.demux(container.streams.video[0])):
            if number >= skipped and packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    return target


@pytest.mark.parametrize("ending", ["ts", "mkv"])
def test_clip_without_a_keyframe_is_told_from_a_damaged_one(tmp_path, ending):
    whole = write_video(tmp_path / "whole.mkv", numbered_frames(20), g="250")
    with pytest.raises(MediaError, match="no keyframe"):
        Video(without_start(whole, tmp_path / f"late.{ending}", 1))


@pytest.mark.parametrize("ending", ["ts", "mkv"])
def test_recording_that_begins_between_keyframes_says_what_is_lost(tmp_path, ending):
    whole = write_video(tmp_path / "whole.mkv", numbered_frames(50), g="25", bf="0", sc_threshold="0")
    with Video(without_start(whole, tmp_path / f"late.{ending}", 3)) as video:
        assert (video.frame_count, video.duration_s) == (25, pytest.approx(1, abs=0.01))
        assert [round(frame.image.mean() / 5) for frame in video.sample_frames(5)] == [27, 32, 37, 42, 47]
        said = [str(problem) for problem in video.problems()]
    assert said == ["The video begins in the middle of a recording: its first 0.9 s cannot be decoded."]


def test_samples_that_show_nothing_new_are_counted(tmp_path):
    # ten frames, then a still of nine seconds
    path = write_video(tmp_path / "still.mp4", numbered_frames(11), times_s=[*(n / 10 for n in range(10)), 9.9])
    end = list(read_media(str(path), "video", 8, True, "0a1b", False))[-1]
    assert list(map(str, end.problems)) == [
        "Only 2 frames were looked at, not 8: in some parts of the video no new frame is shown."
    ]


def test_frames_are_freed_without_waiting_for_the_garbage_collector(tmp_path):
    # some 12 MB each in a clip of 4K; PyAV ties a frame to its side data in a circle
    def frames_in_memory() -> int:  # not all that waits: threads of other tests may have left something
        return sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())

    path = write_video(tmp_path / "clip.mp4", numbered_frames(40))
    gc.collect()
    before = frames_in_memory()
    gc.disable()
    try:
        with Video(path) as video:
            assert len(list(video.sample_frames(40))) == 40
        assert frames_in_memory() - before < 4
    finally:
        gc.enable()


def test_frames_that_do_not_come_are_no_damage_where_the_decoder_finds_none(tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(20), bf="0")
    decoded = Decoder.frames_from
    # as where two packets make one frame
    monkeypatch.setattr(Decoder, "frames_from", lambda *arguments: islice(decoded(*arguments), 0, None, 2))
    with Video(path) as video:
        assert len(list(video.sample_frames(20))) == 10
        assert list(map(str, video.problems())) == ["Only 10 of 20 frames could be decoded."]
