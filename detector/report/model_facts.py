"""What is known of a model at run time beyond its scores: what it learned from, and under which terms it may be used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from detector.network.loading import LoadedModel


@dataclass(frozen=True)
class ModelFacts:
    """Says where a model comes from; what its folder does not tell is empty.

    Attributes:
        fakes: Names of the manipulations that it learned from.
        unseen: Names of manipulations and data sets that were kept from training.
        crops: How many face crops it learned from; 0 where that is not known.
        terms: Name of the terms of the weights, as the card states it.
    """

    fakes: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    crops: int = 0
    terms: str = ""


class _Data(msgspec.Struct):
    manipulations: list[str] = []
    crops: dict[str, int] = {}


class _Run(msgspec.Struct):
    left_out: list[str] = []


class _Training(msgspec.Struct):
    gpu_run: _Run | None = None


class _Evaluation(msgspec.Struct):
    """The part of ``evaluation.json`` that is told."""

    data: list[_Data] = []
    training: _Training = msgspec.field(default_factory=_Training)


def model_facts(model: LoadedModel) -> ModelFacts:
    """Reads what the folder of a model tells, beside its weights: ``evaluation.json``, and the head of the card."""
    evaluation = _evaluation(model.folder)
    run = evaluation.training.gpu_run
    unseen = run.left_out if run else []
    used = [data for data in evaluation.data if data.crops.get("train")]
    fakes = dict.fromkeys(name for data in used for name in data.manipulations if name not in unseen)
    crops = sum(data.crops["train"] for data in used)
    return ModelFacts(tuple(fakes), tuple(unseen), crops, _terms(model.card))


def _evaluation(folder: Path | None) -> _Evaluation:
    if folder is None:
        return _Evaluation()
    try:
        return msgspec.json.decode((folder / "evaluation.json").read_bytes(), type=_Evaluation)
    except (
        OSError,
        ValueError,
    ):  # msgspec's errors are ValueErrors; other models come without the file, or with another
        return _Evaluation()


def _terms(card: str) -> str:
    """Gives ``license_name`` of the head of a card, which stands beside ``license: other``; else ``license``."""
    head = card.split("\n---\n", 1)[0] if card.startswith("---\n") else ""
    stated: dict[str, str] = dict(re.findall(r"^(license|license_name): *(\S.*?) *$", head, flags=re.MULTILINE))
    return stated.get("license_name") or stated.get("license", "")
