"""Changes of batches of pictures, against the libraries that do the same to one picture."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from training.on_gpu.images import adjust_colours, code_like_video, gaussian_blur, jpeg, reduce_and_enlarge, resize


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    """Smooth pictures with some grain, ``(2, 3, 64, 64)``."""
    random = np.random.default_rng(0)
    coarse = random.uniform(30, 220, (2, 6, 6, 3)).astype(np.float32)
    large = np.stack([cv2.resize(picture, (64, 64), interpolation=cv2.INTER_CUBIC) for picture in coarse])
    grain = random.normal(0, 3, large.shape)
    return torch.from_numpy((large + grain).round().clip(0, 255).astype(np.float32)).movedim(-1, 1)


def as_arrays(pictures: torch.Tensor) -> np.ndarray:
    """``(B, 3, H, W)`` as ``(B, H, W, 3)`` uint8."""
    return pictures.movedim(1, -1).round().byte().numpy()


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_jpeg_changes_pictures_as_the_library_does(pictures, quality):
    coded = as_arrays(jpeg(pictures, torch.full((2,), float(quality))))
    for own, picture in zip(coded, as_arrays(pictures), strict=True):
        data = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        library = cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1]
        change = np.abs(library.astype(float) - picture).mean()
        assert np.abs(own.astype(float) - library).mean() < 0.4 * change


def test_each_picture_has_a_quality_of_its_own(pictures):
    same = pictures[:1].repeat(2, 1, 1, 1)
    coded = jpeg(same, torch.tensor([20.0, 98.0]))
    lost = (coded - same).abs().mean(dim=(1, 2, 3))
    assert lost[0] > 3 * lost[1]


def test_blur_equals_that_of_opencv(pictures):
    blurred = gaussian_blur(pictures, torch.tensor([1.0, 2.5]))
    for number, sigma in enumerate((1.0, 2.5)):
        picture = pictures[number].movedim(0, -1).numpy()
        expected = cv2.GaussianBlur(picture, (17, 17), sigma, borderType=cv2.BORDER_REFLECT_101)
        assert np.abs(blurred[number].movedim(0, -1).numpy() - expected).max() < 0.6


def test_no_blur_leaves_a_picture_as_it_is(pictures):
    assert torch.allclose(gaussian_blur(pictures, torch.zeros(2)), pictures, atol=1e-3)


def test_larger_steps_of_the_video_coder_lose_more(pictures):
    same = pictures[:1].repeat(3, 1, 1, 1)
    lost = (code_like_video(same, torch.tensor([4.0, 16.0, 56.0])) - same).abs().mean(dim=(1, 2, 3))
    assert lost[0] < lost[1] < lost[2]


def test_sides_that_are_no_multiple_of_a_block_are_kept(pictures):
    odd = pictures[:, :, :51, :61]
    assert jpeg(odd, torch.full((2,), 80.0)).shape == odd.shape
    assert code_like_video(odd, torch.full((2,), 8.0)).shape == odd.shape


def test_reducing_takes_detail_away_and_keeps_the_size(pictures):
    reduced = reduce_and_enlarge(pictures, 0.25)
    assert reduced.shape == pictures.shape
    assert reduced.diff(n=2, dim=-1).abs().mean() < 0.5 * pictures.diff(n=2, dim=-1).abs().mean()


def test_neutral_colours_change_nothing(pictures):
    same = adjust_colours(pictures, torch.ones(2, 3), torch.zeros(2, 3), torch.ones(2))
    assert torch.allclose(same, pictures, atol=1e-3)


def test_resizing_equals_that_of_the_application(pictures):
    small = resize(pictures, 24).round()
    for number, picture in enumerate(as_arrays(pictures)):
        expected = np.asarray(Image.fromarray(picture).resize((24, 24), Image.Resampling.BICUBIC), np.float32)
        assert np.abs(small[number].movedim(0, -1).numpy() - expected).max() <= 1
