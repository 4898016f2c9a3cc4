import numpy as np
import pytest

from detector.media.colour import needs_conversion, to_standard_range
from tests.made_media.colour_standards import BT709_TO_BT2020, display_p3, hdr, pq_signal, srgb_light
from tests.media_factory import astronaut

SDR_TRANSFERS = (0, 1, 2, 4, 5, 6, 7, 13, 14, 15, 255)
HDR_TRANSFERS = (16, 18)


def grey(signal: float, transfer: int, curve="srgb") -> int:
    pixels = np.full((1, 1, 3), round(signal * 65535), np.uint16)
    levels = to_standard_range(pixels, transfer, 9, curve)
    assert np.ptp(levels.astype(int)) <= 1
    return int(levels[0, 0, 1])


@pytest.mark.parametrize("transfer", SDR_TRANSFERS)
@pytest.mark.parametrize("primaries", [0, 1, 2, 5, 6, 7, 255])
def test_ordinary_pictures_are_not_touched(transfer, primaries):
    pixels = astronaut()[:8, :8]
    assert not needs_conversion(transfer, primaries)
    assert to_standard_range(pixels, transfer, primaries, "srgb") is pixels


@pytest.mark.parametrize(
    ("transfer", "primaries"), [(16, 9), (18, 9), (18, 1), (16, 2), (8, 1), (1, 9), (13, 12), (14, 9)]
)
def test_hdr_linear_light_and_wide_gamut_are_converted(transfer, primaries):
    assert needs_conversion(transfer, primaries)


def test_levels_of_16_bit_without_conversion_are_scaled():
    pixels = np.repeat(np.arange(256, dtype=np.uint16)[None, :, None] * 257, 3, 2)
    assert np.array_equal(to_standard_range(pixels, 1, 1, "bt1886")[0, :, 0], np.arange(256))


# signals of ITU-R BT.2408-7, table 1, and BT.2100-2; levels by the curve of sRGB
@pytest.mark.parametrize(
    ("transfer", "signal", "light"),
    [
        (18, 0.38, 26 / 203),  # grey card of 18 %
        (18, 0.69, 140 / 203),
        (16, 0.38, 26 / 203),
        (16, 0.5422, 140 / 203),
        (16, 0.0, 0),
        (18, 0.0, 0),
    ],
)
def test_light_below_the_knee_has_the_level_of_the_standards(transfer, signal, light):
    expected = 12.92 * light if light < 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    assert grey(signal, transfer) == pytest.approx(255 * expected, abs=2)


def test_reference_white_is_the_same_in_both_systems_and_the_peak_is_white():
    white = grey(0.75, 18)
    assert white == pytest.approx(grey(0.5807, 16), abs=1)
    assert 240 <= white < 255  # compressed, as there is light above it
    assert grey(1.0, 18) == grey(0.7518, 16) == grey(1.0, 16) == 255


@pytest.mark.parametrize("transfer", HDR_TRANSFERS)
def test_brighter_light_is_never_darker(transfer):
    ramp = np.repeat(np.arange(0, 65536, 16, dtype=np.uint16)[None, :, None], 3, 2)
    levels = to_standard_range(ramp, transfer, 9, "srgb")[0, :, 0].astype(int)
    assert (np.diff(levels) >= 0).all() and levels[0] == 0 and levels[-1] == 255


@pytest.mark.parametrize("transfer", HDR_TRANSFERS)
def test_sdr_picture_placed_into_hdr_comes_back_below_the_knee(transfer):
    original = astronaut()
    levels = to_standard_range(hdr(original, transfer), transfer, 9, "srgb").astype(int)
    below = srgb_light(original).max(2) < 0.79
    assert below.mean() > 0.8
    assert np.abs(levels - original)[below].max() <= 2
    assert np.abs(levels - original).max() <= 20  # white is compressed


def test_colour_above_the_knee_keeps_its_hue():
    nits = 203 * np.array([[[4.0, 2.0, 1.0]]]) @ BT709_TO_BT2020.T
    pixels = np.round(65535 * pq_signal(nits)).astype(np.uint16)
    shown = srgb_light(to_standard_range(pixels, 16, 9, "srgb"))[0, 0]
    assert shown / shown.max() == pytest.approx([1, 0.5, 0.25], abs=0.01)


@pytest.mark.parametrize("curve", ["srgb", "bt1886"])
def test_greys_of_wide_gamut_sdr_keep_their_levels(curve):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    for primaries in (9, 11, 12):
        assert np.abs(to_standard_range(ramp, 1, primaries, curve).astype(int) - ramp).max() <= 1


def test_display_p3_comes_back_as_srgb():
    original = astronaut()
    assert np.abs(to_standard_range(display_p3(original), 13, 12, "srgb").astype(int) - original).max() <= 4


def test_colours_outside_the_gamut_are_clipped():
    green = np.zeros((1, 1, 3), np.uint8)
    green[..., 1] = 255
    assert to_standard_range(green, 1, 9, "bt1886").tolist() == [[[0, 255, 0]]]


def test_video_is_encoded_for_the_gamma_of_its_displays():
    # half of white: .5 ** (1 / 2.4)
    assert grey(0.5, 8, "bt1886") == pytest.approx(255 * 0.5 ** (1 / 2.4), abs=1)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 70_000, 3), (700, 800, 3)])
def test_any_size_is_converted_alike_in_strips(shape):
    pixels = np.full(shape, 30_000, np.uint16)
    levels = to_standard_range(pixels, 18, 9, "srgb")
    assert levels.shape == shape and np.ptp(levels.reshape(-1, 3), axis=0).max() == 0
