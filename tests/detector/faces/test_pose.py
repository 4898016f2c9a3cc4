import numpy as np
import pytest

from detector.faces.pose import degrees_to_the_side
from detector.facts import DetectedFace


def seen(yaw: float, tilt: float = 0.0) -> DetectedFace:
    """The eyes and nose of a head that is turned to the side, then tilted in the picture, both in degrees."""
    points = np.array([(-150, 0, 0), (150, 0, 0), (0, 120, 135), (-80, 250, 0), (80, 250, 0)], float)
    turned = np.radians(yaw)
    x = points[:, 0] * np.cos(turned) + points[:, 2] * np.sin(turned)
    angle = np.radians(tilt)
    flat = np.stack(
        [x * np.cos(angle) - points[:, 1] * np.sin(angle), x * np.sin(angle) + points[:, 1] * np.cos(angle)]
    )
    return DetectedFace((0, 0, 9, 9), tuple(map(tuple, flat.T)), 1.0)


@pytest.mark.parametrize("yaw", [0, 10, 30, 45, -45, 60])
@pytest.mark.parametrize("tilt", [0, 40, 180])
def test_turn_is_read_whichever_way_and_however_tilted(yaw, tilt):
    assert degrees_to_the_side(seen(yaw, tilt)) == pytest.approx(abs(yaw), abs=0.5)


def test_eyes_at_one_place_are_a_full_profile():
    assert degrees_to_the_side(seen(90)) == pytest.approx(90, abs=0.5)
    assert degrees_to_the_side(DetectedFace((0, 0, 9, 9), ((1, 1),) * 5, 1.0)) == 90
