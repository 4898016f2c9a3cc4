"""What became of many files as the documented JSON, as rows for spreadsheets and as lines for people."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from detector.batch.runner import BatchItem
from detector.messages import Message
from detector.report.wording.evidence import BAND_TITLE, ratio_text
from detector.report.wording.items import items_text
from detector.report.wording.known_real import known_real_texts
from detector.report.wording.verdicts import VERDICT_TITLE, score_text, spans_text, title_of
from detector.results import SCHEMA_VERSION, Result, result_to_dict
from detector.text import printable

NOT_ANALYSED = Message("Not analysed")
COLUMNS = (
    "file",
    "sha256",
    "media_type",
    "verdict",
    "score",
    "faces",
    "from_s",
    "to_s",
    "warnings",
    "model",
    "model_revision",
    "threshold_no_manipulation_found",
    "threshold_manipulated",
    "duplicate_of",
    "error",
    "evidence_band",
    "log10_likelihood_ratio",
    "known_real_files",
    "higher_than_known_real",
    "item",
    "items",
)
# A cell that starts so is a formula to spreadsheets; to East Asian ones also in full width.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def item_to_dict(item: BatchItem, with_path: bool = False) -> dict[str, Any]:
    """Gives one item as in the documented JSON.

    Args:
        item: The item.
        with_path: Also says where the file lies; what is sent to others must not.
    """
    name = str if with_path else _name
    return {
        "file": name(item.path),
        "sha256": item.sha256 or None,
        "duplicate_of": name(item.duplicate_of) if item.duplicate_of else None,
        "result": result_to_dict(item.result) if item.result else None,
        "error": str(item.error) if item.error else None,
    }


def to_document(items: Iterable[BatchItem], with_path: bool = False) -> dict[str, Any]:
    """Gives all items as the documented JSON."""
    return {"schema_version": SCHEMA_VERSION, "items": [item_to_dict(item, with_path) for item in items]}


def to_json(items: Iterable[BatchItem], with_path: bool = False) -> str:
    """Writes all items as one JSON document, in ASCII, so that no file name can break it."""
    return json.dumps(to_document(items, with_path), indent=2) + "\n"


def rows(items: Iterable[BatchItem], with_path: bool = False) -> list[dict[str, Any]]:
    """Makes a row for each file, with the keys of `COLUMNS`; None where there is nothing to say.

    `from_s` and `to_s` are the first and the last sampled instant of a video, in seconds, at which the face that decides
    shows signs of manipulation. Of the `known_real_files` that were compared, `higher_than_known_real` score lower.
    `item` is the number of the photo or film that was assessed, of the `items` that the file holds.

    Args:
        items: The items.
        with_path: ``file`` says where the file lies, not only its name.
    """
    return [_row(item, str if with_path else _name) for item in items]


def to_csv(items: Iterable[BatchItem], with_path: bool = False, with_header: bool = True) -> str:
    """Writes the rows as CSV with CR LF.

    A file of it needs the encoding ``utf-8-sig`` and ``newline=""``, else Excel garbles accents. Text that a spreadsheet
    would take for a formula gets a leading apostrophe.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    if with_header:
        writer.writeheader()
    for row in rows(items, with_path):
        writer.writerow({column: _harmless(value) for column, value in row.items()})
    return text.getvalue()


def plain_text(item: BatchItem) -> str:
    """Writes a line with verdict, score and path; below it the seconds and warnings, or why there is no result.

    On an evidence scale, its band and likelihood ratio stand in place of verdict and score.
    """
    notes, score = [], ""
    if result := item.result:
        score = "" if result.score is None else score_text(result.score, result.model.thresholds)
        if result.evidence:
            notes += [str(parts)] if (parts := spans_text(result, result.deciding_track)) else []
        elif span := manipulated_span_s(result):
            notes.append(f"Signs of manipulation from {span[0]:.1f} to {span[1]:.1f} s.")
        notes += map(str, known_real_texts(result))
        notes += map(str, filter(None, [items_text(result)]))
        notes += map(str, result.warnings)
    elif item.error:
        notes.append(str(item.error))
    if item.duplicate_of:
        notes.append(f"The same file as {item.duplicate_of}.")
    title = str(title_of(item.result) if item.result else NOT_ANALYSED)
    first = f"{title:<22} {score:>8}  {item.path}"
    if result and (evidence := result.deciding_evidence):
        first = f"{title:<36} LR {ratio_text(evidence.log10_likelihood_ratio):>5}  {item.path}"
    return "".join(f"{printable(text)}\n" for text in (first, *(f"    {note}" for note in notes)))


def _row(item: BatchItem, name: Callable[[Path], str]) -> dict[str, Any]:
    row = dict.fromkeys(COLUMNS)
    row |= {"file": name(item.path), "sha256": item.sha256 or None, "verdict": str(NOT_ANALYSED)}
    row["error"] = str(item.error) if item.error else None
    if item.duplicate_of:
        row["duplicate_of"] = name(item.duplicate_of)
    if result := item.result:
        thresholds = result.model.thresholds
        row["from_s"], row["to_s"] = manipulated_span_s(result) or (None, None)
        if result.items:
            row["item"], row["items"] = result.assessed_item, len(result.items)
        if comparison := result.known_real:
            row["known_real_files"] = comparison.higher_than.of
            row["higher_than_known_real"] = comparison.higher_than.count
        row |= {
            "media_type": result.file.media_type,
            "verdict": str(VERDICT_TITLE[result.verdict]),
            "score": result.score,
            "faces": len(result.faces),
            "warnings": " ".join(map(str, result.warnings)) or None,
            "model": result.model.id,
            "model_revision": result.model.revision,
            "threshold_no_manipulation_found": thresholds.no_manipulation_found,
            "threshold_manipulated": thresholds.manipulated,
        }
        if evidence := result.deciding_evidence:
            row["evidence_band"] = str(BAND_TITLE[evidence.band])
            row["log10_likelihood_ratio"] = evidence.log10_likelihood_ratio
    return row


def manipulated_span_s(result: Result) -> tuple[float, float] | None:
    """Gives the first and last instant at which the deciding face shows signs of manipulation; None without one."""
    spans = result.deciding_track.suspicious_spans if result.deciding_track else ()
    return (spans[0].start_s, spans[-1].end_s) if spans else None


def _name(path: Path) -> str:
    return path.name


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.encode("utf-8", "backslashreplace").decode()  # file names may hold bytes that are no text
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
