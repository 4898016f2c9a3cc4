"""What a scan writes of a file: one row of flat columns, and the whole result as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from detector.batch.runner import BatchItem
from detector.evidence_scale.bands import BANDS
from detector.facts import ModelInfo
from detector.messages import Message
from detector.results import SCHEMA_VERSION, Band, result_to_dict
from detector.version import __version__

Row = dict[str, Any]

_SPAN = pa.struct([("start_s", pa.float64()), ("end_s", pa.float64())])
SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("fingerprint", pa.string()),
        ("media_type", pa.string()),
        ("verdict", pa.string()),
        ("evidence_band", pa.string()),
        ("log10_likelihood_ratio", pa.float64()),
        ("score", pa.float64()),
        ("faces", pa.int32()),
        ("spans", pa.list_(_SPAN)),
        ("duration_s", pa.float64()),
        ("error", pa.string()),
        ("retry", pa.bool_()),
        ("report", pa.string()),
        ("model_id", pa.string()),
        ("model_revision", pa.string()),
        ("config_sha256", pa.string()),
        ("software", pa.string()),
        ("schema_version", pa.string()),
        ("frames_per_video", pa.int32()),
        ("sampling", pa.string()),
        ("analysed_at", pa.timestamp("us", tz="UTC")),
        ("seconds", pa.float64()),
        ("result", pa.string()),
    ]
)
# What tells whether a row still says what a new analysis of the same bytes would say.
MAKER = ("model_id", "model_revision", "config_sha256", "software", "schema_version", "frames_per_video", "sampling")


@dataclass(frozen=True)
class Maker:
    """What a row is made by; with the bytes of a file, it decides what the row says.

    Attributes:
        model: The model that answers.
        frames_per_video: How many frames of a video are sampled.
        is_exact: See `Analyzer.analyze_video`.
        software: Version of this package.
    """

    model: ModelInfo
    frames_per_video: int
    is_exact: bool
    software: str = __version__

    def columns(self) -> Row:
        """Gives the columns `MAKER`."""
        return {
            "model_id": self.model.id,
            "model_revision": self.model.revision,
            "config_sha256": self.model.config_sha256,
            "software": self.software,
            "schema_version": SCHEMA_VERSION,
            "frames_per_video": self.frames_per_video,
            "sampling": "exact" if self.is_exact else "near",
        }

    def is_model(self, other: ModelInfo) -> bool:
        """Tells whether another model gives the same results; what computes it may differ from machine to machine."""
        return (self.model.id, self.model.revision, self.model.config_sha256) == (
            other.id,
            other.revision,
            other.config_sha256,
        )


def row_of(path: str, fingerprint: str, item: BatchItem, maker: Maker, seconds: float, report: str | None) -> Row:
    """Makes the row of a file. One whose bytes could not be read is tried again by the next scan.

    Args:
        path: How the file is named, without credentials.
        fingerprint: See `addresses.fingerprint`.
        item: What became of it.
        maker: What made the row.
        seconds: How long that took.
        report: Where its evidence report lies; None for none.
    """
    row = _row(path, fingerprint, maker)
    if item.error:
        row |= {"error": str(item.error), "retry": not item.sha256}
    row |= {"sha256": item.sha256 or None, "seconds": round(seconds, 3), "report": report}
    if result := item.result:
        evidence, deciding = result.deciding_evidence, result.deciding_track
        row |= {
            "media_type": result.file.media_type,
            "verdict": result.verdict,
            "evidence_band": evidence.band if evidence else None,
            "log10_likelihood_ratio": evidence.log10_likelihood_ratio if evidence else None,
            "score": result.score,
            "faces": len(result.faces),
            "spans": [
                {"start_s": span.start_s, "end_s": span.end_s}
                for span in (deciding.suspicious_spans if deciding else ())
            ],
            "duration_s": result.file.duration_s,
            "result": json.dumps(result_to_dict(result)),
        }
    return row


def error_row(path: str, fingerprint: str, error: Message, maker: Maker, retry: bool = False) -> Row:
    """Makes the row of a file that was not analysed.

    Args:
        path: How the file is named, without credentials.
        fingerprint: See `addresses.fingerprint`.
        error: Why it was not.
        maker: What made the row.
        retry: Whether the next scan tries the file again.
    """
    return _row(path, fingerprint, maker) | {"error": str(error), "retry": retry}


def _row(path: str, fingerprint: str, maker: Maker) -> Row:
    empty: Row = dict.fromkeys(SCHEMA.names)
    facts = {
        "path": as_text(path),
        "fingerprint": fingerprint or None,
        "retry": False,
        "analysed_at": datetime.now(UTC),
    }
    return empty | facts | maker.columns()


def is_wanted(band: str | None, verdict: str | None, lowest: Band) -> bool:
    """Tells whether a file gets an evidence report.

    Args:
        band: Of its evidence; None where the model has no evidence scale, or there is no result.
        verdict: Its verdict, which decides then; None likewise.
        lowest: The lowest band of which reports are written.
    """
    if band is None:
        return verdict == "manipulated"
    order: list[str] = [name for _, name in BANDS]  # the strongest first
    return order.index(band) <= order.index(lowest)


def table_of(rows: list[Row]) -> pa.Table:
    """Makes the Arrow table of some rows."""
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def as_text(path: str) -> str:
    """Gives a path as text; file names may hold bytes that are none."""
    return path.encode("utf-8", "backslashreplace").decode()
