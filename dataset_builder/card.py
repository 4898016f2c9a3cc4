"""Renders the data set card from the summaries, so that no count is typed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from dataset_builder.layouts import LAYOUTS
from dataset_builder.layouts.layout import Layout
from dataset_builder.sources import REAL
from dataset_builder.summary import Summary, summary_table

_TEMPLATE = Path(__file__).parent / "card_template.md"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def render_card(
    summaries: list[Summary], configs: list[dict[str, Any]] | None = None, more: dict[str, Any] | None = None
) -> str:
    """Renders the card, Markdown with front matter.

    Args:
        summaries: One of each configuration.
        configs: Where the Parquet files of each configuration lie; None where there are none.
        more: Front matter that the Hub client wrote and that stays.
    """
    layout = LAYOUTS[summaries[0].settings["layout"]]
    data = (more or {}) | _front_matter(layout, summaries) | ({"configs": configs} if configs else {})
    card = DatasetCard.from_template(
        DatasetCardData(**data),
        template_path=str(_TEMPLATE),
        title=layout.title,
        link=layout.link,
        is_faceforensics=layout.link == LAYOUTS["faceforensics"].link,
        configurations="\n\n".join(map(_configuration, summaries)),
        commands="\n".join(map(_command, summaries)),
        limits="".join(map(_limits, summaries)),
    )
    return f"{str(card).rstrip()}\n"


def _front_matter(layout: Layout, summaries: list[Summary]) -> dict[str, Any]:
    """Collects what the card says to the Hub."""
    crops = sum(sum(counts.values()) for summary in summaries for counts in summary.frames.values())
    return {
        "license": "other",
        "license_name": layout.licence,
        "license_link": layout.link,
        "pretty_name": f"Face crops of {layout.title}",
        "task_categories": ["image-classification"],
        "size_categories": [next((size for limit, size in _SIZES if crops < limit), "1M<n<10M")],
        "tags": ["deepfake-detection", "face-manipulation", "fact-checking"],
        "extra_gated_prompt": (
            f"These are face crops of {layout.title}. I have accepted its terms of use myself ({layout.link}), and will "
            "not pass the images on, identify people in them, or make manipulations with them."
        ),
        "extra_gated_fields": {
            "Name": "text",
            "Affiliation": "text",
            "I have accepted the terms of the source data set": "checkbox",
        },
    }


def _configuration(summary: Summary) -> str:
    settings = summary.settings
    split = settings["split"] + (f" ({settings['held_out']} held out)" if settings["held_out"] else "")
    lines = [
        f"## Configuration `{summary.config}`",
        f"Split *{split}*, {settings['frames_per_video']} frames a video of the class with more videos.",
        summary_table(summary),
    ]
    if settings["layout"] == "faceforensics" and not settings["has_youtube_ids"]:
        lines.append(
            "Built without `conversion_dict.json`, so sequences cut from one YouTube video may be in different splits."
        )
    if summary.crossing_groups:
        crossing = "; ".join(f"{group} ({', '.join(splits)})" for group, splits in summary.crossing_groups.items())
        lines.append(
            f"**The official split leaks**: {len(summary.crossing_groups)} groups of sequences that share a YouTube video, or a "
            f"pair, are in several of its splits: {crossing}."
        )
    if summary.problems:
        lines.append(
            "Skipped: " + " ".join(f"`{video}`: {problem}" for video, problem in list(summary.problems.items())[:20])
        )
    return "\n\n".join(lines)


def _command(summary: Summary) -> str:
    settings = summary.settings
    layout = LAYOUTS[settings["layout"]]
    source = f"{layout.option} {'FF_ROOT' if layout.name == 'faceforensics' else 'DIR'}"
    if layout.name == "faceforensics":
        source += f" --manipulation {summary.config.split('_')[0]} --compression {settings['compression']}"
    if layout.name == "labelled":
        source += f" --manipulation {settings['manipulations'][0]}"
    if settings.get("has_beside"):  # summaries of earlier versions lack it
        source += " --beside FF_ROOT"
    parts = ["python -m dataset_builder", source, f"--split {settings['split']}"]
    if settings["held_out"]:
        parts.append(f"--held-out {settings['held_out']}")
    if settings["split"] == "official" and settings["layout"] == "faceforensics":
        parts.append("--splits-dir FACEFORENSICS_REPOSITORY/dataset/splits")
    if settings["has_youtube_ids"]:
        parts.append("--conversion-dict FACEFORENSICS_REPOSITORY/dataset/conversion_dict.json")
    parts.append(f"--frames-per-video {settings['frames_per_video']} --output OUTPUT")
    return " ".join(parts)


def _limits(summary: Summary) -> str:
    lacking = {name: counts["missing"] for name, counts in summary.files.items() if counts["missing"]}
    if not lacking:
        return ""
    told = ", ".join(f"{count:,} of {'the originals' if name == REAL else name}" for name, count in lacking.items())
    return f"- `{summary.config}` was built from a part of the set: {told} were missing.\n"
