from contextlib import ExitStack
from fractions import Fraction

import pytest

from dataset_builder.extraction.instants import frames_at_instants, plan_instants
from dataset_builder.sources import SourceItem
from detector.media.videos.video import Video
from tests.media_factory import numbered_frames, write_video

FAKE = SourceItem("", "Deepfakes", "c23", "Deepfakes/000_001", "000", "001", ("000",))
SHORT = SourceItem("", "FaceSwap", "c23", "FaceSwap/000_001", "000", "001", ("000",))


@pytest.fixture
def opened(tmp_path):
    """Opens clips of so many numbered frames."""
    with ExitStack() as stack:

        def make(name: str, count: int, fps: int = 25) -> Video:
            path = write_video(tmp_path / f"{name}.mp4", numbered_frames(count), fps=fps, g="8")
            return stack.enter_context(Video(path))

        yield make


def test_fake_and_original_are_looked_at_in_the_same_instants(opened):
    instants = plan_instants(opened("real", 50), {FAKE: opened("fake", 50)}, 5, 5, 5)
    assert [instant.real_s for instant in instants] == pytest.approx([0.2, 0.6, 1.0, 1.4, 1.8])
    assert all(instant.fakes_s == {FAKE: instant.real_s} and not instant.is_extra for instant in instants)


def test_frames_correspond_by_number_where_the_frame_rates_differ(opened):
    real, fake = opened("real", 50, fps=25), opened("fake", 50, fps=20)
    for instant in plan_instants(real, {FAKE: fake}, 5, 5, 5):
        (in_real,) = frames_at_instants(real, {0: instant.real_s})
        (in_fake,) = frames_at_instants(fake, {0: instant.fakes_s[FAKE]})
        assert abs(int(in_real[1].image.mean()) - int(in_fake[1].image.mean())) <= 2  # the same grey: the same frame


def test_shorter_fake_is_sampled_over_its_own_length(opened):
    fakes = {FAKE: opened("fake", 50), SHORT: opened("short", 25)}
    instants = plan_instants(opened("real", 50), fakes, 5, 5, 5)
    assert [instant.real_s for instant in instants if SHORT in instant.fakes_s] == pytest.approx(
        [0.08, 0.28, 0.48, 0.68, 0.88]
    )
    assert [instant.real_s for instant in instants if FAKE in instant.fakes_s] == pytest.approx(
        [0.2, 0.6, 1.0, 1.4, 1.8]
    )


def test_frames_of_a_shorter_fake_correspond_by_number_though_its_rate_is_a_little_off(opened):
    # half a frame behind after 40 frames
    real, fake = opened("real", 51), opened("fake", 50, fps=Fraction(2476, 100))
    shared = [instant for instant in plan_instants(real, {FAKE: fake}, 50, 51, 50) if instant.fakes_s]
    assert len(shared) == 50
    assert all(round(each.fakes_s[FAKE] * 24.76) == round(each.real_s * 25) for each in shared)


def test_longer_fake_is_sampled_as_far_as_its_original_reaches(opened):
    instants = plan_instants(opened("real", 25), {FAKE: opened("fake", 50)}, 5, 5, 5)
    assert [instant.fakes_s[FAKE] for instant in instants] == pytest.approx([0.08, 0.28, 0.48, 0.68, 0.88])


def test_finer_grid_of_the_scarcer_class_holds_the_common_instants(opened):
    instants = plan_instants(opened("real", 48), {FAKE: opened("fake", 48)}, 4, 12, 4)
    assert len(instants) == 12
    common = [number for number, instant in enumerate(instants) if FAKE in instant.fakes_s]
    assert common == [1, 4, 7, 10]
    assert [number for number, instant in enumerate(instants) if not instant.is_extra] == common


def test_video_alone_is_sampled_evenly(opened):
    instants = plan_instants(opened("real", 50), {}, 2, 2, 2)
    assert [instant.real_s for instant in instants] == pytest.approx([0.48, 1.48], abs=0.03)


def test_each_frame_comes_with_the_number_of_its_instant(opened):
    found = list(frames_at_instants(opened("clip", 40), {7: 0.2, 3: 1.0, 9: 0.6}))
    assert [number for number, _ in found] == [7, 9, 3]
    assert [round(frame.image.mean() / 5) for _, frame in found] == [5, 15, 25]
