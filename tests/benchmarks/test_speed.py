import av
import numpy as np
import pytest

from benchmarks import speed
from benchmarks.__main__ import table
from benchmarks.media import ClipKind, decode_all, make_clip, repeat_clip
from benchmarks.speed import ClipStages, Row, interleaved
from detector.media.videos.video import Video
from tests.redness_model import redness_model


@pytest.fixture(autouse=True)
def small_clips(monkeypatch):
    monkeypatch.setattr("benchmarks.media.CLIP_SIZE", (960, 800))  # a third of 1080p


def test_medians_leave_the_first_round_out(monkeypatch):
    moments = iter([0, 0, 1, 0, 2, 0, 9])
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(moments))
    assert interleaved({"work": lambda: None}, rounds=3) == {"work": 2}


def test_clip_has_the_keyframes_that_it_is_named_after_and_can_be_repeated(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", ClipKind(keyframe_every=15), frames=30)
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
    assert [packet.pts for packet in packets if packet.is_keyframe] == [packets[0].pts, packets[15].pts]
    long = repeat_clip(clip, tmp_path / "long.mp4", 3)
    assert decode_all(long) == 90
    with Video(long) as video:
        assert np.diff(video.frame_times).max() < 0.04


def test_table_tells_a_ratio_with_what_it_is_of():
    text = table([Row("a clip", 1.5, 2.0, "x decoding"), Row("memory", 0.0, 812, "MB at most"), Row("plain", 0.25)])
    assert "| a clip |   1.500 | 2.00 x decoding |" in text
    assert "| memory |         |  812 MB at most |" in text
    assert "| plain  |   0.250 |" in text


def test_stages_of_a_clip_are_measured(tmp_path):
    stages = ClipStages(redness_model())
    stages.analyze(make_clip(tmp_path / "clip.mp4", ClipKind(), frames=40), exact=False)
    assert set(stages.seconds) == {"detect", "classify, with saliency", "render"}
    assert all(seconds > 0 for seconds in stages.seconds.values())
