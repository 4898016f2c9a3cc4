import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from detector.errors import MediaError
from detector.facts import MediaItem
from detector.media.photos import motion_photos
from detector.media.photos.images import Photo
from detector.media.photos.live_photos import live_photo_identifier
from detector.media.photos.motion_photos import find_film
from detector.media.reading import ClipStart, frames_at, read_media
from tests.made_media.moving_photos import live_film, live_still, motion_photo
from tests.media_factory import astronaut, numbered_frames, write_video
from tests.redness_model import portrait

KINDS = ["google", "micro", "samsung", "heic"]
NAMED = "The photo holds a film of 0.8 s that was not assessed; choose it to have it assessed."
CANNOT_BE_READ = "The photo holds a film that was not assessed, because it cannot be read."


def answers(path, kind="any", item=0):
    return list(read_media(str(path), kind, 4, True, "", False, item))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return write_video(path, numbered_frames(20), faststart=True, g="8").read_bytes()


@pytest.fixture(scope="module", params=KINDS)
def path(request, tmp_path_factory, film):
    path = tmp_path_factory.mktemp("motion") / "motion.jpg"
    path.write_bytes(motion_photo(request.param, film))
    return path


def items(assessed):
    return [
        MediaItem(1, "photo", 200, 200, None, assessed == 1),
        MediaItem(2, "film", 64, 48, pytest.approx(0.8), assessed == 2),
    ]


def test_result_about_the_photo_names_the_film(path):
    photo, end = answers(path)
    assert isinstance(photo, Photo) and photo.facts.duration_s is None
    assert photo.items == items(assessed=1) and list(map(str, end.problems)) == [NAMED]
    assert np.abs(photo.image.astype(int) - portrait()).mean() < 6


@pytest.mark.parametrize(("kind", "item"), [("any", 2), ("photo", 2), ("video", 2), ("video", 0)])
def test_film_is_read_on_request_and_the_photo_is_named(path, kind, item):
    start, *frames, end = answers(path, kind, item)
    assert isinstance(start, ClipStart) and start.items == items(assessed=2)
    assert [round(frame.image.mean() / 5) for frame in frames] == [2, 7, 12, 17]
    assert (start.facts.width_px, start.facts.height_px, start.facts.duration_s) == (64, 48, pytest.approx(0.8))
    # the rest is about the file as it was received
    data = path.read_bytes()
    assert (start.facts.sha256, start.facts.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert start.facts.media_type in ("image/jpeg", "image/heic")
    assert list(map(str, end.problems)) == [
        "The file holds a photo that was not assessed; choose it to have it assessed."
    ]
    assert [frame.time_s for frame in frames_at(str(path), [0.3], item)] == pytest.approx([0.28])


def test_number_that_is_not_there_is_one_sentence(path):
    with pytest.raises(MediaError, match="no number 3"):
        answers(path, item=3)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_film_leaves_the_photo_as_it_is(tmp_path, film, kind):
    (tmp_path / "motion.jpg").write_bytes(motion_photo(kind, film[:40] + bytes(len(film) - 40)))
    photo, end = answers(tmp_path / "motion.jpg")
    assert isinstance(photo, Photo) and list(map(str, end.problems)) == [CANNOT_BE_READ]
    with pytest.raises(MediaError):
        answers(tmp_path / "motion.jpg", item=2)


def test_stated_length_is_used_where_a_film_begins_there_and_nowhere_else(tmp_path, film):
    data = motion_photo("google", film)
    (tmp_path / "motion.jpg").write_bytes(data)
    assert find_film(tmp_path / "motion.jpg") == (len(data) - len(film), len(film))
    # a wrong length, and a film that it does not name
    (tmp_path / "motion.jpg").write_bytes(data + b"\0" * 7)
    assert find_film(tmp_path / "motion.jpg") == (len(data) - len(film), len(film) + 7)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF", "AVIF"])
def test_photo_alone_holds_no_film(tmp_path, kind):
    Image.fromarray(astronaut()[:64, :64]).save(tmp_path / "photo", kind)
    photo, end = answers(tmp_path / "photo", item=1)
    assert (photo.items, end.problems) == ([], [])
    # the start of a photo in a photo is none of a film
    (tmp_path / "photo").write_bytes((tmp_path / "photo").read_bytes() * 2)
    assert find_film(tmp_path / "photo") is None
    with pytest.raises(MediaError, match="no number 2"):
        answers(tmp_path / "photo", item=2)


def test_file_of_nothing_but_starts_is_given_up(tmp_path, film, monkeypatch):
    stream = io.BytesIO()
    Image.fromarray(astronaut()[:64, :64]).save(stream, "JPEG")
    (tmp_path / "motion.jpg").write_bytes(stream.getvalue() + b"ftyp" * 9 + film)
    monkeypatch.setattr(motion_photos, "MAX_FILM_STARTS", 9)
    assert find_film(tmp_path / "motion.jpg") is None
    monkeypatch.setattr(motion_photos, "MAX_FILM_STARTS", 10)
    assert find_film(tmp_path / "motion.jpg") is not None


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_halves_of_a_live_photo_are_told_by_what_they_share(tmp_path, film, kind):
    identifier = "B1E8C2F0-1D2A-4C0E-9C66-0F3F6C1F1A11"
    (tmp_path / "film.mp4").write_bytes(film)
    live_film(tmp_path / "live.mov", tmp_path / "film.mp4", identifier)
    *_, of_still = answers(live_still(tmp_path / "live.jpg", identifier, kind))
    *_, of_film = answers(tmp_path / "live.mov")
    assert of_still.live_photo == of_film.live_photo == identifier
    assert list(map(str, of_still.problems)) == [
        "The photo is half of a Live Photo; the other half is a film in a file of its own, which has to be checked as well."
    ]
    assert list(map(str, of_film.problems)) == [
        "The film is half of a Live Photo; the other half is a photo in a file of its own, which has to be checked as well."
    ]


@pytest.mark.parametrize("note", [b"", b"Apple iOS\0", b"Apple iOS\0\0\x01XX\0\x01", b"Apple iOS\0\0\x01MM\xff\xff"])
def test_damaged_maker_note_is_no_live_photo(tmp_path, note):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = note
    Image.fromarray(astronaut()[:64, :64]).save(tmp_path / "a.jpg", exif=exif.tobytes())
    assert live_photo_identifier(tmp_path / "a.jpg") == ""
