import hashlib
import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageFile

from detector.errors import MediaError
from detector.media.photos.images import read_image, read_photo
from tests.hostile.photos import end_of_page, first_page, with_pages
from tests.media_factory import astronaut

FIXTURES = Path(__file__).parents[3] / "fixtures"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_formats_are_told_by_content_and_decoded(tmp_path, kind):
    path = tmp_path / "photo.bin"
    Image.fromarray(astronaut()).save(path, format=kind)
    facts, image = read_image(path)
    assert facts.media_type == f"image/{kind.lower()}"
    assert (facts.width_px, facts.height_px, facts.duration_s) == (512, 512, None)
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts.bytes == path.stat().st_size
    assert np.abs(image.astype(int) - astronaut()).mean() < 12  # GIF has 256 colours


def test_heic_of_a_phone_is_decoded():
    facts, image = read_image(FIXTURES / "astronaut.heic")  # the portrait, rows 0..255, columns 100..355
    assert (facts.media_type, facts.width_px, facts.height_px) == ("image/heic", 256, 256)
    assert np.abs(image.astype(int) - astronaut()[:256, 100:356]).mean() < 6


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # camera held on its side
    stored = np.ascontiguousarray(np.rot90(astronaut()[:, :300]))
    Image.fromarray(stored).save(tmp_path / "turned.png", exif=exif)
    facts, image = read_image(tmp_path / "turned.png")
    assert (facts.width_px, facts.height_px) == (300, 512)
    assert np.array_equal(image, astronaut()[:, :300])


def test_transparency_is_laid_on_white(tmp_path):
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_image(tmp_path / "clear.png")[1][0, 0].tolist() == [255, 255, 255]


def test_16_bit_grey_is_scaled_not_clipped(tmp_path):
    Image.fromarray(np.full((40, 40), 128 * 257, np.uint16)).save(tmp_path / "deep.png")
    assert read_image(tmp_path / "deep.png")[1][0, 0].tolist() == [128, 128, 128]


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_32_bit_grey_is_not_black(tmp_path, kind):
    values = np.full((40, 40), 1, kind)
    values[:20] = 2
    Image.fromarray(values).save(tmp_path / "deep.tiff")
    image = read_image(tmp_path / "deep.tiff")[1]
    assert image[0, 0].tolist() == [255, 255, 255] and image[30, 0].tolist() == [127, 127, 127]


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    red, green, blue = read_image(tmp_path / "print.jpg")[1][20, 20]
    assert red > 220 and max(green, blue) < 40


def make_bad_image(kind, path):
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no photo")
    elif kind == "truncated":
        Image.fromarray(astronaut()).save(path, format="JPEG")
        path.write_bytes(path.read_bytes()[:9000])
    elif kind == "one pixel":
        Image.new("RGB", (1, 1)).save(path)
    elif kind == "400 megapixels":
        Image.new("1", (20000, 20000)).save(path, format="PNG")
    elif kind == "140 megapixels":
        Image.new("1", (14000, 10000)).save(path, format="PNG")


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "one pixel", "400 megapixels", "140 megapixels"])
def test_bad_photo_is_one_plain_sentence(tmp_path, kind):
    path = tmp_path / "bad.jpg"
    make_bad_image(kind, path)
    with pytest.raises(MediaError) as caught:
        read_image(path)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value) and "bad.jpg" not in str(caught.value)


def test_oversized_photo_is_refused_before_its_pixels_are_decoded(tmp_path, monkeypatch):
    Image.new("1", (14000, 10000)).save(tmp_path / "big.png")

    def decode(self):
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    with pytest.raises(MediaError, match="140|14000"):
        read_image(tmp_path / "big.png")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_photo_cut_in_half_is_one_plain_sentence(tmp_path, kind):
    path = tmp_path / "half.bin"
    Image.fromarray(astronaut()).save(path, format=kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MediaError) as caught:
        read_image(path)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_half_transparent_colour_is_mixed_with_white(tmp_path):
    Image.new("RGBA", (40, 40), (255, 0, 0, 128)).save(tmp_path / "half.png")
    assert read_image(tmp_path / "half.png")[1][0, 0].tolist() == pytest.approx([255, 127, 127], abs=1)


def test_transparent_palette_entry_is_laid_on_white(tmp_path):
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(0, (0, 0, 20, 40))
    image.save(tmp_path / "palette.png", transparency=1)
    pixels = read_image(tmp_path / "palette.png")[1]
    assert (pixels[5, 5].tolist(), pixels[5, 30].tolist()) == ([0, 0, 0], [255, 255, 255])


@pytest.mark.parametrize("box", [b"pitm", b"mdat"], ids=["no main item", "bad pixels"])
def test_damaged_avif_is_one_plain_sentence_whatever_its_decoder_raises(tmp_path, box):
    Image.fromarray(astronaut()).save(tmp_path / "sound.avif", speed=10)
    data = bytearray((tmp_path / "sound.avif").read_bytes())
    data[data.index(box) + (9 if box == b"pitm" else 5)] ^= 0xFF
    (tmp_path / "bad.avif").write_bytes(data)
    with pytest.raises(MediaError, match="damaged or cut off"):
        read_image(tmp_path / "bad.avif")


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (0, []),
        (2, ["The file holds 3 pictures; only the first was looked at."]),
        (99, ["The file holds 100 pictures; only the first was looked at."]),
        (5000, ["The file holds more than 100 pictures; only the first was looked at."]),
    ],
)
def test_pages_of_a_tiff_are_counted_up_to_a_limit(tmp_path, pages, said):
    Image.fromarray(astronaut()[:64, :64]).save(tmp_path / "one.tif")
    one = (tmp_path / "one.tif").read_bytes()
    page, chain = one[first_page(one) : end_of_page(one)], b""
    for number in range(1, pages + 1):
        following = len(one) + len(chain) + len(page) + 4 if number < pages else 0
        chain += page + struct.pack("<I", following)
    (tmp_path / "pages.tif").write_bytes(with_pages(one, len(one) if pages else 0, chain))
    assert list(map(str, read_photo(tmp_path / "pages.tif").problems)) == said


def test_first_picture_is_looked_at_where_those_after_it_are_damaged(tmp_path):
    frames = [Image.fromarray(astronaut()[:64, :64]), Image.new("RGB", (64, 64), "red")]
    frames[0].save(tmp_path / "two.tif", save_all=True, append_images=frames[1:])
    two = (tmp_path / "two.tif").read_bytes()
    (tmp_path / "bad.tif").write_bytes(with_pages(two, len(two), bytes(6)))  # a page without a size
    assert np.array_equal(read_image(tmp_path / "bad.tif")[1], astronaut()[:64, :64])
    assert read_photo(tmp_path / "bad.tif").problems == []


def test_pictures_of_a_heif_that_are_not_looked_at_are_counted(tmp_path):
    pictures = pillow_heif.HeifFile()
    for turn in range(3):
        pictures.add_from_pillow(Image.fromarray(np.rot90(astronaut()[:64, :96], turn)))
    pictures.save(tmp_path / "three.heic", quality=50, primary_index=1)
    photo = read_photo(tmp_path / "three.heic")
    assert (photo.facts.width_px, photo.facts.height_px) == (64, 96)
    assert list(map(str, photo.problems)) == ["The file holds 3 pictures; only the main one was looked at."]
