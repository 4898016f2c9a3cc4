"""What the model is, in short and in the language of the reader, and its whole card as it came."""

from __future__ import annotations

from dataclasses import dataclass

from detector.evidence_scale import EvidenceScale
from detector.messages import Message, joined
from detector.network.loading import LoadedModel
from detector.report.model_facts import model_facts
from detector.report.wording.not_shown import BLIND_SPOTS, NEVER_REAL
from detector.report.wording.verdicts import card_markdown
from detector.results import ScaleName
from web.views.elements import fill

# Parts of clips are told with the whole clips.
_KINDS: dict[ScaleName, Message] = {"photo": Message("Photos"), "clip": Message("Clips")}


@dataclass(frozen=True)
class _Scale:
    """What is told of one evidence scale: the kind of file, the files behind it, and how often it erred."""

    kind: Message
    files: Message
    errors: tuple[Message, ...]


def about_html(model: LoadedModel, language: str) -> str:
    """Tells what the model is, what it learned from, how often it errs, what it cannot see, and its terms."""
    facts = model_facts(model)
    scales = [_scale(scale, _KINDS[scale.name]) for scale in _told(model)]
    return fill(
        "about.html",
        language,
        model=model.info,
        warning=model.warning,
        facts=facts,
        fakes=joined(list(facts.fakes)),
        unseen=joined(list(facts.unseen)),
        crops=f"{facts.crops:,}".replace(",", " "),
        scales=scales,
        blind_spots=BLIND_SPOTS[True],
        never_real=NEVER_REAL,
        has_card=bool(model.card),
    )


def card_of(model: LoadedModel) -> str:
    """Gives the card as Markdown that says of itself that it is in English; empty where the weights came without one."""
    card = card_markdown(model.card, model.folder)
    # the empty lines end the HTML, so that what lies between them is Markdown again
    return f'<div lang="en">\n\n{card}\n\n</div>' if card else ""


def _told(model: LoadedModel) -> list[EvidenceScale]:
    return [scale for scale in model.scales.all if scale.name in _KINDS] if model.scales else []


def _scale(scale: EvidenceScale, kind: Message) -> _Scale:
    names = dict.fromkeys(source.manipulation for source in scale.sources if source.manipulation != "real")
    files = Message(
        "{real} real and {fake} manipulated reference files ({names})",
        {"real": len(scale.real), "fake": len(scale.fake), "names": joined(list(names))},
    )
    unseen = scale.unseen_sources
    if unseen is None:
        return _Scale(kind, files, ())
    wrong, missed = unseen.real_as_manipulated, unseen.fake_as_not_found
    return _Scale(
        kind,
        files,
        (
            Message(
                "Called manipulated though real: {count} of {of} ({percent} %)",
                {"count": wrong.count, "of": wrong.of, "percent": _percent(wrong.count, wrong.of)},
            ),
            Message(
                "Not found though manipulated: {count} of {of} ({percent} %)",
                {"count": missed.count, "of": missed.of, "percent": _percent(missed.count, missed.of)},
            ),
        ),
    )


def _percent(count: int, of: int) -> str:
    return f"{100 * count / max(of, 1):.0f}"
