import numpy as np
import pytest
from PIL import Image

from detector.errors import MediaError, NotAVideoError
from detector.media import files
from detector.media.clips import open_clip
from detector.media.photos import animations
from detector.media.photos.animations import Animation, says_animated
from detector.media.photos.images import FEW_COLOURS, Photo
from detector.media.photos.profiles import BROKEN_PROFILE
from detector.media.reading import ClipStart, read_media
from detector.media.videos.video import Video
from tests.made_media.moving_photos import ANIMATIONS, write_animation
from tests.media_factory import astronaut, numbered_frames, write_video

KINDS = list(ANIMATIONS)


def levels(frames):
    """The numbers that `numbered_frames` wrote as grey levels."""
    return [round(frame.image.mean() / 5) for frame in frames]


def said(animation):
    """All but what every GIF is said."""
    return [str(problem) for problem in animation.problems() if problem != FEW_COLOURS]


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_shown_when_a_browser_shows_them(tmp_path, kind):
    # zero and 10 ms are shown for 100 ms
    path = write_animation(tmp_path / "a", kind, numbered_frames(10), [40, 100, 0, 10, 20, 60, 60, 60, 60, 500])
    with Animation(path) as animation:
        starts = [0, 0.04, 0.14, 0.24, 0.34, 0.36, 0.42, 0.48, 0.54, 0.6]
        assert animation.frame_times == pytest.approx(starts) and animation.duration_s == pytest.approx(1.1)
        assert (animation.frame_count, animation.size_px, said(animation)) == (10, (64, 48), [])
        assert animation.facts.media_type == f"image/{kind.lower()}" and animation.facts.duration_s == pytest.approx(
            1.1
        )
        assert levels(animation.frames_at(animation.frame_times)) == list(range(10))
        # the second half of the time shows the last frame
        assert levels(animation.sample_frames(4)) == [1, 5, 9]
        assert levels(animation.frames_at([0.35, 0.05, 0.06, 99])) == [1, 4, 9]
        assert animation.sample_times(2, span_s=0.2) == pytest.approx([0.04, 0.14])
        assert animation.near_times(99) == animation.frame_times


@pytest.mark.parametrize("kind", KINDS)
def test_colours_are_those_of_the_frames(tmp_path, kind):
    frames = [np.roll(astronaut()[::4, ::4], 3 * step, axis=1) for step in range(3)]
    with Animation(write_animation(tmp_path / "a", kind, frames, [50] * 3)) as animation:
        for frame, original in zip(animation.sample_frames(3), frames, strict=True):
            off = np.abs(frame.image.astype(int) - original)
            assert off.mean() < {"GIF": 6, "AVIF": 4}.get(kind, 0.01)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_transparency_is_laid_on_white_in_every_frame(tmp_path, kind):
    clear = np.zeros((40, 40, 4), np.uint8)
    clear[0, 0] = clear[39, 39] = 255  # or the encoder cuts the frames to what is not clear
    frames = []
    for place in (0, 20):
        frames.append(clear.copy())
        frames[-1][:20, place : place + 20] = (200, 0, 0, 255)
    write_animation(tmp_path / "a", kind, frames, [50, 50], disposal=2 if kind == "GIF" else 1)
    with Animation(tmp_path / "a") as animation:
        first, second = (frame.image for frame in animation.sample_frames(2))
    assert first[10, 10].tolist() == second[10, 30].tolist() == [200, 0, 0]
    assert first[10, 30].tolist() == second[10, 10].tolist() == second[30, 30].tolist() == [255, 255, 255]


