"""What is sampled of a clip is what playing it shows: container x sampling x oddity, against frames that tell their numbers."""

import numpy as np
import pytest

from detector.media.clips import open_clip
from tests.made_media.clips_of_all_kinds import ANIMATIONS, FPS, animation, clips, level_of


@pytest.mark.parametrize("number", range(len(clips())), ids=lambda number: clips()[number].name)
@pytest.mark.parametrize("sampling", ["near", "exact", "every frame"])
def test_samples_are_the_frames_that_playing_shows(tmp_path, number, sampling):
    clip = clips()[number]
    (tmp_path / clip.name).write_bytes(clip.data)
    played = clip.played()
    assert len(played) == clip.frames
    with open_clip(tmp_path / clip.name) as video:
        count = clip.frames if sampling == "every frame" else 7
        times = video.near_times(count) if sampling == "near" else video.sample_times(count)
        frames = list(video.frames_at(times))
        assert (video.frame_count, video.duration_s) == (clip.frames, pytest.approx(clip.frames / FPS, abs=0.002))
        assert video.problems() == []
    assert len(frames) == count and np.allclose([frame.time_s for frame in frames], times, atol=1e-6)
    on_screen = [played[round(frame.time_s * FPS)] for frame in frames]
    assert [level_of(frame.image) for frame in frames] == pytest.approx(on_screen, abs=1)
    if sampling == "exact":
        middles = [(2 * part + 1) / (2 * count) * clip.frames / FPS for part in range(count)]
        assert np.allclose(times, middles, atol=1.01 / FPS)


@pytest.mark.parametrize("ending", ANIMATIONS)
@pytest.mark.parametrize("sampling", ["near", "exact"])
def test_samples_of_an_animation_are_the_frames_that_a_browser_shows(tmp_path, ending, sampling):
    (tmp_path / "a").write_bytes(animation(ending, tmp_path))
    with open_clip(tmp_path / "a") as clip:
        times = clip.near_times(7) if sampling == "near" else clip.sample_times(7)
        frames = list(clip.frames_at(times))
        assert (clip.frame_count, clip.duration_s) == (24, pytest.approx(24 / FPS, abs=0.002))
    assert [level_of(frame.image) for frame in frames] == pytest.approx(
        [5 * frame.time_s * FPS for frame in frames], abs=2
    )
