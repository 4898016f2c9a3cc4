"""What of a clip tells how it was encoded."""

import av
import numpy as np
import pytest
from PIL import Image

from detector.errors import MediaError, NotAVideoError
from detector.media.forensics.clip_facts import Gap, frame_times, read_clip_facts
from detector.media.forensics.clip_marks import Mark
from detector.media.forensics.examine import examine_clip, examine_photo
from tests.made_media.moving_photos import motion_photo
from tests.media_factory import numbered_frames, write_video


def test_groups_rate_and_encoder_of_a_clip_are_told(tmp_path):
    options = {"g": "10", "bf": "2", "sc_threshold": "0", "x264-params": "b-adapt=0:scenecut=0"}
    facts = read_clip_facts(write_video(tmp_path / "v.mp4", numbered_frames(30), **options))
    assert facts.codec == "H.264 (AVC), High, yuv420p" and facts.bits_per_s > 1000
    assert (facts.times.frames, round(facts.times.per_s, 3), facts.times.is_constant) == (30, 25.0, True)
    groups = facts.groups
    assert groups.keyframes == 3 and groups.has_b_frames and groups.pattern.startswith("IBBPBBP")
    assert (groups.shortest_frames, groups.median_frames, groups.longest_frames) == (10, 10, 10)
    assert groups.median_s == pytest.approx(0.4) and len(groups.pattern) <= 10
    marks = [(mark.maker, mark.value.split()[0]) for mark in facts.marks]
    assert ("converter", "x264") in marks and ("converter", "encoder:") in marks


def test_clip_without_frames_that_refer_to_later_ones_has_none(tmp_path):
    facts = read_clip_facts(write_video(tmp_path / "v.mkv", numbered_frames(6), bf="0", g="100"))
    groups = facts.groups
    assert not groups.has_b_frames and groups.pattern == "IPPPPP"
    assert (groups.keyframes, groups.median_frames) == (1, 0)


def test_rate_that_varies_and_a_gap_are_told(tmp_path):
    times_s = [0.0, 0.04, 0.08, 0.12, 0.15, 0.2, 1.2, 1.24, 1.28]
    times = read_clip_facts(write_video(tmp_path / "v.mp4", numbered_frames(9), times_s=times_s)).times
    assert not times.is_constant and times.gap_count == 1
    assert times.gaps == (Gap(pytest.approx(0.2), pytest.approx(1.0)),)


def test_stamps_that_a_container_rounds_count_as_constant():
    assert frame_times([round(1000 * number / 30) for number in range(60)], 0.001).is_constant
    assert frame_times([7], 0.001).per_s == 0


def test_longest_gaps_come_in_order_of_time():
    stamps = np.cumsum([1] * 5 + [50, 1, 20, 1, 30, 1, 40, 1, 60, 1, 25, 1]).tolist()
    found = frame_times(stamps, 0.04)
    assert found.gap_count == 6 and [round(gap.duration_s / 0.04) for gap in found.gaps] == [50, 30, 40, 60, 25]


def test_device_editor_and_time_are_read_from_tags(tmp_path):
    with av.open(str(tmp_path / "v.mov"), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata["com.apple.quicktime.make"] = "Apple\u202e"
        container.metadata["com.apple.quicktime.creationdate"] = "2026-01-02T03:04:05-0800"
        container.metadata["creation_time"] = "2026-01-02T11:04:05.000000Z"
        container.metadata["description"] = "Made with Adobe Premiere"
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for image in numbered_frames(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")))
        container.mux(stream.encode())
    facts = read_clip_facts(tmp_path / "v.mov")
    assert Mark("camera", "com.apple.quicktime.make: Apple\N{REPLACEMENT CHARACTER}") in facts.marks
    assert Mark("editor", "description: Made with Adobe Premiere") in facts.marks
    assert "2026-01-02T03:04:05-0800" in facts.created and facts.codec.startswith("MPEG-4 Part 2")


def test_film_behind_a_photo_and_the_photo_have_traces_of_their_own(tmp_path):
    film = write_video(tmp_path / "v.mp4", numbered_frames(6)).read_bytes()
    (tmp_path / "motion.jpg").write_bytes(motion_photo("google", film))
    (facts,) = examine_clip(str(tmp_path / "motion.jpg"), False, item=2)
    assert facts.times.frames == 6
    (photo,) = examine_photo(str(tmp_path / "motion.jpg"), False)
    assert photo.jpeg.has_standard_tables


def test_animation_and_what_is_no_video_are_refused_in_plain_words(tmp_path):
    frames = [Image.fromarray(image) for image in numbered_frames(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(MediaError, match="no codec"):
        list(examine_clip(str(tmp_path / "a.gif"), False))
    (tmp_path / "a.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(NotAVideoError, match="not a video that can be read"):
        list(examine_clip(str(tmp_path / "a.mp4"), False))