def test_orientation_is_applied_to_every_frame(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    frames = [np.ascontiguousarray(np.rot90(astronaut()[step : step + 64, :96])) for step in (0, 200)]
    write_animation(tmp_path / "a.png", "PNG", frames, [50, 50], exif=exif)
    with Animation(tmp_path / "a.png") as animation:
        assert animation.size_px == (96, 64)
        for frame, step in zip(animation.sample_frames(2), (0, 200), strict=True):
            assert np.array_equal(frame.image, astronaut()[step : step + 64, :96])


def test_frame_that_reaches_beyond_the_first_is_cut_to_its_size(tmp_path):
    path = write_animation(tmp_path / "a.gif", "GIF", numbered_frames(3), [50] * 3)
    data = bytearray(path.read_bytes())
    # the place of the third frame: Pillow lets the picture grow
    places = [at for at in range(len(data)) if data[at : at + 9] == b"\x2c\0\0\0\0\x40\0\x30\0"]
    data[places[2] + 1] = 9
    path.write_bytes(data)
    with Animation(path) as animation:
        assert [frame.image.shape for frame in animation.sample_frames(3)] == [(48, 64, 3)] * 3


def test_still_picture_of_an_apng_that_is_no_frame_of_it_is_named(tmp_path):
    path = write_animation(tmp_path / "a.png", "PNG", numbered_frames(3), [50, 50, 50], default_image=True)
    with open_clip(path) as animation:
        assert levels(animation.sample_frames(9)) == [1, 2]
        assert said(animation) == ["The animation holds a picture that only some programs show; it was not looked at."]


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_frames_before_a_damaged_one_are_used(tmp_path, kind):
    noise = np.random.default_rng(0)
    frames = [noise.integers(0, 255, (48, 64, 3)).astype(np.uint8) for _ in range(10)]
    path = write_animation(tmp_path / "a", kind, frames, [100] * 10)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.65)])
    with Animation(path) as animation:
        assert len(list(animation.sample_frames(32))) == animation.frame_count == 6
        assert animation.damaged_frames == 1
        assert said(animation) == [
            "The file is damaged: only the first 6 frames of the animation, 0.6 s, could be decoded."
        ]


@pytest.mark.parametrize("kind", KINDS)
def test_long_animation_is_read_up_to_a_limit_and_that_is_said(tmp_path, kind, monkeypatch):
    path = write_animation(tmp_path / "a", kind, numbered_frames(9), [100] * 9)
    for limit, value in (("MAX_ANIMATION_FRAMES", 4), ("MAX_ANIMATION_PIXELS", 4 * 64 * 48 + 1)):
        with monkeypatch.context() as patch:
            patch.setattr(animations, limit, value)
            with Animation(path) as animation:
                assert levels(animation.sample_frames(32)) == [0, 1, 2, 3]
                assert said(animation) == [
                    "The animation is too long: only its first 4 frames, 0.4 s, were read, not what comes after."
                ]
    monkeypatch.setattr(animations, "MAX_ANIMATION_FRAMES", 9)
    with Animation(path) as animation:
        assert (animation.frame_count, said(animation)) == (9, [])


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_damaged_first_frame_is_one_sentence(tmp_path, kind):
    coloured = [astronaut()[:48, :64], astronaut()[48:96, :64]]
    path = write_animation(tmp_path / "a", kind, coloured, [100, 100])
    data = bytearray(path.read_bytes())
    place = data.index(b"IDAT") + 8 if kind == "PNG" else data.index(b"\x2c\0\0\0\0\x40\0\x30\0") + 12
    data[place : place + 400] = b"\xff" * 400
    path.write_bytes(data)
    with pytest.raises(MediaError, match="damaged or cut off"):
        list(read_media(str(path), "any", 32, False, "", False))


def test_animation_larger_than_8k_is_refused(tmp_path, monkeypatch):
    path = write_animation(tmp_path / "a", "PNG", numbered_frames(2), [100] * 2)
    monkeypatch.setattr(files, "MAX_VIDEO_PIXELS", 64 * 48 - 1)
    with pytest.raises(MediaError, match="64 x 48 pixels a frame"):
        Animation(path)


