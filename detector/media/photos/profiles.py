"""Converts the colours of a photo by its ICC profile to those of sRGB."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from detector.messages import Message

BROKEN_PROFILE = Message(
    "The colour profile of the photo cannot be used; its colours, and with them the scores, may be a little off."
)
# A profile that changes no colour of a coarse cube by more than rounding does is left out, so that its photo stays as it is.
_ROUNDING = 1
# Levels from black to white of a profile that is not broken.
_MIN_CONTRAST = 32
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError, MemoryError, AttributeError)


class ProfileError(Exception):
    """The profile is broken, or for a picture of other channels."""


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Converts a picture without transparency.

    Args:
        image: Mode RGB, L or CMYK.
        profile: ICC profile.

    Returns:
        The same picture where the profile is that of sRGB, else one of mode RGB.

    Raises:
        ProfileError: The profile cannot be used.
    """
    mode, transform = _transform(profile)
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    if image.mode != mode:
        raise ProfileError
    if transform is None:
        return image
    try:
        return transform.apply(image)
    except _PROFILE_ERRORS as error:
        raise ProfileError from error


@lru_cache(maxsize=4)  # photos of one camera share theirs
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """Gives the mode that a profile is for, and what converts it to sRGB; None for sRGB itself."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES[source.profile.xcolor_space]
        # as editors do; without the compensation black ink would become grey
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        cube = _cube(mode)
        converted = np.asarray(transform.apply(cube)).astype(int)
    except (KeyError, *_PROFILE_ERRORS) as error:
        raise ProfileError from error
    if np.ptp(converted) < _MIN_CONTRAST:
        raise ProfileError
    if mode != "CMYK" and np.abs(converted - np.asarray(cube.convert("RGB"))).max() <= _ROUNDING:
        return mode, None
    return mode, transform


def _cube(mode: str) -> Image.Image:
    """Gives a picture of evenly spaced colours."""
    channels = Image.getmodebands(mode)
    levels = np.linspace(0, 255, 256 if channels == 1 else 9).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(*[levels] * channels, indexing="ij"), -1).reshape(1, -1, channels)
    return Image.fromarray(colours[:, :, 0] if channels == 1 else colours, mode)
