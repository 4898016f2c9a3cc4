"""Renders the model card from the evaluation's JSON, so that no figure is typed by hand.

python -m training.card model/evaluation.json > model_card.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dataset_builder.faceforensics import MANIPULATIONS

_FRONT_MATTER = """\
---
license: other
license_name: research-only
license_link: README.md
library_name: timm
pipeline_tag: image-classification
metrics:
- roc_auc
- accuracy
- precision
- recall
tags:
- deepfake-detection
- face-manipulation
- vgg16
- timm
model-index:
- name: vgg16-face-manipulation
  results:
  - task:
      type: image-classification
      name: real or fake, frame level
    dataset:
      type: face-crops
      name: {data} ({real} real and {fake} fake test crops)
      split: test
    metrics:
    - type: roc_auc
      value: {auc:.4f}
      name: frame AUC
    - type: accuracy
      value: {accuracy:.4f}
      name: frame accuracy at score .5
    - type: precision
      value: {precision:.4f}
      name: frame precision at score .5
    - type: recall
      value: {recall:.4f}
      name: frame recall at score .5
---
"""

_INTRODUCTION = """
# VGG-16 face manipulation detector

Scores a face crop for signs of manipulation. Convolutional layers of VGG-16, global average pooling, one linear layer;
224 px input; the class-activation map is exact. Made for fact-checkers: its verdict is a lead, not proof, and
*no manipulation found* never means *real*.

## Training data

{data_table}

Half of the crops of a split are fake, unless a set holds real ones alone. Splits are made by group: no near-duplicate, or
pair of source and target, is in two of them. {data_note}

{faceforensics}

## How it was trained

{recipe}
"""

_RECIPE = """\
ImageNet start, lowest {frozen_blocks} of 5 blocks frozen, {epochs:g} passes (one shows every labelled fake once), batch {batch_size},
AdamW ({learning_rate:g}, head {head_learning_rate:g}), cosine schedule, seed {seed}; {sizes}. Of the fakes shown,
{labelled:.0%} are labelled ones, {self_blended:.0%} self-blended images (after Shiohara and Yamasaki, 2022: a real face blended
with an altered copy of itself) and {face_swap:.0%} landmark swaps (the face of one real person warped onto another, colours
matched, edge blended), both made anew each time, of the real crops of the same split. Each of these comes with the untouched crop it
was made of, augmented alike, so that identity, scene and camera tell nothing.

Augmentation: mirror, shift, zoom, colour, blur, rescaling, noise, JPEG 30 to 99 or H.264 crf 23 to 40. Crops: square, 1.3
times the YuNet face box, mirrored at the border, cut by the same code as in the application."""

# Of the models from before pseudo-fakes of both kinds.
_FIRST_RECIPE = """\
ImageNet start, lowest {frozen_blocks} of 5 blocks frozen, {epochs:g} passes (self-blended pairs, where used, {paired_repeats} times a
pass), batch {batch_size}, AdamW ({learning_rate:g}, head {head_learning_rate:g}), cosine schedule, seed {seed}. Augmentation:
mirror, shift, zoom, colour, blur, rescaling, noise, JPEG 30 to 99. Crops: square, 1.3 times the YuNet face box, mirrored
at the border, cut by the same code as in the application. A self-blended image (after Shiohara and Yamasaki, 2022) is a
real face blended with an altered copy of itself, so that identity and scene tell nothing."""

_CALIBRATION = """
## Calibration and thresholds

Fitted on {data}, validation split, frame level{posted}: temperature {temperature:.3f} (part of the weights), then
*signs of manipulation* from a score of **{manipulated:.4f}** ({target}, and not under .5) and
*no manipulation found* below **{cleared:.4f}** (at most {miss_rate:.0%} of the fakes lie below); between them *inconclusive*.
A video's score is the mean of its frame scores, with the same thresholds.

{table}
"""

_LIMITS = """
## What it cannot see

- Fully synthetic people, voices, lip-sync alone, edits outside the face, and manipulations unlike its training data.
- Faces under 48 px, or hidden, or in strong profile. Heavy compression and blur lower what it finds.
- On data of another origin expect much weaker figures than those above; published detectors lose much of their margin
  there too.

## Prevalence

The figures are for half real, half fake. Where fakes are rare most alarms are false: a detector with 99 % precision on
a balanced test and a recall of 68.7 % is right in 84 of 100 alarms when 5 % of the files are fake, in 50 when 1 % are.

## Use

```python
import timm

model = timm.create_model("hf-hub:ID", pretrained=True).eval()  # or local-dir:FOLDER
```

`transformers.pipeline("image-classification", model="ID", dtype="float32")` loads the same files. Give it face crops
made by `detector.faces.crop_face`, not whole photos. Weights: SHA-256 `{sha256}`.

## Licence