@pytest.mark.parametrize("kind", KINDS)
def test_either_door_gives_the_same_clip(tmp_path, kind):
    path = write_animation(tmp_path / "a", kind, numbered_frames(3), [100] * 3)
    answers = [list(read_media(str(path), door, 32, False, "", False)) for door in ("photo", "video", "any")]
    for start, *frames, _end in answers:
        assert isinstance(start, ClipStart) and start.facts == answers[0][0].facts
        assert levels(frames) == [0, 1, 2]


def test_animation_with_one_frame_is_a_photo(tmp_path):
    Image.fromarray(astronaut()[:64]).save(tmp_path / "one.gif")
    Image.fromarray(astronaut()[:64]).save(tmp_path / "one.png", save_all=True, default_image=False)
    cut = write_animation(tmp_path / "cut.gif", "GIF", [astronaut()[:64], astronaut()[64:128]], [100, 100])
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 3 // 4])
    found = {}
    for name in ("one.gif", "one.png", "cut.gif"):
        photo, end = read_media(str(tmp_path / name), "any", 32, False, "", False)
        assert isinstance(photo, Photo) and photo.facts.duration_s is None
        found[name] = list(map(str, end.problems))
        with pytest.raises(NotAVideoError):
            list(read_media(str(tmp_path / name), "video", 32, False, "", False))
    damaged = "The file is damaged: only the first frame of the animation could be decoded."
    few = str(FEW_COLOURS)
    assert found == {"one.gif": [few], "one.png": [], "cut.gif": [few, damaged]}


@pytest.mark.parametrize("kind", KINDS)
def test_few_colours_are_named(tmp_path, kind):
    coloured = [astronaut()[:48, :64], astronaut()[48:96, :64]]
    with Animation(write_animation(tmp_path / "a", kind, coloured, [100, 100])) as animation:
        assert animation.problems() == ([FEW_COLOURS] if kind == "GIF" else [])


@pytest.mark.parametrize("kind", KINDS)
def test_number_that_an_animation_does_not_have_is_one_sentence(tmp_path, kind):
    path = write_animation(tmp_path / "a", kind, numbered_frames(3), [100] * 3)
    with pytest.raises(MediaError, match="no number 2"):
        list(read_media(str(path), "any", 32, False, "", False, 2))


def test_what_moves_is_told_by_content(tmp_path):
    write_video(tmp_path / "film.mp4", numbered_frames(3)).rename(tmp_path / "film.gif")
    assert not says_animated(tmp_path / "film.gif")
    with open_clip(tmp_path / "film.gif") as clip:
        assert isinstance(clip, Video)


def test_colours_of_a_profile_are_converted_and_a_broken_one_is_named(tmp_path):
    frames = [astronaut()[:48, :64], astronaut()[48:96, :64]]
    path = write_animation(tmp_path / "a.png", "PNG", frames, [100, 100], icc_profile=b"no profile" * 20)
    with Animation(path) as animation:
        assert np.array_equal(next(animation.frames_at([0.1])).image, frames[1])
        assert animation.problems() == [BROKEN_PROFILE]


def test_wide_colours_of_an_animated_avif_are_converted(tmp_path):
    frames = [np.full((48, 64, 3), (200, level, 60), np.uint8) for level in (80, 90)]
    path = write_animation(tmp_path / "a.avif", "AVIF", frames, [100, 100])
    data = bytearray(path.read_bytes())
    place, count = 0, 0
    while (place := data.find(b"nclx", place + 1)) > 0:
        data[place + 4 : place + 6] = (12).to_bytes(2, "big")  # Display P3
        count += 1
    assert count
    (tmp_path / "wide.avif").write_bytes(data)
    with Animation(path) as plain, Animation(tmp_path / "wide.avif") as wide:
        for a, b in zip(plain.sample_frames(2), wide.sample_frames(2), strict=True):
            assert b.image[20, 20, 0] > a.image[20, 20, 0] + 8
