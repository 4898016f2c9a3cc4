import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from detector.media.photos.code_points import stated_in_boxes, stated_in_png
from detector.media.photos.images import read_image, read_photo
from tests.made_media.colour_files import hdr_8_bit, write_avif, write_heic, write_png
from tests.made_media.colour_profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    SRGB,
    cmyk_profile,
    grey_profile,
    in_cmyk,
    in_primaries,
    matrix_profile,
    with_cicp,
)
from tests.made_media.colour_standards import BT709_TO_ADOBE_RGB, display_p3, hdr, srgb_light
from tests.media_factory import astronaut

FACE = astronaut()[40:200, 150:310]
PROFILES = {"Display P3": (DISPLAY_P3, None), "Adobe RGB": (ADOBE_RGB, 2.19921875), "ProPhoto": (PROPHOTO, 1.8)}


def difference(path, original=FACE) -> float:
    """Mean difference in levels of what is read to the original."""
    photo = read_photo(path)
    assert photo.problems == []
    return float(np.abs(photo.image.astype(int) - original).mean())


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_photos_look_as_their_sdr_original(tmp_path, transfer):
    deep, flat = hdr(FACE, transfer), hdr_8_bit(FACE, transfer)
    assert difference(write_png(tmp_path / "16.png", deep, 9, transfer)) < 0.5
    assert difference(write_png(tmp_path / "8.png", flat, 9, transfer)) < 1.5
    assert difference(write_avif(tmp_path / "8.avif", flat, 9, transfer)) < 3
    assert difference(write_heic(tmp_path / "10.heic", deep, 9, transfer)) < 3
    # what it was before
    assert difference(write_png(tmp_path / "unsaid.png", flat, 1, 13)) > 10


def test_code_points_of_display_p3_are_converted(tmp_path):
    pixels = display_p3(FACE)
    assert difference(write_png(tmp_path / "p3.png", pixels, 12, 13)) < 0.5
    assert difference(write_avif(tmp_path / "p3.avif", pixels, 12, 13)) < 2.5
    assert difference(write_heic(tmp_path / "p3.heic", pixels, 12, 13)) < 2.5


def test_ordinary_code_points_change_nothing(tmp_path):
    Image.fromarray(FACE).save(tmp_path / "plain.avif", quality=100, speed=8, subsampling="4:4:4")
    plain = read_image(tmp_path / "plain.avif")[1]
    for primaries, transfer in ((1, 13), (1, 1), (2, 2), (6, 6)):
        path = write_avif(tmp_path / "other.avif", FACE, primaries, transfer)
        assert np.array_equal(read_image(path)[1], plain)
        assert np.array_equal(read_image(write_png(tmp_path / "a.png", FACE, primaries, transfer))[1], FACE)


def test_transparent_hdr_is_converted_before_it_is_laid_on_white(tmp_path):
    for pixels in (hdr(FACE, 18), hdr_8_bit(FACE, 18)):
        alpha = np.full_like(pixels[:, :, :1], np.iinfo(pixels.dtype).max)
        alpha[:80] = 0
        image = read_image(write_png(tmp_path / "clear.png", np.concatenate([pixels, alpha], 2), 9, 18))[1]
        assert (image[:80] == 255).all()
        assert np.abs(image[80:].astype(int) - FACE[80:]).mean() < 1.5


def test_hdr_photo_is_turned_upright(tmp_path):
    path = write_png(tmp_path / "turned.png", np.ascontiguousarray(np.rot90(hdr(FACE[:, :100], 16))), 9, 16)
    exif = Image.Exif()
    exif[274] = 6
    data = path.read_bytes()
    Image.fromarray(FACE).save(tmp_path / "exif.png", exif=exif)
    other = (tmp_path / "exif.png").read_bytes()
    start = other.index(b"eXIf") - 4
    chunk = other[start : start + 12 + struct.unpack(">I", other[start : start + 4])[0]]
    path.write_bytes(data[:33] + chunk + data[33:])
    assert difference(path, FACE[:, :100]) < 0.5