The weights are for research and evaluation, within the terms of the training data above. They start from the ImageNet
weights of VGG-16 (Simonyan and Zisserman, 2014).
"""


def render_card(evaluation: dict) -> str:
    """The model card, Markdown with YAML front matter, from what train.py measured."""
    calibration, first = evaluation["calibration"], evaluation["tests"][0]
    manipulations = {name for data in evaluation["data"] for name in data["manipulations"]}
    frame = first["frame"]
    parts = [
        _FRONT_MATTER.format(
            data=first["data"],
            **{key: frame[key] for key in ("real", "fake", "auc", "accuracy", "precision", "recall")},
        ),
        _INTRODUCTION.format(
            data_table=_data_table(evaluation["data"]),
            data_note=evaluation["data_note"],
            faceforensics=""
            if manipulations & set(MANIPULATIONS)
            else "**It was not trained on FaceForensics++**, and nothing here says how it does on those videos.",
            recipe=_recipe(evaluation["training"]),
        ),
        "\n## Results\n\n" + _results_table(evaluation["tests"]),
    ]
    fitted, thresholds = calibration["fitted_on"], calibration["thresholds"]
    verdicts = {"validation, all of the above together": fitted["validation_frames"]}
    verdicts |= {f"test, {test['data']}": test["frame"]["verdicts"] for test in evaluation["tests"]}
    parts.append(
        _CALIBRATION.format(
            data="; ".join(fitted["data"]),
            posted=f" ({fitted['recompressed']:.0%} of the crops re-compressed, as media that were posted are)"
            if "recompressed" in fitted
            else "",
            temperature=calibration["temperature"],
            manipulated=thresholds["manipulated"],
            cleared=thresholds["no_manipulation_found"],
            target=_target_precision(fitted),
            miss_rate=fitted["miss_rate"],
            table=_verdict_table(verdicts),
        )
    )
    parts.append(_LIMITS.format(sha256=evaluation["weights_sha256"]))
    return "".join(parts)


def _recipe(training: dict) -> str:
    if "paired_repeats" in training:
        return _FIRST_RECIPE.format(**training)
    side, last = training["input_size"], training["finish_size"]
    sizes = f"{side} px"
    if training["finish_share"] and last != side:
        sizes = f"{side} px, the last {training['finish_share']:.0%} of the steps {last} px"
    labelled = 1 - training["self_blended"] - training["face_swap"]
    return _RECIPE.format(sizes=sizes, labelled=labelled, **training)


def _target_precision(fitted: dict) -> str:
    """What the alarm's precision on validation is, honestly, where the data did not support the target."""
    target = fitted["target_precision"]
    named = {label: counts["manipulated"] for label, counts in fitted["validation_frames"].items()}
    if "precision" in fitted:
        if fitted["precision"] >= target:
            return f"precision at least {target:.0%} where half is fake and each kind of fake weighs the same"
    elif named["fake"] and named["fake"] / (named["fake"] + named["real"]) >= target:
        return f"precision at least {target:.0%}"
    return f"the strictest that the data support: no score has a precision of {fitted['target_precision']:.0%}"


def _data_table(sets: list[dict]) -> str:
    lines = ["| data | fakes | train crops | validation crops | test crops |", "|---|---|---|---|---|"]
    for data in sets:
        crops = data["crops"]
        lines.append(
            f"| {data['name']} | {', '.join(data['manipulations'])} "
            f"| {crops['train']:,} | {crops['validation']:,} | {crops['test']:,} |"
        )
    return "\n".join(lines)


def _results_table(tests: list[dict]) -> str:
    lines = [
        "| data, split | level | real | fake | AUC | AP | accuracy | precision | recall "
        "| recall at 99 % precision | confusion (TN FP FN TP) |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for test in tests:
        for level in ("frame", "video"):
            if figures := test[level]:
                lines.append(
                    f"| {test['data']}, test | {level} | {figures['real']} | {figures['fake']} | {figures['auc']:.4f} "
                    f"| {figures['average_precision']:.4f} | {figures['accuracy']:.4f} | {figures['precision']:.4f} "
                    f"| {figures['recall']:.4f} | {figures['recall_at_99_precision']:.4f} "
                    f"| {' '.join(str(count) for count in figures['confusion'].values())} |"
                )
    text = "\n".join(lines) + "\n\nAccuracy, precision, recall and confusion are at a score of .5.\n"
    if not any(test["video"] for test in tests):
        text += "The data are photos, one crop each, so there are no video figures.\n"
    return text


def _verdict_table(splits: dict[str, dict]) -> str:
    lines = [
        "| split | class | signs of manipulation | inconclusive | no manipulation found |",
        "|---|---|---|---|---|",
    ]
    for split, classes in splits.items():
        lines += [
            f"| {split} | {name} | {counts['manipulated']} | {counts['inconclusive']} | {counts['no_manipulation_found']} |"
            for name, counts in classes.items()
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(render_card(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
