"""What is known of a file, a face and a model before anything is judged; all other modules may use these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detector.messages import Message

# ``(x0, y0, x1, y1)`` in pixels; may reach beyond the border of the picture.
Box = tuple[float, float, float, float]
PixelBox = tuple[int, int, int, int]
Point = tuple[float, float]

Reason = Literal["too_small", "too_blurred", "too_compressed", "outside_picture", "hidden", "missing", "tilted"]
CredentialsState = Literal["Trusted", "Valid", "Invalid", "Unreadable", "NotFetched"]
# Name and value, each one printable line.
Entry = tuple[str, str]


@dataclass(frozen=True)
class MediaFile:
    """Facts about a file as it was received.

    Attributes:
        name: File name without folders.
        sha256: Hex digest of the original bytes.
        bytes: Size of the file.
        media_type: From the content, not from the name, such as ``image/jpeg``.
        width_px: Width after the stored orientation is applied, in square pixels.
        height_px: Height after the stored orientation is applied, in square pixels.
        duration_s: Seconds from the first frame to the end of the last; None for a photo.
    """

    name: str
    sha256: str
    bytes: int
    media_type: str
    width_px: int
    height_px: int
    duration_s: float | None


@dataclass(frozen=True)
class Fetched:
    """Where a file was fetched from, when it came by a link instead of an upload.

    Attributes:
        url: The link as it was given, one printable line.
        final_url: The address that the file came from, after redirects; of a platform's page, the page itself.
        fetched_utc: When fetching ended, in UTC, as ``2026-11-28T09:41:07Z``.
        name: File name under which it was kept, without folders.
    """

    url: str
    final_url: str
    fetched_utc: str
    name: str


@dataclass(frozen=True)
class MediaItem:
    """One of several photos or films that a file holds.

    Attributes:
        number: From 1, in the order of the file; names the item in a request.
        kind: A still picture, or one that moves.
        width_px: As in `MediaFile`.
        height_px: As in `MediaFile`.
        duration_s: As in `MediaFile`.
        assessed: Whether the result is about it.
    """

    number: int
    kind: Literal["photo", "film"]
    width_px: int
    height_px: int
    duration_s: float | None
    assessed: bool


@dataclass(frozen=True)
class CredentialAction:
    """Something that was done to the media, as its credentials say.

    Attributes:
        action: Such as ``c2pa.created``.
        when: As stated; None where it is not.
        software: What did it; None where it is not stated.
        digital_source_type: Address of the IPTC's term; None where it is not stated.
        signed_by: Who signed this statement: the signer of the file, or of something it was made from.
    """

    action: str
    when: str | None
    software: str | None
    digital_source_type: str | None
    signed_by: str | None


@dataclass(frozen=True)
class ContentCredentials:
    """C2PA content credentials of a file. Only the state is this software's finding; all else is what they claim.

    Attributes:
        validation_state: "Valid" is no more than intact: see `detector.report.wording.credentials.STATE_TEXT`.
        issuer: Organisation in the signer's certificate.
        common_name: Name in the signer's certificate.
        signed_time: By a time-stamping service; None where none was asked.
        claim_generator: Software that made them.
        actions: Of the file itself first, then of what it was made from.
        digital_source_types: All that the actions name, each once.
        problems: Why they do not hold, or are not trusted.
    """

    validation_state: CredentialsState
    issuer: str | None = None
    common_name: str | None = None
    signed_time: str | None = None
    claim_generator: str | None = None
    actions: tuple[CredentialAction, ...] = ()
    digital_source_types: tuple[str, ...] = ()
    problems: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """What a file says of its own origin; names and values are single printable lines.

    Attributes:
        exif: ``(name, value)``, without binary values; GPS ones start with "GPS".
        container: ``(name, value)`` of the file format, its streams and its text.
        content_credentials: None where it has none.
    """

    exif: tuple[Entry, ...]
    container: tuple[Entry, ...]
    content_credentials: ContentCredentials | None


@dataclass(frozen=True)
class DetectedFace:
    """A face in an image.

    Attributes:
        box_px: ``(x0, y0, x1, y1)`` in pixels of the image, may reach beyond its border.
        landmarks_px: Five ``(x, y)``: right eye, left eye, nose, right and left mouth corner of the person.
        detector_score: Confidence of the detector, 0..1.
        quarter_turns: How often the image was turned counter-clockwise by 90 degrees before the
            face was found upright; 0 unless the picture lies on its side or head.
    """

    box_px: Box
    landmarks_px: tuple[Point, ...]
    detector_score: float
    quarter_turns: int = 0

    @property
    def size_px(self) -> float:
        """Shorter side of the box in pixels."""
        x0, y0, x1, y1 = self.box_px
        return min(x1 - x0, y1 - y0)


@dataclass(frozen=True)
class Thresholds:
    """Scores at which the verdict of a face changes.

    Attributes:
        no_manipulation_found: Scores below it.
        manipulated: Scores from it on; between the two a face is inconclusive.
    """

    no_manipulation_found: float
    manipulated: float

    @property
    def log_odds(self) -> tuple[float, float]:
        """Both as log odds, the lower first; infinite at 0 and 1."""
        with np.errstate(divide="ignore"):
            shares = np.array([self.no_manipulation_found, self.manipulated])
            lower, upper = np.log(shares / (1 - shares)).tolist()
        return lower, upper


@dataclass(frozen=True)
class ModelInfo:
    """Which model answered.

    Attributes:
        id: Hub id, or ``bundled``, or a folder name.
        revision: Hub commit, or ``sha256:`` and the first digits of the weights' hash.
        label_names: Class names in the order of the outputs.
        thresholds: The scores at which the verdict changes: from the evidence scale for the kind of file, else as stored.
        runtime: What computed the scores: ``openvino-int8``, ``openvino-fp32``, ``torch-fp32``, or ``cuda-`` and a type.
        weights_sha256: Hex digest of the weights; None where they lie in no file.
        config_sha256: Hex digest of the config, which holds thresholds and evidence scales; None likewise.
        name: What people call it, with its version; empty where its config gives none.
    """

    id: str
    revision: str
    label_names: tuple[str, ...]
    thresholds: Thresholds
    runtime: str = ""
    weights_sha256: str | None = None
    config_sha256: str | None = None
    name: str = ""

    @property
    def real(self) -> int:
        """Column of the class "real"."""
        return self.label_names.index("real")

    @property
    def manipulations(self) -> tuple[str, ...]:
        """The manipulations that the model tells apart; empty where it only knows "fake"."""
        fakes = tuple(name for name in self.label_names if name != "real")
        return fakes if len(fakes) > 1 else ()
