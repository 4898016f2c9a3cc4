"""What the kinds of pseudo-fakes share: soft masks from landmarks, and changes of colour and sharpness."""

from __future__ import annotations

import cv2
import numpy as np

# MediaPipe's point numbers.
_OVAL = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152]
_OVAL += [148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109]
_JAW = _OVAL[7:30]  # ear over chin to ear
_CHIN = _OVAL[9:28]
_BROWS = [46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336]
_EYES = [33, 133, 145, 159, 263, 362, 374, 386, 111, 340, 116, 345]
_NOSE = [168, 6, 5, 4, 1, 2, 98, 327, 48, 278, 129, 358]
_LIPS = [61, 291, 0, 17, 37, 267, 84, 314, 40, 270, 91, 321]

# The parts of a face that known manipulations replace.
MASK_PARTS = {
    "face": _OVAL,
    "without_forehead": _JAW + _BROWS,
    "inner": _BROWS + _EYES + _NOSE + _LIPS + [200],
    "lower": [*_CHIN, 195],
    "eyes_and_nose": _BROWS + _EYES + _NOSE,
    "mouth": [*_LIPS, 2, 200, 57, 287],
}
_ENLARGERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def face_size(landmarks: np.ndarray) -> float:
    """Square root of the area of the landmarks' bounding box, in pixels."""
    width, height = np.ptp(landmarks[:, 0]), np.ptp(landmarks[:, 1])
    return max(float(np.sqrt(width * height)), 1.0)


