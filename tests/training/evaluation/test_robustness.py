import numpy as np
import pytest

from tests.media_factory import astronaut
from training.evaluation.robustness import GRID

CROP = astronaut()[40:200, 150:310]


def damaged(kind: str, level: float) -> np.ndarray:
    (damage,) = (damage for damage in GRID if (damage.kind, damage.level) == (kind, level))
    return damage.change(CROP, np.random.default_rng(0))


def test_grid_is_that_of_the_card():
    levels: dict[str, list[float]] = {}
    for damage in GRID:
        levels.setdefault(damage.kind, []).append(damage.level)
    assert levels == {
        "none": [0],
        "JPEG quality": [100, 80, 60, 40, 20],
        "blur sigma": [0.5, 1.0, 2.0, 3.0],
        "resize to px": [112, 64],
        "noise": [0.01, 0.03, 0.1],
        "H.264 crf": [23, 40],
    }


@pytest.mark.parametrize("kind", ["JPEG quality", "blur sigma", "noise", "H.264 crf"])
def test_damage_grows_along_the_grid(kind):
    errors = [np.abs(damaged(kind, damage.level).astype(int) - CROP).mean() for damage in GRID if damage.kind == kind]
    assert all(low < high for low, high in zip(errors, errors[1:], strict=False))
    assert errors[0] > 0


def test_resize_takes_pixels_away_and_adds_none():
    assert damaged("resize to px", 64).shape == (64, 64, 3)
    assert np.array_equal(damaged("none", 0), CROP)
    (small,) = (damage for damage in GRID if damage.level == 112)
    assert small.change(CROP[:60, :60], np.random.default_rng(0)).shape == (60, 60, 3)
