"""Where a crop lies in its wide crop."""

import math

import pytest
import torch

from training.on_gpu.geometry import WIDE_SCALE, Placement, cut, upright

SIDE = 96


@pytest.fixture
def wide() -> torch.Tensor:
    """A wide crop with a bright spot right of and above its middle, ``(1, 1, 96, 96)``."""
    picture = torch.zeros(1, 1, SIDE, SIDE)
    picture[..., 36:40, 56:60] = 255
    return picture


def spot(crop: torch.Tensor) -> tuple[float, float]:
    """Centre of the brightness, right and down of the middle, in sides of the crop."""
    weights = crop[0, 0].clamp(min=0)
    side = crop.shape[-1]
    steps = (torch.arange(side) + 0.5) / side - 0.5
    total = weights.sum()
    return float((weights.sum(dim=0) * steps).sum() / total), float((weights.sum(dim=1) * steps).sum() / total)


def placed(scale: float = WIDE_SCALE, angle: float = 0.0, mirrored: float = 1.0) -> Placement:
    """A placement in the middle."""
    return Placement(torch.tensor([scale]), torch.tensor([angle]), torch.zeros(1, 2), torch.tensor([mirrored]))


def test_the_whole_wide_crop_is_itself(wide):
    assert torch.allclose(cut(wide, upright(1, WIDE_SCALE, "cpu"), SIDE), wide, atol=1e-3)


def test_a_smaller_scale_moves_things_away_from_the_middle(wide):
    whole, half = spot(cut(wide, placed(), SIDE)), spot(cut(wide, placed(scale=WIDE_SCALE / 2), SIDE))
    assert half == pytest.approx((2 * whole[0], 2 * whole[1]), abs=0.01)


def test_a_mirrored_crop_has_left_and_right_changed(wide):
    whole, mirrored = spot(cut(wide, placed(), SIDE)), spot(cut(wide, placed(mirrored=-1.0), SIDE))
    assert mirrored == pytest.approx((-whole[0], whole[1]), abs=0.01)


def test_a_quarter_turn_moves_right_to_where_it_belongs(wide):
    x, y = spot(cut(wide, placed(), SIDE))
    assert spot(cut(wide, placed(angle=math.pi / 2), SIDE)) == pytest.approx((y, -x), abs=0.01)
