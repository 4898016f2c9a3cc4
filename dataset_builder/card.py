"""The data set card: YAML front matter and text, rendered from the summaries, so that no count is typed by hand."""

from __future__ import annotations

import yaml

from dataset_builder.layouts import LAYOUTS
from dataset_builder.sources import REAL
from dataset_builder.summary import Summary, summary_table

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

_TEXT = """
# Face crops: {title}

Square face crops with the labels real and fake, cut by the code that the detector itself uses.

## Source and terms

{source}

{manual}

## Protocol

- **Labels.** `label` is 0 real, 1 fake. `manipulation` is 0 real, else which manipulation: either column trains.
- **Splits.** Groups, never files. A group is everything that shares a source-target pair, or a YouTube video where these
  are known, or an actor or celebrity; of photos and clips without such names, the near-duplicates (64-bit perceptual
  hash, at most 8 bits apart); of DFDC crops, those that look alike when very small; of frames whose sequence is only
  estimated, the blocks of 50 sequences that it may lie in. In the splits *newsroom* and *leave-one-out* a hash of the group's name alone decides (.65
  train, .20 test, .15 validation), so it is the same for every manipulation, compression and seed. *official* takes the
  authors' lists and leaves out what these do not name; what has no lists is split by group. *test-only* puts everything
  into test. A fake of two people who fall into different splits is dropped and counted as crossing. The builder stops if
  a group is in two splits, or with the authors' lists, a pair.
- **Frames.** Evenly spaced by time stamp over the whole video, at the same instants for a fake and the real video it was made
  from. Each split has as many real as fake crops: the scarcer class gives more frames, none is repeated.
- **Which face.** The face track that covers the manipulation mask most, where masks exist, else the most persistent one.
  A fake frame whose mask is empty there was left untouched and is not in the data.
  Box, landmarks and detector score are those of the real frame for both, so crop geometry cannot tell the classes
  apart; a fake without its original is cut at its own boxes (`own_boxes` in the summary). A fake whose frames show the
  middle of its original's is cut at the same place of the scene.
- **Pairs.** `original_id` and `time_s` of a fake name the row of the same instant of its original (`video_id` and
  `time_s`), which is always in the data; `original_id` is empty where there is none. Pairs are the last to go when
  classes are balanced.
- **Crop.** Square, 1.3 times the longer side of the face box (YuNet), mirrored at the border, never stretched, at the
  resolution of the frame, PNG. Faces under 48 px are left out.

Columns: `image`, `label`, `manipulation`, `compression`, `video_id` (includes the manipulation), `target`, `source`, `group`,
`collection` (where it comes from, so that whole sources can be kept apart), `original_id`, `time_s`, `box_px` and
`landmarks_px` in pixels of the frame, `face_size_px`, `detector_score`, `picture_px` (width and height of the frame),
`inside_share` (how much of the crop lies in the frame; the rest is mirrored), `mask` (the same crop of the mask, null where
there is none), `source_sha256` (of the source file). Box, landmarks and frame size of a fake are those of its original.

{configurations}

## How to rebuild

```sh
pip install -r requirements-train.txt
{commands}
```

## Limits

- Faces that the detector misses, in strong profile or under 48 px, are not in the data; figures say nothing about them.
- One face a video is used. Real and fake share scenes and people within a split, by design.
- Shares hold for groups, so the counts of *newsroom* differ from .65/.20/.15 by some percent.
{limits}"""

_FACEFORENSICS_SOURCE = """FaceForensics++ (Roessler et al., ICCV 2019), with DeepFakeDetection (Google and Jigsaw, 2019). Its videos are to be had
from its authors, after acceptance of their terms: <{url}>. **These terms forbid passing frames on.** This
repository is therefore private and gated: it is for people who have accepted the terms themselves."""

_OTHER_SOURCE = "Made from {name}. The terms of that set hold for its crops ({url})."

_MANUAL = """It must not be used to identify people, nor to make manipulations."""


def front_matter(summaries: list[Summary], configs: list[dict] | None = None) -> dict:
    """The YAML of the card.

    Args:
        summaries: One a configuration.
        configs: Where the Parquet files of each configuration lie; None where there are none.
    """
    layout = LAYOUTS[summaries[0].settings["layout"]]
    crops = sum(sum(counts.values()) for summary in summaries for counts in summary.frames.values())
    data = {
        "license": "other",
        "license_name": layout.licence,
        "license_link": layout.link,
        "pretty_name": f"Face crops of {layout.title}",
        "task_categories": ["image-classification"],
        "size_categories": [next((size for limit, size in _SIZES if crops < limit), "1M<n<10M")],
        "tags": ["deepfake-detection", "face-manipulation", "fact-checking"],
        "extra_gated_prompt": f"These are face crops of {layout.title}. I have accepted its terms of use myself ({layout.link}), and will "
        "not pass the images on, identify people in them, or make manipulations with them.",
        "extra_gated_fields": {
            "Name": "text",
            "Affiliation": "text",
            "I have accepted the terms of the source data set": "checkbox",
        },
    }
    return data | ({"configs": configs} if configs else {})


def render_card(summaries: list[Summary], configs: list[dict] | None = None, more: dict | None = None) -> str:
    """The card, Markdown with front matter.

    Args:
        summaries: One a configuration.
        configs: See `front_matter`.
        more: Front matter that the Hub client wrote and that stays.
    """
    layout = LAYOUTS[summaries[0].settings["layout"]]
    source = _FACEFORENSICS_SOURCE if layout.link == LAYOUTS["faceforensics"].link else _OTHER_SOURCE
    text = _TEXT.format(
        title=layout.title,
        source=source.format(url=layout.link, name=layout.title),
        manual=_MANUAL,
        configurations="\n\n".join(map(_configuration, summaries)),
        commands="\n".join(map(_command, summaries)),
        limits="".join(map(_limits, summaries)),
    )
    data = yaml.safe_dump(
        (more or {}) | front_matter(summaries, configs), sort_keys=False, allow_unicode=True, width=120
    )
    return f"---\n{data}---\n{text}"


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