def test_only_the_main_picture_of_a_file_states_its_colours(tmp_path):
    path = write_avif(tmp_path / "gain map.avif", FACE, 1, 13)
    plain = read_image(path)[1]
    data = bytearray(path.read_bytes())
    place = data.index(b"nclx") + 4
    data[place : place + 4] = struct.pack(">HH", 9, 16)
    main = data.index(b"ipma") + 12
    count = data[main + 2]
    colour = next(place for place in range(main + 3, main + 3 + count) if data[place] & 127 == _property(data, b"colr"))
    data[colour] = data[colour - 1]  # now the property of no item
    path.write_bytes(data)
    assert np.array_equal(read_image(path)[1], plain)


def _property(data: bytes, name: bytes) -> int:
    """The number of a property, from 1."""
    offset, number = data.index(b"ipco") + 4, 1
    while data[offset + 4 : offset + 8] != name:
        offset, number = offset + struct.unpack(">I", data[offset : offset + 4])[0], number + 1
    return number


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_profiles_are_converted_to_srgb(tmp_path, name, kind):
    columns, gamma = PROFILES[name]
    options = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}, "AVIF": {"quality": 95, "speed": 8}}
    Image.fromarray(in_primaries(FACE, columns, gamma)).save(
        tmp_path / "photo", kind, icc_profile=matrix_profile(columns, gamma), **options.get(kind, {"quality": 95})
    )
    assert difference(tmp_path / "photo") < (1 if kind in ("PNG", "TIFF", "WEBP") else 4)


def test_photo_with_the_profile_of_srgb_is_left_as_it_is(tmp_path):
    for number, profile in enumerate(
        (matrix_profile(SRGB, None), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    ):
        Image.fromarray(astronaut()).save(tmp_path / f"{number}.png", icc_profile=profile)
        assert np.array_equal(read_image(tmp_path / f"{number}.png")[1], astronaut())


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted_by_its_profile(tmp_path, kind):
    image = Image.fromarray(in_cmyk(FACE), "CMYK")  # of which Pillow writes the JPEG inverted, as Adobe does
    image.save(tmp_path / "print", kind, icc_profile=cmyk_profile(), **({"quality": 95} if kind == "JPEG" else {}))
    assert difference(tmp_path / "print") < 4
    image.save(tmp_path / "without", kind)
    assert difference(tmp_path / "without") > 10


def test_grey_profile_is_applied(tmp_path):
    Image.new("L", (40, 40), 128).save(tmp_path / "grey.png", icc_profile=grey_profile(1.0))
    Image.new("LA", (40, 40), (128, 255)).save(tmp_path / "clear.png", icc_profile=grey_profile(1.0))
    for name in ("grey.png", "clear.png"):  # half of the light
        assert read_image(tmp_path / name)[1][0, 0].tolist() == pytest.approx([188] * 3, abs=1)


def test_colours_are_converted_before_transparency_is_laid_on_white(tmp_path):
    rgba = Image.fromarray(in_primaries(FACE, DISPLAY_P3, None)).convert("RGBA")
    rgba.paste((0, 0, 0, 0), (0, 0, 160, 80))
    rgba.save(tmp_path / "clear.png", icc_profile=matrix_profile(DISPLAY_P3, None))
    image = read_image(tmp_path / "clear.png")[1]
    assert (image[:80] == 255).all() and np.abs(image[80:].astype(int) - FACE[80:]).mean() < 1


def test_palette_is_converted(tmp_path):
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 100, 150, 200])
    image.save(tmp_path / "palette.png", icc_profile=matrix_profile(ADOBE_RGB, 2.19921875))
    assert read_image(tmp_path / "palette.png")[1][0, 0].tolist() != [100, 150, 200]
    back = in_primaries(read_image(tmp_path / "palette.png")[1][:1, :1], ADOBE_RGB, 2.19921875)
    assert back[0, 0].tolist() == pytest.approx([100, 150, 200], abs=2)


BROKEN = {
    "no profile": b"no profile at all",
    "cut off": matrix_profile(DISPLAY_P3, None)[:300],
    "of other channels": cmyk_profile(),
    "all black": matrix_profile(np.full((3, 3), 1e-4), 1.0),
    "nonsense": matrix_profile(DISPLAY_P3, None)[:128] + b"\xff" * 500,
}


