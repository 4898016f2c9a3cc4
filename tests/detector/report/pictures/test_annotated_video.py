"""The copy of a clip that is watched: what a player gets, and what is drawn where."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from detector.errors import MediaError
from detector.facts import ModelInfo, Thresholds
from detector.media.videos.video import Video
from detector.report.pictures import annotated_video
from detector.report.pictures.annotated_video import write_annotated_video
from detector.report.pictures.motion import FaceMotion
from detector.results import SCHEMA_VERSION, Cut, FaceTrack, FrameScore, Result
from tests.hostile.videos import patched
from tests.media_factory import write_video

GREY = 128


def result_for(path, frames=(), cuts=()) -> Result:
    """A result with one face, seen in `frames` of ``(time_s, score, box_px)``."""
    with Video(path) as video:
        facts = video.facts
    scores = tuple(FrameScore(*frame) for frame in frames)
    faces = (FaceTrack(1, scores[0].box_px, 0.9, "manipulated", scores),) if scores else ()
    model = ModelInfo("test", "1", ("real", "fake"), Thresholds(0.2, 0.8))
    return Result(SCHEMA_VERSION, facts, model, "manipulated", 0.9, faces, (), 1, cuts=cuts)


def grey_video(path, width=320, height=240, count=20, fps=10, **options):
    return write_video(path, [np.full((height, width, 3), GREY, np.uint8)] * count, fps, **options)


def with_sound(path, clip, starts_s: float, length_s: float):
    """Adds a tone to a clip; the pictures are copied."""
    rate = 44_100
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        pictures = target.add_stream_from_template(source.streams.video[0], opaque=True)
        tone = target.add_stream("aac", rate=rate, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                target.mux(packet)
        samples = (0.5 * np.sin(np.arange(round(length_s * rate)) * 2 * np.pi * 440 / rate)).astype(np.float32)
        for start in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), round(starts_s * rate) + start
            target.mux(tone.encode(frame))
        target.mux(tone.encode())
    return path


def decoded(path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def drawn(picture: np.ndarray, height: int = 240) -> np.ndarray:
    """Where something was drawn above the strip."""
    return np.abs(picture[:height].astype(int) - GREY).max(axis=2) > 40


def test_a_browser_can_play_and_stream_it(tmp_path):
    path = grey_video(tmp_path / "in.mkv", 1366, 770)
    write_annotated_video(path, result_for(path), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        (stream,) = container.streams
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width % 2, stream.height % 2) == (0, 0)
        assert float(stream.duration * stream.time_base) == pytest.approx(2.0, abs=0.1)
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_large_clip_is_reduced_and_its_boxes_with_it(tmp_path):
    path = grey_video(tmp_path / "in.mp4", 1920, 1080, count=2)
    write_annotated_video(path, result_for(path, [(0.0, 0.9, (600, 300, 900, 600))]), tmp_path / "out.mp4")
    (_, picture), *_ = decoded(tmp_path / "out.mp4")
    assert max(picture.shape) <= 1280
    rows, _ = np.nonzero(drawn(picture, 700)[:, 500:])
    assert picture[300, 400].max() > 200 or picture[300, 399:402].max() > 200  # left side of the box, at 600 * 2 / 3
    assert rows.max() == pytest.approx(400, abs=5)


def test_box_is_at_its_place_in_a_sampled_frame_and_half_way_between_two(tmp_path):
    path = grey_video(tmp_path / "in.mp4")
    frames = [(0.0, 0.9, (100, 80, 160, 160)), (1.0, 0.9, (140, 80, 200, 160)), (1.9, 0.9, (140, 80, 200, 160))]
    write_annotated_video(path, result_for(path, frames), tmp_path / "out.mp4")
    pictures = dict(decoded(tmp_path / "out.mp4"))
    for time_s, left in ((0.0, 100), (0.5, 120), (1.0, 140)):
        row = drawn(pictures[time_s])[120]
        assert np.flatnonzero(row)[[0, -1]] == pytest.approx([left, left + 60], abs=3)


def test_bands_differ_by_their_lines(tmp_path):
    path = grey_video(tmp_path / "in.mp4", count=1)
    shares = []
    for score in (0.9, 0.5, 0.1):
        write_annotated_video(path, result_for(path, [(0.0, score, (100, 80, 200, 180))]), tmp_path / "out.mp4")
        ((_, picture),) = decoded(tmp_path / "out.mp4")
        shares.append(drawn(picture)[80:181, 98:103].any(axis=1).mean())
    assert shares == pytest.approx([1, 0.75, 0.43], abs=0.05)


def test_times_of_a_variable_frame_rate_are_kept(tmp_path):
    times_s = [0, 0.1, 0.2, 1.0, 1.5]
    path = grey_video(tmp_path / "in.mp4", count=5, times_s=times_s)
    write_annotated_video(path, result_for(path), tmp_path / "out.mp4")
    assert [time_s for time_s, _ in decoded(tmp_path / "out.mp4")] == pytest.approx(times_s, abs=1e-3)


def test_rotation_is_applied(tmp_path):
    frame = np.zeros((240, 320, 3), np.uint8)
    frame[:, :160] = 255
    path = write_video(tmp_path / "flat.mp4", [frame] * 2, fps=10)
    with av.open(str(path)) as source, av.open(str(tmp_path / "turned.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
        stream.set_display_rotation(90)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    path = tmp_path / "turned.mp4"
    write_annotated_video(path, result_for(path), tmp_path / "out.mp4")
    with Video(path) as video:
        expected = next(video.frames_at([0.0])).image
    (_, picture), *_ = decoded(tmp_path / "out.mp4")
    assert expected.shape == (320, 240, 3)
    assert picture.shape[1] == 240
    assert abs(picture[:300].astype(int) - expected[:300]).mean() < 5


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_that_starts_later_stays_in_step(tmp_path, suffix):
    path = with_sound(tmp_path / f"in.{suffix}", grey_video(tmp_path / "silent.mp4"), starts_s=0.5, length_s=1.4)
    write_annotated_video(path, result_for(path), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == "aac"
        assert float(stream.duration * stream.time_base) == pytest.approx(1.9, abs=0.06)
        heard = [(frame.time, np.abs(frame.to_ndarray()).max()) for frame in container.decode(audio=0)]
    assert next(time_s for time_s, loudness in heard if loudness > 0.2) == pytest.approx(0.5, abs=0.05)


def test_stopped_writing_leaves_nothing_behind(tmp_path):
    class Stopped(Exception):
        pass

    def stop(share, doing):
        if share > 0.4:
            raise Stopped

    path = grey_video(tmp_path / "in.mp4")
    with pytest.raises(Stopped):
        write_annotated_video(path, result_for(path), tmp_path / "out.mp4", progress=stop)
    assert [file.name for file in tmp_path.iterdir()] == ["in.mp4"]


def test_progress_ends_at_one(tmp_path):
    path = grey_video(tmp_path / "in.mp4")
    shares = []
    write_annotated_video(path, result_for(path), tmp_path / "out.mp4", lambda share, doing: shares.append(share))
    assert shares == pytest.approx([0, 0.5, 1])


def test_long_clip_and_result_of_another_file_are_refused(tmp_path, monkeypatch):
    path = grey_video(tmp_path / "in.mp4")
    result = result_for(path)
    with pytest.raises(MediaError, match="another file"):
        write_annotated_video(path, replace(result, file=replace(result.file, sha256="0")), tmp_path / "out.mp4")
    monkeypatch.setattr(annotated_video, "MAX_ANNOTATED_S", 1)
    with pytest.raises(MediaError, match="cut out the part"):
        next(annotated_video.annotate(path, result, tmp_path / "out.mp4"))
    assert not (tmp_path / "out.mp4").exists()


def test_clip_is_never_overwritten(tmp_path):
    path = grey_video(tmp_path / "in.mp4")
    with pytest.raises(ValueError, match="replace the clip"):
        write_annotated_video(path, result_for(path), path)


def test_no_box_across_a_cut_or_where_the_face_was_missed_for_long(tmp_path):
    path = grey_video(tmp_path / "in.mp4", count=2)
    box, other = (0, 0, 50, 50), (40, 0, 90, 50)
    # one sample a second; two are missed before 5 s, three before 9 s, and a cut lies between 9 and 10 s
    times_s = (0, 1, 2, 5, 9, 10, 11)
    frames = [(time_s, 0.9, box if number % 2 else other) for number, time_s in enumerate(times_s)]
    motion = FaceMotion(result_for(path, frames, cuts=(Cut(9, 10),)))
    assert [len(motion.at(time_s)) for time_s in (0.5, 3.5, 7, 9.2, 9.5, 9.9, 10.5, 11.2, 11.5)] == [
        1,
        1,
        0,
        1,
        0,
        1,
        1,
        1,
        0,
    ]
    assert motion.at(0.25)[0].box_px == (30, 0, 80, 50)


def test_score_is_that_of_the_nearest_sample(tmp_path):
    path = grey_video(tmp_path / "in.mp4", count=2)
    motion = FaceMotion(result_for(path, [(0, 0.1, (0, 0, 9, 9)), (1, 0.9, (0, 0, 9, 9))]))
    assert [motion.at(time_s)[0].score for time_s in (0, 0.4, 0.6, 1)] == [0.1, 0.1, 0.9, 0.9]


def test_frames_nearer_together_than_its_clock_tells_all_keep_their_turn(tmp_path):
    path = grey_video(tmp_path / "in.mp4", 64, 64, count=6)
    # 10 frames a second become billions
    path.write_bytes(patched(path.read_bytes(), b"mdhd", 12, 2**31 - 1))
    write_annotated_video(path, result_for(path), tmp_path / "out.mp4")
    times = [time_s for time_s, _ in decoded(tmp_path / "out.mp4")]
    assert len(times) == 6 and times == sorted(set(times)) and times[-1] < 0.01


def test_words_in_the_picture_are_in_the_language_of_the_reader(tmp_path):
    path = grey_video(tmp_path / "in.mp4", count=1)
    for language in ("en", "es"):
        write_annotated_video(path, result_for(path), tmp_path / f"{language}.mp4", language=language)
    english, spanish = (decoded(tmp_path / f"{language}.mp4")[0][1] for language in ("en", "es"))
    assert not np.array_equal(english[240:], spanish[240:])
    assert np.abs(english[:200].astype(int) - spanish[:200]).max() < 5  # the picture itself is the same
