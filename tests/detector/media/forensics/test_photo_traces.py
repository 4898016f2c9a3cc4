"""What of a photo tells how it was saved: views, tables, earlier saves, previews."""

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from detector.errors import MediaError
from detector.media.forensics import photo_views
from detector.media.forensics.earlier_save import earlier_quality, standard_quality, standard_table
from detector.media.forensics.examine import examine_photo
from detector.media.forensics.photo_views import VIEW_SIDE_PX, error_level_view, noise_view
from tests.media_factory import astronaut, texture


def saved(image, quality, **options):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality, **options)
    return np.asarray(Image.open(stream))


def traces_of(path):
    (found,) = examine_photo(str(path), with_provenance=False)
    return found


def exif_with_preview(image):
    """EXIF that holds nothing but a preview, which Pillow cannot write."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG")
    preview = stream.getvalue()
    start = 8 + 2 + 4 + 2 + 2 * 12 + 4
    first = struct.pack("<2sHIHI", b"II", 42, 8, 0, 14)
    place = struct.pack("<HHII", ExifTags.Base.JpegIFOffset, 4, 1, start)
    length = struct.pack("<HHII", ExifTags.Base.JpegIFByteCount, 4, 1, len(preview))
    return b"Exif\0\0" + first + struct.pack("<H", 2) + place + length + struct.pack("<I", 0) + preview


def test_part_that_was_saved_less_often_is_bright_in_the_error_level_view():
    image = astronaut()
    spliced = saved(image, 70).copy()
    spliced[96:192, 176:272] = image[96:192, 176:272]
    view = error_level_view(spliced)
    assert view[96:192, 176:272].mean() > 2 * view[320:416, 176:272].mean()


def test_grainy_part_is_bright_in_the_noise_view():
    image = texture(256, 256)
    image[64:128, 64:128] = np.clip(image[64:128, 64:128] + np.random.default_rng(0).normal(0, 8, (64, 64, 1)), 0, 255)
    view = noise_view(image)
    assert view[70:122, 70:122].mean() > 30 and view[160:240, 160:240].mean() < 5


def test_views_of_a_turned_photo_are_upright_and_reduced(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.fromarray(texture(1600, 800)).save(tmp_path / "a.jpg", exif=exif)
    found = traces_of(tmp_path / "a.jpg")
    assert found.plain.shape == (VIEW_SIDE_PX, VIEW_SIDE_PX // 2, 3)
    assert found.error_level.shape == found.noise.shape == (VIEW_SIDE_PX, VIEW_SIDE_PX // 2)


def test_bands_of_a_large_photo_leave_no_seam(monkeypatch):
    image = astronaut()
    whole = error_level_view(image)
    monkeypatch.setattr(photo_views, "_BAND_ROWS", 128)
    assert np.array_equal(error_level_view(image), whole)


@pytest.mark.parametrize("quality", [30, 75, 95, 100])
def test_quality_of_libjpeg_is_read_off_its_table(quality):
    assert standard_quality(standard_table(quality)) == quality
    assert standard_quality(standard_table(quality) + 1) is None


@pytest.mark.parametrize(("earlier", "later"), [(50, 80), (75, 90), (80, 95), (90, 99)])
def test_earlier_save_at_a_lower_quality_is_found(earlier, later):
    twice = saved(saved(astronaut(), earlier), later)
    found = earlier_quality(np.asarray(Image.fromarray(twice).convert("L")), standard_table(later))
    assert abs(found - earlier) <= 3


@pytest.mark.parametrize("later", [70, 85, 95])
def test_photo_that_was_saved_once_or_cropped_since_has_no_earlier_save(later):
    for image in (astronaut(), saved(astronaut(), 60)[5:, 3:]):
        grey = np.asarray(Image.fromarray(saved(image, later)).convert("L"))
        assert earlier_quality(grey, standard_table(later)) is None


def test_facts_of_a_jpeg_name_tables_colours_and_progression(tmp_path):
    image = Image.fromarray(saved(astronaut(), 60))
    image.save(tmp_path / "a.jpg", quality=90, subsampling="4:2:0", progressive=True)
    jpeg = traces_of(tmp_path / "a.jpg").jpeg
    assert (jpeg.quality, jpeg.has_standard_tables, jpeg.colour_sampling, jpeg.is_progressive) == (
        90,
        True,
        "4:2:0",
        True,
    )
    assert abs(jpeg.earlier_quality - 60) <= 3
    image.save(tmp_path / "b.jpg", qtables=[[7] * 64, [9] * 64], subsampling="4:4:4")
    jpeg = traces_of(tmp_path / "b.jpg").jpeg
    assert (jpeg.has_standard_tables, jpeg.colour_sampling, jpeg.is_progressive) == (False, "4:4:4", False)


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_other_formats_have_views_and_no_jpeg_facts(tmp_path, name):
    Image.fromarray(texture(96, 64)).convert("RGBA").save(tmp_path / name)
    found = traces_of(tmp_path / name)
    assert found.jpeg is None and found.preview is None and found.error_level.shape == (64, 96)


def test_preview_of_a_cropped_photo_differs_and_that_of_the_whole_does_not(tmp_path):
    image = astronaut()
    exif = exif_with_preview(np.asarray(Image.fromarray(image).resize((120, 120))))
    Image.fromarray(image).save(tmp_path / "whole.jpg", exif=exif)
    Image.fromarray(image[:400, 60:]).save(tmp_path / "cropped.jpg", exif=exif)
    whole, cropped = (traces_of(tmp_path / name).preview for name in ("whole.jpg", "cropped.jpg"))
    assert whole.likeness > 0.97 and not whole.differs
    assert cropped.differs and cropped.image.shape == (120, 120, 3)


def test_preview_that_is_no_picture_is_left_out(tmp_path):
    exif = exif_with_preview(texture(64, 64))
    Image.fromarray(astronaut()).save(tmp_path / "a.jpg", exif=exif[:-400])
    Image.fromarray(astronaut()).save(tmp_path / "b.jpg", exif=exif.replace(b"\xff\xd8", b"\0\0"))
    assert traces_of(tmp_path / "b.jpg").preview is None
    assert traces_of(tmp_path / "a.jpg").preview is None


def test_what_is_no_photo_is_refused_in_plain_words(tmp_path):
    (tmp_path / "a.jpg").write_text("no photo")
    with pytest.raises(MediaError, match="not a photo that can be read"):
        traces_of(tmp_path / "a.jpg")
