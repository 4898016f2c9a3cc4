"""Which frames of a clip are looked at where those that are decoded fastest will do."""

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.analyzer import Analyzer
from detector.media.videos.sampling import near_stamps
from detector.media.videos.video import Video
from tests.media_factory import texture, write_video
from tests.redness_model import portrait, redness_model


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=200),
    st.sets(st.integers(0, 199)),
    st.integers(1, 60),
    st.integers(-100, 100),
)
def test_each_part_gives_one_frame_of_its_own(lengths, keyframes, count, start):
    times = [start, *(start + np.cumsum(lengths[:-1]).astype(int)).tolist()]
    end = times[-1] + lengths[-1]
    chosen = near_stamps(times, [times[number] for number in sorted(keyframes) if number < len(times)], end, count)
    assert set(chosen) <= set(times) and chosen == sorted(set(chosen))
    if count >= len(times):
        assert chosen == times
    else:
        # of a part in which no frame begins the one on screen is taken, which lies in a part before
        parts = {(stamp - start) * count // (end - start) for stamp in times}
        assert parts <= {(stamp - start) * count // (end - start) for stamp in chosen}


def test_dense_keyframes_are_taken_and_sparse_ones_leave_the_middle():
    times = list(range(100))
    assert near_stamps(times, list(range(0, 100, 5)), 100, 4) == [10, 35, 60, 85]
    assert near_stamps(times, [0], 100, 4)[1:3] == [37, 62]


def test_part_before_a_keyframe_gives_its_first_frame():
    # parts of 10; keyframes at 0 and 25: what lies between 10 and 20 after the first frame need not be decoded
    assert near_stamps(list(range(40)), [0, 25], 40, 4) == [0, 10, 25, 30]


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """Frames that all differ, with frames that no other refers to and a keyframe every 20."""
    scene = texture(480, 96)
    frames = [np.ascontiguousarray(scene[:, 3 * step : 3 * step + 160]) for step in range(100)]
    return write_video(tmp_path_factory.mktemp("clip") / "moving.mp4", frames, bf="3", g="20", sc_threshold="0")


@pytest.mark.parametrize("count", [3, 8, 33, 100])
def test_frames_left_out_by_the_decoder_change_no_other(moving, count):
    with av.open(str(moving)) as container:
        all_frames = {round(frame.time, 3): frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)}
    with Video(moving) as video:
        for times in (video.sample_times(count), video.near_times(count)):
            found = list(video.frames_at(times))
            assert [frame.time_s for frame in found] == pytest.approx(times)
            assert all(np.array_equal(frame.image, all_frames[round(frame.time_s, 3)]) for frame in found)
        assert video.problems() == []


def test_result_says_which_instants_were_looked_at_and_how_they_were_chosen(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", [portrait()] * 40, fps=10, g="10", sc_threshold="0")
    analyzer = Analyzer(redness_model())
    near, exact = (analyzer.analyze_video(clip, 4, exact=exact).result for exact in (False, True))
    assert (near.sampling, exact.sampling) == ("near", "exact")
    assert [frame.time_s for frame in near.faces[0].frames] == [0.0, 1.0, 2.0, 3.0]
    assert [frame.time_s for frame in exact.faces[0].frames] == [0.5, 1.5, 2.5, 3.5]
