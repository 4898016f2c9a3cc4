"""Results as words that an editor can quote."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from detector.facts import Thresholds
from detector.messages import Message
from detector.report.known_real_wording import known_real_texts
from detector.results import SCORE_DECIMALS, FaceTrack, Result, Verdict

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
PREVALENCE_WARNING = Message(
    "Where few of the files that come in are fake, many alarms are false: a detector with {precision} precision on a balanced "
    "test, and a recall of {recall}, is right in 84 of 100 alarms when {more} of the files are fake, in 50 when {fewer} are.",
    # as arguments, because gettext's tools take "% o" for a placeholder
    {"precision": "99 %", "recall": "69 %", "more": "5 %", "fewer": "1 %"},
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


def verdict_markdown(result: Result) -> str:
    """Writes the verdict in English, with the model that answered and every warning."""
    score = "" if result.score is None else f" (score {score_text(result.score, result.model.thresholds)})"
    lines = [f"## {VERDICT_TITLE[result.verdict]}{score}", str(VERDICT_TEXT[result.verdict])]
    lines += [str(fact) for fact in (spans_text(result.deciding_track), likely_manipulation_text(result)) if fact]
    lines += map(str, known_real_texts(result))
    lines += [f"- ⚠ {warning}" for warning in result.warnings]
    if result.verdict == "manipulated":
        lines.append(f"*{PREVALENCE_WARNING}*")
    thresholds = result.model.thresholds
    lines.append(
        f"Model `{result.model.id}`, revision `{result.model.revision}`; *signs of manipulation* from "
        f"{score_text(thresholds.manipulated)}, *no manipulation found* below {score_text(thresholds.no_manipulation_found)}."
    )
    return "\n\n".join(lines)


def spans_text(track: FaceTrack | None) -> Message | None:
    """Says from when to when a face track shows signs of manipulation; None where it does not."""
    if track is None or not track.suspicious_spans:
        return None
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
    titles = [Message("Face"), Message("Verdict"), Message("Score")]
    if is_clip:
        titles += [Message("Highest frame score"), Message("Frames"), Message("Signs of manipulation at")]
    if has_manipulations:
        titles.append(Message("If fake, most like"))
    rows = []
    for track in result.faces:
        score = score_text(track.score, result.model.thresholds)
        row: list[str | Message] = [str(track.track_id), VERDICT_TITLE[track.verdict], score]
        if is_clip:
            spans = [f"{span.start_s:.1f}\N{EN DASH}{span.end_s:.1f} s" for span in track.suspicious_spans]
            row += [score_text(max(frame.score for frame in track.frames)), str(len(track.frames)), ", ".join(spans)]
        if has_manipulations:
            row.append(track.manipulation.name if track.manipulation else "")
        rows.append(row)
    return titles, rows
