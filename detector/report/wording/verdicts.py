"""Results as words that an editor can quote."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from detector.evidence_scale import MANIPULATED_FROM, NOT_FOUND_BELOW, EvidenceScales
from detector.facts import Thresholds
from detector.messages import Message, counted, joined
from detector.report.wording.cautions import cautions
from detector.report.wording.evidence import (
    BAND_TEXT,
    BAND_TITLE,
    BAND_WORDS,
    counts_words,
    evidence_notes,
    frequency_words,
    ratio_text,
)
from detector.report.wording.items import items_text
from detector.report.wording.known_real import decides_text, follows_known_real, known_real_texts
from detector.report.wording.prevalence import prevalence_note
from detector.results import SCORE_DECIMALS, Evidence, FaceTrack, Result, Verdict
from detector.text import capitalised

VERDICT_TITLE: dict[Verdict, Message] = {
    "manipulated": Message("Signs of manipulation"),
    "inconclusive": Message("Inconclusive"),
    "no_manipulation_found": Message("No manipulation found"),
    "no_face": Message("No face found"),
}
VERDICT_TEXT: dict[Verdict, Message] = {
    "manipulated": Message(
        "The model finds strong signs that a face was manipulated. This is a lead to check, not proof."
    ),
    "inconclusive": Message("The model cannot tell. Treat the material as unverified."),
    "no_manipulation_found": Message(
        "The model found no manipulation of a face. That does not show that the material is real: "
        "other kinds of manipulation, and ones the model never saw, stay invisible to it."
    ),
    "no_face": Message("The model assesses faces only, and found none. Nothing was assessed."),
}
_WEIGHT_TITLES = (Message("Weight of evidence"), Message("Likelihood ratio"))
_COMPARED_WEIGHT_TITLES = (
    Message("Weight of evidence, without the known-real files"),
    Message("Likelihood ratio, without the known-real files"),
)
OVERLAY_SCALE = Message("from no to strong evidence for manipulation, times the score of the face.")


def score_text(score: float, thresholds: Thresholds | None = None) -> str:
    """Writes a score with two decimals; with more near 0 and 1, and where two would move it across a threshold."""
    bounds = (thresholds.no_manipulation_found, thresholds.manipulated) if thresholds else ()
    for decimals in (2, 4, SCORE_DECIMALS):
        text = f"{score:.{decimals}f}"
        is_extreme = decimals == 2 and not 0.01 <= score < 0.99
        if not is_extreme and all((float(text) >= bound) == (score >= bound) for bound in bounds):
            break
    return text


def card_markdown(card: str, folder: Path | None) -> str:
    """Returns a model card without its YAML front matter, and with its plots inside the text.

    The page serves no files of the model.

    Args:
        card: Text of the README.md of a model.
        folder: Where its pictures lie; those that are not there are left out.
    """
    text = card.split("\n---\n", 1)[1] if card.startswith("---\n") else card

    def embedded(found: re.Match[str]) -> str:
        file = folder / "plots" / found["name"] if folder else None
        if file is None or not file.is_file():
            return ""
        return f"![{found['label']}](data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()})"

    return re.sub(r"!\[(?P<label>[^\]]*)\]\(plots/(?P<name>\w+\.png)\)", embedded, text)


def title_of(judged: Result | FaceTrack) -> Message:
    """Gives the headline of a file or a face: the band of its evidence; its verdict where it has none."""
    evidence = judged.deciding_evidence if isinstance(judged, Result) else judged.evidence
    return BAND_TITLE[evidence.band] if evidence else VERDICT_TITLE[judged.verdict]


def assessed_text(result: Result) -> Message | None:
    """Says how many of the faces were assessed; None where all were, or none was found.

    Faces of a clip are tracks where they were assessed, and sightings in single frames where they were not: of these the
    frames are counted.
    """
    if not result.not_assessed:
        return None
    assessed = len(result.faces)
    if result.file.duration_s is None:
        every = assessed + len(result.not_assessed)
        return counted(
            "{assessed} of {count} face assessed", "{assessed} of {count} faces assessed", every, assessed=assessed
        )
    faces = counted("{count} face assessed", "{count} faces assessed", assessed)
    frames = len({face.time_s for face in result.not_assessed})
    return counted(
        "{faces}; in {count} frame there is a face that could not be",
        "{faces}; in {count} frames there is a face that could not be",
        frames,
        faces=faces,
    )


def text_of(result: Result) -> Message:
    """Says what the headline of a file means."""
    evidence = result.deciding_evidence
    return BAND_TEXT[evidence.band] if evidence else VERDICT_TEXT[result.verdict]


def weight_texts(result: Result, scales: EvidenceScales | None = None) -> list[Message]:
    """Says how strong the evidence of a file is, and why; nothing where the model came without evidence scales.

    Where known-real files decide, this comes first, and what the reference files alone would say is told as such.

    Args:
        result: What is said about the file.
        scales: Those of the model that answered.

    Returns:
        Sentences; the first may begin with a small letter.
    """
    evidence = result.evidence
    if evidence is None:
        return []
    arguments: dict[str, str | int | Message] = {
        "frequency": frequency_words(result, evidence),
        "counts": counts_words(evidence),
    }
    decides = decides_text(result)
    if decides:
        texts = [decides, Message("Without these files: {frequency}. {counts}.", arguments)]
    else:
        texts = [Message("{frequency}. {counts}.", arguments)]
    return texts + evidence_notes(result, evidence, scales)


def reference_title(result: Result) -> Message:
    """Gives the title of the plot that shows a file among the reference files."""
    if follows_known_real(result):
        return Message("Among the reference files, without the known-real ones")
    return Message("Among the reference files")


def verdict_markdown(result: Result, scales: EvidenceScales | None = None) -> str:
    """Writes the verdict in English, with the model that answered and every warning.

    Args:
        result: What is said about the file.
        scales: Those of the model that answered.
    """
    lines = [_headline(result)]
    lines += [capitalised(str(text)) for text in weight_texts(result, scales)]
    lines.append(str(text_of(result)))
    lines += [
        str(fact) for fact in (spans_text(result, result.deciding_track), likely_manipulation_text(result)) if fact
    ]
    lines += map(str, known_real_texts(result))
    lines += map(str, filter(None, [items_text(result)]))
    lines += [f"- ⚠ {warning}" for warning in (*result.warnings, *cautions(result, scales))]
    if result.verdict == "manipulated":
        lines.append(f"*{prevalence_note(result, scales)}*")
    lines.append(f"Model `{result.model.id}`, revision `{result.model.revision}`; {_operating_points(result)}.")
    return "\n\n".join(lines)


def _headline(result: Result) -> str:
    if evidence := result.deciding_evidence:
        ratio = ratio_text(evidence.log10_likelihood_ratio)
        return f"## {title_of(result)} (likelihood ratio about {ratio})"
    score = "" if result.score is None else f" (score {score_text(result.score, result.model.thresholds)})"
    return f"## {title_of(result)}{score}"


def _operating_points(result: Result) -> str:
    if result.evidence:
        return (
            f"*signs of manipulation* from a likelihood ratio of {MANIPULATED_FROM:g}, "
            f"*no manipulation found* below {NOT_FOUND_BELOW:g}"
        )
    thresholds = result.model.thresholds
    return (
        f"*signs of manipulation* from {score_text(thresholds.manipulated)}, "
        f"*no manipulation found* below {score_text(thresholds.no_manipulation_found)}"
    )


def spans_text(result: Result, track: FaceTrack | None) -> Message | None:
    """Says from when to when a face track shows signs of manipulation; None where it does not.

    Parts of a clip are weighed on the scale alone: where known-real files decide, this says that it leaves them out.

    Args:
        result: What is said about the file.
        track: One of its faces.
    """
    if track is None or not track.suspicious_spans:
        return None
    weighed = [(span, span.evidence) for span in track.suspicious_spans if span.evidence]
    if weighed:
        parts = [
            Message(
                "{start_s} to {end_s} s: {band}",
                {"start_s": f"{span.start_s:.1f}", "end_s": f"{span.end_s:.1f}", "band": BAND_WORDS[evidence.band]},
            )
            for span, evidence in weighed
        ]
        arguments: dict[str, str | int | Message] = {"number": track.track_id, "parts": joined([*parts], "; ")}
        if follows_known_real(result):
            return Message(
                "Without the known-real files, parts of the clip by themselves, face {number}: {parts}.", arguments
            )
        return Message("Parts of the clip by themselves, face {number}: {parts}.", arguments)
    if len(track.suspicious_spans) == 1:
        (span,) = track.suspicious_spans
        return Message(
            "Face {number} shows signs of manipulation from {start_s} to {end_s} s.",
            {"number": track.track_id, "start_s": f"{span.start_s:.1f}", "end_s": f"{span.end_s:.1f}"},
        )
    spans = ", ".join(f"{span.start_s:.1f}\N{EN DASH}{span.end_s:.1f}" for span in track.suspicious_spans)
    return Message(
        "Face {number} shows signs of manipulation in these seconds: {spans}.",
        {"number": track.track_id, "spans": spans},
    )


def likely_manipulation_text(result: Result) -> Message | None:
    """Names the kind of manipulation of the deciding face; None where there is none to tell."""
    deciding = result.deciding_track
    if deciding is None or deciding.manipulation is None or deciding.verdict == "no_manipulation_found":
        return None
    likely = deciding.manipulation
    return Message(
        "If face {number} is fake, the model takes it for {manipulation} ({share}).",
        {"number": deciding.track_id, "manipulation": likely.name, "share": f"{likely.share:.0%}"},
    )


def face_table(result: Result) -> tuple[list[Message], list[list[str | Message]]]:
    """Returns titles and one row for each face track; only what there is to tell: a photo has no frames."""
    is_clip = result.file.duration_s is not None
    has_manipulations = any(track.manipulation for track in result.faces)
    is_weighed = any(track.evidence for track in result.faces)
    is_compared = follows_known_real(result)  # each face is weighed on the scale alone
    titles = [Message("Face"), Message("Verdict"), Message("Score")]
    if is_weighed:
        titles[1:2] = _COMPARED_WEIGHT_TITLES if is_compared else _WEIGHT_TITLES
    if is_clip:
        titles += [Message("Highest frame score"), Message("Frames"), _parts_title(is_weighed, is_compared)]
    if has_manipulations:
        titles.append(Message("If fake, most like"))
    rows = []
    for track in result.faces:
        row: list[str | Message] = [str(track.track_id), title_of(track)]
        if is_weighed:
            row.append(_ratio_cell(track.evidence))
        row.append(score_text(track.score, result.model.thresholds))
        if is_clip:
            spans = [f"{span.start_s:.1f}\N{EN DASH}{span.end_s:.1f} s" for span in track.suspicious_spans]
            row += [score_text(max(frame.score for frame in track.frames)), str(len(track.frames)), ", ".join(spans)]
        if has_manipulations:
            row.append(track.manipulation.name if track.manipulation else "")
        rows.append(row)
    return titles, rows


def _parts_title(is_weighed: bool, is_compared: bool) -> Message:
    if is_compared:
        return Message("Suspicious parts, without the known-real files")
    return Message("Suspicious parts") if is_weighed else Message("Signs of manipulation at")


def _ratio_cell(evidence: Evidence | None) -> str:
    return ratio_text(evidence.log10_likelihood_ratio) if evidence else ""