@pytest.mark.parametrize("profile", BROKEN.values(), ids=BROKEN)
def test_broken_profile_is_left_out_with_a_warning(tmp_path, profile):
    Image.fromarray(FACE).save(tmp_path / "photo.png", icc_profile=profile)
    photo = read_photo(tmp_path / "photo.png")
    assert np.array_equal(photo.image, FACE)
    assert [str(problem).split(" can")[0] for problem in photo.problems] == ["The colour profile of the photo"]


def test_code_points_go_before_a_profile_in_a_png(tmp_path):
    path = write_png(tmp_path / "both.png", display_p3(FACE), 12, 13)
    data = path.read_bytes()
    Image.fromarray(FACE).save(tmp_path / "icc.png", icc_profile=matrix_profile(PROPHOTO, 1.8))
    other = (tmp_path / "icc.png").read_bytes()
    start = other.index(b"iCCP") - 4
    chunk = other[start : start + 12 + struct.unpack(">I", other[start : start + 4])[0]]
    path.write_bytes(data[:33] + chunk + data[33:])
    assert difference(path) < 0.5


def test_profile_goes_before_ordinary_code_points_in_an_avif_but_not_before_hdr(tmp_path):
    p3 = matrix_profile(DISPLAY_P3, None)
    path = write_avif(tmp_path / "p3.avif", in_primaries(FACE, DISPLAY_P3, None), 1, 13, icc_profile=p3)
    assert difference(path) < 2.5
    path = write_avif(tmp_path / "pq.avif", hdr_8_bit(FACE, 16), 9, 16, icc_profile=p3)
    assert difference(path) < 3


def test_code_points_inside_a_profile_tell_of_hdr(tmp_path):
    profile = with_cicp(matrix_profile(DISPLAY_P3, None), 9, 16)
    Image.fromarray(hdr_8_bit(FACE, 16)).save(tmp_path / "photo.png", icc_profile=profile)
    assert difference(tmp_path / "photo.png") < 1.5


def test_gain_map_jpeg_stays_its_sdr_picture(tmp_path):
    # Ultra HDR: the gain map is a second JPEG behind the first, found by MPF
    Image.fromarray(FACE).save(tmp_path / "base.jpg", quality=95)
    base = read_image(tmp_path / "base.jpg")[1]
    Image.fromarray(FACE).save(
        tmp_path / "ultra.jpg", "MPO", save_all=True, append_images=[Image.new("L", (40, 40), 90)], quality=95
    )
    assert np.array_equal(read_image(tmp_path / "ultra.jpg")[1], base)


def test_damaged_statement_of_colours_is_passed_over(tmp_path):
    path = write_avif(tmp_path / "sound.avif", FACE, 9, 16)
    assert stated_in_boxes(path) == (9, 16)
    data = path.read_bytes()
    for cut in range(0, data.index(b"mdat"), 3):
        path.write_bytes(data[:cut])
        assert stated_in_boxes(path) in (None, (9, 16))
    items = bytearray(data)
    place = data.index(b"ipma") + 8
    items[place : place + 4] = b"\xff" * 4  # billions of them
    path.write_bytes(items)
    assert stated_in_boxes(path) is None
    path = write_png(tmp_path / "sound.png", FACE, 9, 16)
    assert stated_in_png(path) == ((9, 16), 8)
    data = path.read_bytes()
    for cut in range(0, 60):
        path.write_bytes(data[:cut])
        assert stated_in_png(path)[0] in (None, (9, 16))


def test_adobe_rgb_that_only_the_exif_of_a_camera_names_is_converted(tmp_path):
    plain = astronaut()
    light = np.clip(srgb_light(plain) @ BT709_TO_ADOBE_RGB.T, 0, 1)
    stored = Image.fromarray(np.round(255 * light ** (1 / 2.2)).astype(np.uint8))
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03", 2: b"0100"}
    stored.save(tmp_path / "camera.jpg", quality=97, subsampling=0, exif=exif)
    stored.save(tmp_path / "unsaid.jpg", quality=97, subsampling=0)
    errors = [
        np.abs(read_image(tmp_path / name)[1].astype(int) - plain).mean() for name in ("camera.jpg", "unsaid.jpg")
    ]
    assert errors[0] < 1.5 < 4 < errors[1]
