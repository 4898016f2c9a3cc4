"""The verdict as it is read first: a band, a sentence to quote, what stands behind it and what it does not show."""

from __future__ import annotations

from html import escape

from detector.report.translation import translate
from detector.report.wording import (
    PREVALENCE_WARNING,
    VERDICT_TEXT,
    likely_manipulation_text,
    score_text,
    spans_text,
)
from detector.results import Result, Verdict
from detector.text import printable
from web.views.elements import Words, table, verdict_words, words

BLIND_SPOTS = (
    "It sees faces only: no voices, no synthetic scenes, no edits beside the face. Fully generated people, lip-sync alone "
    "and manipulations unlike its training data stay invisible to it."
)
TRAINING = 'What the model was trained on, and how often it errs, stands under "About this model".'
_FOUND: dict[Verdict, str] = {
    "manipulated": "found strong signs that a face was manipulated",
    "inconclusive": "was inconclusive",
    "no_manipulation_found": "found no manipulation of a face, which does not show that the material is real",
    "no_face": "found no face to assess",
}


def verdict_html(result: Result, language: str) -> str:
    """The verdict with its score between the thresholds, a sentence to quote, warnings and limits."""
    say = words(language)
    facts = [spans_text(result.deciding_track), likely_manipulation_text(result)]
    warnings = "".join(f'<li><span aria-hidden="true">⚠</span> {say(warning)}</li>' for warning in result.warnings)
    return (
        f'<section class="verdict {result.verdict}" role="status">'
        f"<h2>{verdict_words(result.verdict, say)}</h2>"
        f"{_scale(result, say)}<p>{say(VERDICT_TEXT[result.verdict])}</p>"
        + "".join(f"<p><strong>{say(fact)}</strong></p>" for fact in facts if fact)
        + (f'<ul class="warnings">{warnings}</ul>' if warnings else "")
        + f'<figure class="quote"><figcaption>{say("To quote")}</figcaption>'
        f"<blockquote>{escape(quotation(result, language))}</blockquote></figure>"
        f"<details><summary>{say('What this does not show')}</summary>"
        f"<p>{say(VERDICT_TEXT['no_manipulation_found'])}</p><p>{say(BLIND_SPOTS)}</p>"
        f"<p>{say(PREVALENCE_WARNING)}</p><p>{say(TRAINING)}</p></details>"
        f'<p class="model">{say(f"Model {result.model.id}, revision {result.model.revision}.")}</p></section>'
    )


def quotation(result: Result, language: str) -> str:
    """One sentence that an editor can print as it is."""
    model = result.model
    return translate(
        f"An automated check of {printable(result.file.name)} with the model {model.id} (revision {model.revision}) "
        f"{_FOUND[result.verdict]}. Such a check is a lead, not proof.",
        language,
    )


def _scale(result: Result, say: Words) -> str:
    """The score on a line with both thresholds, and the same in words."""
    if result.score is None:
        return ""
    low, high = result.model.thresholds.no_manipulation_found, result.model.thresholds.manipulated
    said = [
        say(f"Score {score_text(result.score, result.model.thresholds)}"),
        say(f"no manipulation found below {score_text(low)}"),
        say(f"signs of manipulation from {score_text(high)}"),
    ]
    bands = f"--low:{low:.4f};--high:{high:.4f};--score:{result.score:.4f}"
    return f'<div class="scale" aria-hidden="true" style="{bands}"><i></i></div><p class="score">{" · ".join(said)}</p>'


def batch_html(rows: list[dict], language: str) -> str:
    """One row a file.

    Args:
        rows: Of `detector.batch.output.rows`.
        language: Of the reader.
    """
    say = words(language)
    head = [say(title) for title in ("File", "Verdict", "Score", "Faces", "Signs of manipulation at", "Warnings")]
    body = []
    for row in rows:
        notes = [
            row["error"],
            row["warnings"],
            row["duplicate_of"] and f"The same file as {printable(row['duplicate_of'])}.",
        ]
        span = "" if row["from_s"] is None else say(f"from {row['from_s']:.1f} to {row['to_s']:.1f} s")
        score = "" if row["score"] is None else score_text(row["score"])
        faces = "" if row["faces"] is None else str(row["faces"])
        verdict = say(row["verdict"])
        body.append(
            [
                escape(printable(row["file"])),
                verdict,
                score,
                faces,
                span,
                "<br>".join(say(note) for note in notes if note),
            ]
        )
    return table(head, body, say("Many files"))
