"""The scales of a model, as its config stores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from detector.evidence_scale.scale import EvidenceScale, JudgedFiles, ReferenceSource, SmallFaces, UnseenSources
from detector.results import Count, ScaleName, to_plain


@dataclass(frozen=True)
class EvidenceScales:
    """The scales of a model.

    Attributes:
        photo: For a face of a photo.
        clip: For a face track of a clip.
        span: For the part of a track that speaks most for manipulation; None where none was fitted.
        small_faces: How they judge tiny faces; None where that was not measured, or no worse than others.
    """

    photo: EvidenceScale
    clip: EvidenceScale
    span: EvidenceScale | None = None
    small_faces: SmallFaces | None = None

    @property
    def all(self) -> list[EvidenceScale]:
        """Those that there are."""
        return [scale for scale in (self.photo, self.clip, self.span) if scale]

    def of(self, is_clip: bool) -> EvidenceScale:
        """Gives the scale for whole files of a kind."""
        return self.clip if is_clip else self.photo

    @classmethod
    def from_config(cls, stored: dict[str, Any]) -> EvidenceScales:
        """Reads what `to_config` made.

        Raises:
            KeyError: A scale is missing.
            TypeError: A value is of another type.
            ValueError: A scale is not what it should be.
        """
        names: tuple[ScaleName, ...] = ("photo", "clip", "span")
        photo, clip, span = (_read(name, stored[name]) if stored.get(name) else None for name in names)
        if photo is None or clip is None:
            raise KeyError("evidence_scale needs photo and clip")
        return cls(photo, clip, span, _read_small(stored["small_faces"]) if stored.get("small_faces") else None)

    def named(self, name: ScaleName) -> EvidenceScale | None:
        """Gives a scale by its name."""
        return next((scale for scale in self.all if scale.name == name), None)

    def summary(self) -> dict[str, Any]:
        """Tells what each scale rests on; see `EvidenceScale.summary`."""
        return {scale.name: scale.summary() for scale in self.all}

    def to_config(self) -> dict[str, Any]:
        """Gives what the model's ``config.json`` stores under ``detector.evidence_scale``."""
        small: dict[str, Any] = {"small_faces": to_plain(self.small_faces)} if self.small_faces else {}
        return small | {
            scale.name: {
                "statistic": scale.statistic,
                "frames": scale.frames,
                "parts": scale.parts,
                "unseen_sources": to_plain(scale.unseen_sources),
                "judged": scale.judged.to_bands() if scale.judged else None,
                "knots": list(scale.knots),
                "log10_ratios": list(scale.log10_ratios),
                "sources": [vars(source) for source in scale.sources],
                "real": list(scale.real),
                "fake": list(scale.fake),
            }
            for scale in self.all
        }


def _read(name: ScaleName, stored: dict[str, Any]) -> EvidenceScale:
    return EvidenceScale(
        name,
        str(stored["statistic"]),
        _numbers(stored["knots"]),
        _numbers(stored["log10_ratios"]),
        tuple(sorted(_numbers(stored["real"]))),
        tuple(sorted(_numbers(stored["fake"]))),
        tuple(ReferenceSource(**source) for source in stored["sources"]),
        int(stored["frames"]),
        int(stored["parts"]),
        UnseenSources(*(Count(**count) for count in unseen.values())) if (unseen := stored["unseen_sources"]) else None,
        JudgedFiles.from_bands(judged) if (judged := stored.get("judged")) else None,
    )


def _read_small(stored: dict[str, Any]) -> SmallFaces:
    return SmallFaces(
        float(stored["below_px"]),
        float(stored["side_px"]),
        Count(**stored["supported"]),
        Count(**stored["supported_before"]),
    )


def _numbers(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