def soft_mask(
    shape: tuple[int, int],
    landmarks: np.ndarray,
    parts: dict[str, float],
    random: np.random.Generator,
    max_bend: float = 0.05,
) -> np.ndarray:
    """The hull of a random part of the face, bent out of its shape, with a soft edge that lies inside the hull.

    Args:
        shape: ``(H, W)`` of the image.
        landmarks: ``(478, 2)`` in pixels of the image.
        parts: Odds of the names in `MASK_PARTS`.
        random: Source of all randomness.
        max_bend: Most that the outline is bent, as a share of the face's size (one standard deviation).

    Returns:
        ``(H, W)`` float32, 0..1; 1 in the middle, 0 outside the face.
    """
    names = sorted(parts)
    odds = np.array([parts[name] for name in names])
    name = names[int(random.choice(len(names), p=odds / odds.sum()))]
    size = face_size(landmarks)
    hull = cv2.convexHull(landmarks[MASK_PARTS[name]].astype(np.float32))
    mask = np.zeros(shape, np.float32)
    cv2.fillConvexPoly(mask, (hull * 16).round().astype(np.int32), 1.0, shift=4)
    face = np.zeros(shape, np.float32)
    oval = cv2.convexHull(landmarks[_OVAL].astype(np.float32))
    cv2.fillConvexPoly(face, (oval * 16).round().astype(np.int32), 1.0, shift=4)
    rows, columns = bent_grid(shape, size, max_bend, random)
    mask = cv2.remap(mask, columns, rows, cv2.INTER_LINEAR)
    # a blur alone would leave half of its width outside: shrink by as much first
    softness = size * random.uniform(0.015, 0.055)
    radius = max(round(softness * random.uniform(0.5, 1.2)), 1)
    mask = np.minimum(mask, face)
    mask[[0, -1], :] = mask[:, [0, -1]] = 0  # a face cut off by the border fades before it
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    core = cv2.erode(mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if core.max() < 0.5:  # a small part must not vanish
        core = mask
    soft = cv2.GaussianBlur(core, (0, 0), softness)
    peak = float(soft.max())
    soft = soft / peak if peak > 0 else soft
    # ends at the hull of the face without a step
    inside = cv2.distanceTransform((face > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    soft = soft * (inside / max(softness, 1.0)).clip(0, 1)
    return np.where(soft < 1 / 255, 0, soft).astype(np.float32)


def bent_grid(
    shape: tuple[int, int], size: float, max_bend: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of an elastically deformed image comes from: a smooth random displacement.

    Args:
        shape: ``(H, W)`` of the image.
        size: Of the face in pixels.
        max_bend: Most that a place moves, as a share of that size (one standard deviation).
        random: Source of all randomness.

    Returns:
        Rows and columns, ``(H, W)`` float32 each.
    """
    height, width = shape
    cells = [max(int(np.ceil(3 * length / size)), 2) for length in shape]
    coarse = random.normal(0, random.uniform(0.2, 1.0) * max_bend * size, (*cells, 2)).astype(np.float32)
    shift = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return rows + shift[:, :, 1], columns + shift[:, :, 0]


def blend(source: np.ndarray, target: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """``mask`` times source plus the rest of target; exactly the target where the mask is 0.

    Args:
        source: ``(H, W, 3)`` RGB 0..255.
        target: ``(H, W, 3)`` uint8 RGB.
        mask: ``(H, W)`` 0..1.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    weight = mask[:, :, None]
    return to_uint8(source * weight + target * (1 - weight))


def change_colour(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Shifts red, green, blue, hue, saturation, value, brightness and contrast a little, ``(H, W, 3)`` uint8 RGB."""
    values = image.astype(np.float32)
    if random.random() < 0.7:
        values = values + random.uniform(-12, 12, 3)
    if random.random() < 0.7:
        values = (values - 128) * random.uniform(0.88, 1.12) + 128 + random.uniform(-12, 12)
    values = (values.clip(0, 255) / 255).astype(np.float32)
    if random.random() < 0.7:
        hsv = cv2.cvtColor(values, cv2.COLOR_RGB2HSV)
        hsv[:, :, 0] = (hsv[:, :, 0] + random.uniform(-8, 8)) % 360
        hsv[:, :, 1] = (hsv[:, :, 1] * random.uniform(0.75, 1.25)).clip(0, 1)
        hsv[:, :, 2] = (hsv[:, :, 2] * random.uniform(0.88, 1.12)).clip(0, 1)
        values = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return to_uint8(values * 255)


def change_frequency(image: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Reduces and enlarges, blurs or sharpens, as a generator of fixed resolution does.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        size: Of the face in pixels; gives the strength its scale.
        random: Source of all randomness.
    """
    kind = random.choice(["small", "small", "blurred", "sharpened"])
    height, width = image.shape[:2]
    if kind == "small":
        factor = random.uniform(0.35, 0.8)
        small = (max(round(width * factor), 1), max(round(height * factor), 1))
        reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        return cv2.resize(reduced, (width, height), interpolation=int(random.choice(_ENLARGERS)))
    sigma = max(size / 150, 0.6) * random.uniform(0.7, 1.6)
    soft = cv2.GaussianBlur(image, (0, 0), sigma)
    if kind == "blurred":
        return soft
    amount = random.uniform(0.3, 0.9)
    return cv2.addWeighted(image, 1 + amount, soft, -amount, 0)


def change_light(image: np.ndarray, center: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Brightens one side of a face and darkens the other, by up to a quarter: a face lit in another place.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        center: x and y of the middle of the face, in pixels.
        size: Of the face in pixels.
        random: Source of all randomness.
    """
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0.05, 0.25)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    along = ((columns - center[0]) * np.cos(angle) + (rows - center[1]) * np.sin(angle)) / (0.5 * size)
    return to_uint8(image * np.exp(strength * along.clip(-1.5, 1.5))[:, :, None])


def change_grain(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Adds noise, as of another camera, or the traces of a JPEG of its own; ``(H, W, 3)`` uint8 RGB."""
    if random.random() < 0.5:
        return to_uint8(image + random.normal(0, random.uniform(1.5, 6), image.shape))
    return jpeg(image, int(random.integers(40, 91)))


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """The ``(H, W, 3)`` uint8 RGB image after JPEG compression at a quality of 0..100."""
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1])


def clone(face: np.ndarray, target: np.ndarray, mask: np.ndarray, size: float) -> np.ndarray:
    """Poisson blending (Perez et al., SIGGRAPH 2003) of the face into the target, inside the mask.

    Args:
        face: ``(H, W, 3)`` uint8 RGB.
        target: The same.
        mask: ``(H, W)`` 0..1.
        size: Of the face in pixels; the seam stays inside the mask by 2 % of it.

    Returns:
        ``(H, W, 3)`` uint8 RGB; the face as it is where the mask is empty.
    """
    if not mask.any():
        return face
    margin = max(round(0.02 * size), 2)
    region = (mask > 0.2).astype(np.uint8) * 255
    # the outline of the region fixes the colours inside it: keep it off hair and background
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    eroded = cv2.erode(region, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    region = eroded if eroded.any() else region
    left, top, width, height = cv2.boundingRect(region)
    # seamlessClone places the middle of the region's bounding box
    middle = (left + width // 2, top + height // 2)
    return cv2.seamlessClone(face, target, region, middle, cv2.NORMAL_CLONE)


def match_colours(face: np.ndarray, target: np.ndarray, mask: np.ndarray, strength: float) -> np.ndarray:
    """Gives the face the mean and spread of the target's LAB colours inside the mask (Reinhard et al., 2001)."""
    inside = mask > 0.5
    if inside.sum() < 16:
        return face
    lab = cv2.cvtColor(face.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    aim = cv2.cvtColor(target.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[inside]
    own = lab[inside]
    # a flat face must not be stretched into noise
    ratio = (aim.std(axis=0) / np.maximum(own.std(axis=0), 1e-3)).clip(0.7, 1.4)
    matched = (lab - own.mean(axis=0)) * ratio + aim.mean(axis=0)
    lab = lab + strength * (matched - lab)
    return to_uint8(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB) * 255)


def to_uint8(values: np.ndarray) -> np.ndarray:
    """Rounds and clips: a cast alone would wrap overshoot into speckles."""
    return np.rint(values).clip(0, 255).astype(np.uint8)
