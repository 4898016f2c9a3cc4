"""Fine-tunes VGG-16 on a face-crop data set, evaluates it and writes a model folder.

    python -m dataset_builder --root FaceForensics --output data/deepfakes_c23
    python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23

The folder ``OUTPUT_DIR/model`` then holds what the Hub and ``app.py`` take: config.json,
model.safetensors, evaluation.json and README.md. A killed run goes on from its last checkpoint
when the same command is given again.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import datasets
import numpy as np
import torch
from scipy.special import expit
from tqdm import tqdm
from transformers import HfArgumentParser, Trainer, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

from detector.media import file_sha256
from detector.model import BATCH_SIZE, LoadedModel, Thresholds, load_folder
from training.card import render_card
from training.data import as_pairs, load_splits, read_crop, training_transform
from training.metrics import evaluate, fit_temperature, fit_thresholds
from training.network import PooledVGG16, load_imagenet_features, save_model_folder, to_timm

logger = logging.getLogger("train")

LABEL_NAMES = ["real", "fake"]


@dataclass
class Options:
    """Fine-tune VGG-16 on a data set of `python -m dataset_builder`.

    Example: python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23
    """

    dataset: str = field(metadata={"help": "folder written by the builder (datasets.load_from_disk)"})
    output_dir: str = field(default="runs/vgg16", metadata={"help": "checkpoints, and the model folder below it"})
    paired_dataset: str | None = field(
        default=None,
        metadata={
            "help": "data set of real faces; each joins every split as it is and self-blended, as a real/fake pair"
        },
    )
    paired_repeats: int = field(default=3, metadata={"help": "how often a pass over the data sees each pair"})
    initial_weights: str | None = field(
        default=None,
        metadata={"help": "safetensors with the ImageNet convolutional layers; default: timm's from the Hub"},
    )
    data_name: str | None = field(
        default=None, metadata={"help": "what the card calls the data; default: the folder's name"}
    )
    data_note: str = field(default="", metadata={"help": "sentences for the card: origin and terms of the data"})
    epochs: float = field(default=3.0, metadata={"help": "passes over the training split"})
    batch_size: int = field(default=16, metadata={"help": "crops a step"})
    learning_rate: float = field(default=5e-5, metadata={"help": "of the convolutional layers"})
    head_learning_rate: float = field(default=2e-3, metadata={"help": "of the linear layer"})
    frozen_blocks: int = field(
        default=2, metadata={"help": "lowest blocks of the five that keep their ImageNet weights"}
    )
    workers: int = field(default=2, metadata={"help": "processes that decode and augment"})
    save_steps: int = field(default=50, metadata={"help": "steps between checkpoints"})
    seed: int = field(default=0, metadata={"help": "of shuffling, augmentation and dropout"})
    max_train_samples: int | None = field(
        default=None, metadata={"help": "use only so many training crops (smoke run)"}
    )
    max_eval_samples: int | None = field(
        default=None, metadata={"help": "use only so many crops of validation and of test"}
    )
    push_to_hub: str | None = field(
        default=None, metadata={"help": "upload the model folder to this private Hub model"}
    )
    json: bool = field(default=False, metadata={"help": "print the evaluation as JSON"})


def optimizer(model: PooledVGG16, options: Options) -> torch.optim.Optimizer:
    """AdamW with one learning rate for the convolutions and a larger one for the fresh head."""
    convolutions = [parameter for parameter in model.features.parameters() if parameter.requires_grad]
    groups = [
        {"params": convolutions, "lr": options.learning_rate},
        {"params": list(model.head.parameters()), "lr": options.head_learning_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.01)


def fine_tune(options: Options, rows: datasets.Dataset) -> PooledVGG16:
    """Trains, or goes on from the last checkpoint in the output folder."""
    set_seed(options.seed)
    model = PooledVGG16(len(LABEL_NAMES))
    load_imagenet_features(model, options.initial_weights)
    model.freeze_blocks(options.frozen_blocks)
    # bfloat16 halves the time where the processor has it, and is slower where it has not
    on_cpu = not torch.cuda.is_available()
    has_bfloat16 = torch.cpu.get_capabilities().get("avx512_bf16", False) if on_cpu else torch.cuda.is_bf16_supported()
    arguments = TrainingArguments(
        output_dir=options.output_dir,
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch_size,
        lr_scheduler_type="cosine",
        warmup_steps=0.1,
        bf16=has_bfloat16,
        use_cpu=on_cpu,
        dataloader_num_workers=options.workers,
        remove_unused_columns=False,
        save_steps=options.save_steps,
        save_total_limit=2,
        logging_steps=10,
        report_to=["tensorboard"],
        seed=options.seed,
        log_level="warning",
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=rows.with_transform(training_transform),
        optimizers=(optimizer(model, options), None),
    )
    checkpoint = get_last_checkpoint(options.output_dir) if Path(options.output_dir).is_dir() else None
    trainer.train(resume_from_checkpoint=checkpoint)
    return model.cpu().eval()


def score_rows(model: LoadedModel, rows: datasets.Dataset, name: str) -> np.ndarray:
    """log(P(fake) / P(real)) of every crop, as the application computes it. Self-blended crops are the same each time."""
    parts = []
    for start in tqdm(range(0, len(rows), BATCH_SIZE), desc=f"scoring {name}", disable=None):
        numbers = range(start, min(start + BATCH_SIZE, len(rows)))
        crops = [read_crop(rows[number], np.random.default_rng(number)) for number in numbers]
        parts.append(model.score_log_odds(crops))
    return np.concatenate(parts)


def calibrate(model: PooledVGG16, validation: dict[str, datasets.Dataset], folder: Path) -> tuple[LoadedModel, dict]:
    """Fits temperature, then thresholds, on validation only and writes the model folder.

    Args:
        model: The trained network.
        validation: The validation split of each data set, by name; they count together.
        folder: Where to write.
    """
    save_model_folder(to_timm(model), folder, LABEL_NAMES, {"thresholds": asdict(Thresholds(0.0, 1.0))})
    uncalibrated = load_folder(folder, "uncalibrated")
    labels = np.concatenate([np.array(rows["label"]) for rows in validation.values()])
    log_odds = np.concatenate(
        [score_rows(uncalibrated, rows, f"{name}, validation") for name, rows in validation.items()]
    )
    temperature = fit_temperature(labels, log_odds)
    thresholds, behind = fit_thresholds(labels, log_odds / temperature)
    calibration = {
        "temperature": temperature,
        "thresholds": asdict(thresholds),
        "fitted_on": {"data": list(validation), "split": "validation", "level": "frame", **behind},
    }
    save_model_folder(to_timm(model, temperature), folder, LABEL_NAMES, calibration)
    return load_folder(folder, folder.name), calibration


def prepare(options: Options) -> dict[str, datasets.DatasetDict]:
    """The splits of each data set by its name in the card, cut down for a smoke run.

    Raises:
        ValueError: A folder is not a data set.
    """
    sets = {options.data_name or Path(options.dataset).name: load_splits(options.dataset)}
    if options.paired_dataset:
        pairs = load_splits(options.paired_dataset)
        name = f"{Path(options.paired_dataset).name}, real and self-blended"
        sets[name] = datasets.DatasetDict({split: as_pairs(rows) for split, rows in pairs.items()})
    for splits in sets.values():
        for split, rows in splits.items():
            limit = options.max_train_samples if split == "train" else options.max_eval_samples
            if limit and limit < len(rows):
                splits[split] = rows.shuffle(seed=options.seed).select(range(limit))
    return sets


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    (options,) = HfArgumentParser(Options).parse_args_into_dataclasses(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        sets = prepare(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    labelled, *paired = (splits["train"] for splits in sets.values())
    model = fine_tune(options, datasets.concatenate_datasets([labelled] + paired * options.paired_repeats))
    folder = Path(options.output_dir) / "model"
    loaded, calibration = calibrate(model, {name: splits["validation"] for name, splits in sets.items()}, folder)
    tests = []
    for name, splits in sets.items():
        rows = splits["test"]
        scores = expit(score_rows(loaded, rows, f"{name}, test"))
        figures = evaluate(rows["label"], scores, rows["video_id"], loaded.info.thresholds)
        tests.append({"data": name, "split": "test", **figures})
    evaluation = {
        "data": [
            {
                "name": name,
                "manipulations": sorted(set(splits["train"]["manipulation"]) - {"none"}),
                "compression": sorted(set(splits["train"]["compression"])),
                "crops": {split: len(rows) for split, rows in splits.items()},
            }
            for name, splits in sets.items()
        ],
        "data_note": options.data_note,
        "tests": tests,
        "calibration": calibration,
        "training": {
            key: value
            for key, value in asdict(options).items()
            if key
            in (
                "epochs",
                "batch_size",
                "learning_rate",
                "head_learning_rate",
                "frozen_blocks",
                "paired_repeats",
                "seed",
            )
        },
        "weights_sha256": file_sha256(folder / "model.safetensors"),
    }
    (folder / "evaluation.json").write_text(json.dumps(evaluation, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(render_card(evaluation), encoding="utf-8")
    print(json.dumps(evaluation) if options.json else render_card(evaluation))
    if options.push_to_hub:
        push(folder, options.push_to_hub)
    return 0


def push(folder: Path, model_id: str) -> None:
    """Uploads a model folder in one commit to a private Hub model."""
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo(model_id, private=True, exist_ok=True)
    commit = api.upload_folder(
        folder_path=folder, repo_id=model_id, commit_message="Upload VGG-16 face manipulation detector"
    )
    logger.info("pushed revision %s", commit.oid)


if __name__ == "__main__":
    sys.exit(main())
