"""Fine-tunes VGG-16 on a face-crop data set, evaluates it and writes a model folder.

    python -m dataset_builder --root FaceForensics --output data/deepfakes_c23
    python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23

The folder ``OUTPUT_DIR/model`` then holds what the Hub and ``app.py`` take: config.json,
model.safetensors, evaluation.json and README.md. A killed run goes on from its last checkpoint
when the same command is given again.

Fakes made on the fly, each shown beside the real crop it was made of, teach what one data set's own
fakes do not; further real faces may come from a second data set:

    python train.py --dataset data/deepfakes_c23 --real-dataset data/portraits \\
        --self-blended 0.35 --face-swap 0.3 --input-size 160 --finish-size 224 --finish-share 0.25
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import datasets
import torch
from scipy.special import expit
from transformers import HfArgumentParser, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

from dataset_builder.real_faces import joined, real_faces
from dataset_builder.sources import REAL
from detector.media import file_sha256
from training.calibration import calibrate, score_set
from training.card import render_card
from training.data import EvaluationSet, TrainingPairs, collate_pairs, load_splits, pseudo_fake_set
from training.metrics import evaluate
from training.network import INPUT_SIZE, LABEL_NAMES, PooledVGG16, load_imagenet_features

logger = logging.getLogger("train")

# What of the options the card tells.
CARD_OPTIONS = {
    *("epochs", "batch_size", "learning_rate", "head_learning_rate", "frozen_blocks", "seed", "self_blended"),
    *("face_swap", "input_size", "finish_size", "finish_share"),
}


@dataclass
class Options:
    """Fine-tune VGG-16 on a data set of `python -m dataset_builder`.

    Example: python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23
    """

    dataset: str = field(metadata={"help": "folder written by the builder (datasets.load_from_disk)"})
    output_dir: str = field(default="runs/vgg16", metadata={"help": "checkpoints, and the model folder below it"})
    real_dataset: str | None = field(
        default=None, metadata={"help": "data set of further real faces; every one only serves beside its pseudo-fakes"}
    )
    self_blended: float = field(
        default=0.0, metadata={"help": "share of the training fakes that are self-blended images of real crops, 0..1"}
    )
    face_swap: float = field(
        default=0.0, metadata={"help": "share of the training fakes that are landmark swaps of two real crops, 0..1"}
    )
    initial_weights: str | None = field(
        default=None,
        metadata={"help": "safetensors with the ImageNet convolutional layers; default: timm's from the Hub"},
    )
    data_name: str | None = field(
        default=None, metadata={"help": "what the card calls the data; default: the folder's name"}
    )
    data_note: str = field(default="", metadata={"help": "sentences for the card: origin and terms of the data"})
    epochs: float = field(default=3.0, metadata={"help": "passes; one shows every labelled fake once"})
    batch_size: int = field(default=16, metadata={"help": "crops a step, half of them fake"})
    learning_rate: float = field(default=5e-5, metadata={"help": "of the convolutional layers"})
    head_learning_rate: float = field(default=2e-3, metadata={"help": "of the linear layer"})
    frozen_blocks: int = field(
        default=2, metadata={"help": "lowest blocks of the five that keep their ImageNet weights"}
    )
    input_size: int = field(default=INPUT_SIZE, metadata={"help": "side in px to train at; smaller is cheaper"})
    finish_size: int = field(default=INPUT_SIZE, metadata={"help": "side in px of the last steps"})
    finish_share: float = field(default=0.0, metadata={"help": "share of the steps at the finish size, 0..1"})
    workers: int = field(default=2, metadata={"help": "processes that decode and augment"})
    save_steps: int = field(default=50, metadata={"help": "steps between checkpoints"})
    seed: int = field(default=0, metadata={"help": "of shuffling, augmentation and dropout"})
    max_train_samples: int | None = field(
        default=None, metadata={"help": "use only so many training crops (smoke run)"}
    )
    max_eval_samples: int | None = field(
        default=None, metadata={"help": "use only so many crops of validation and of test"}
    )
    pseudo_fake_samples: int = field(
        default=500, metadata={"help": "at most so many pseudo-fakes of each kind and data set in validation and test"}
    )
    push_to_hub: str | None = field(
        default=None, metadata={"help": "upload the model folder to this private Hub model"}
    )
    json: bool = field(default=False, metadata={"help": "print the evaluation as JSON"})

    @property
    def shares(self) -> dict[str, float]:
        """Share of the training fakes by kind of pseudo-fake."""
        return {"self_blended": self.self_blended, "landmark_swap": self.face_swap}

    def check(self) -> None:
        """Raises ValueError with one sentence where values do not fit together."""
        if min(self.shares.values()) < 0 or sum(self.shares.values()) > 1:
            raise ValueError("--self-blended and --face-swap are shares of the fakes: 0 or more, together at most 1.")
        if self.batch_size < 2 or self.batch_size % 2:
            raise ValueError("--batch-size must be even: crops come in pairs of real and fake.")
        if min(self.input_size, self.finish_size) < 32 or not 0 <= self.finish_share <= 1:
            raise ValueError("--input-size and --finish-size are at least 32, --finish-share lies in 0..1.")
        if self.real_dataset and not any(self.shares.values()):
            raise ValueError("--real-dataset only serves with --self-blended or --face-swap.")


class InputSizeSchedule(TrainerCallback):
    """Trains at one size and finishes at another; depends on the step alone, so a resumed run keeps it."""

    def __init__(self, options: Options):
        self._options = options

    def on_step_begin(self, args, state, control, model: PooledVGG16, **kwargs) -> None:
        """Sets the side for the step."""
        finishes = state.global_step >= (1 - self._options.finish_share) * state.max_steps
        model.training_side = self._options.finish_size if finishes else self._options.input_size


def optimizer(model: PooledVGG16, options: Options) -> torch.optim.Optimizer:
    """AdamW with one learning rate for the convolutions and a larger one for the fresh head."""
    convolutions = [parameter for parameter in model.features.parameters() if parameter.requires_grad]
    groups = [
        {"params": convolutions, "lr": options.learning_rate},
        {"params": list(model.head.parameters()), "lr": options.head_learning_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.01)


def fine_tune(options: Options, pairs: TrainingPairs) -> PooledVGG16:
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
        per_device_train_batch_size=options.batch_size // 2,  # pairs
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
        train_dataset=pairs,
        data_collator=collate_pairs,
        callbacks=[InputSizeSchedule(options)],
        optimizers=(optimizer(model, options), None),
    )
    checkpoint = get_last_checkpoint(options.output_dir) if Path(options.output_dir).is_dir() else None
    trainer.train(resume_from_checkpoint=checkpoint)
    return model.cpu().eval()


@dataclass(frozen=True)
class Material:
    """What a run learns from and is measured on.

    Attributes:
        sets: The splits of each data set, by its name in the card.
        pairs: The training crops.
        validation: One entry a data set and kind of fake.
        test: The same for the test split.
    """

    sets: dict[str, datasets.DatasetDict]
    pairs: TrainingPairs
    validation: list[EvaluationSet]
    test: list[EvaluationSet]


def prepare(options: Options) -> Material:
    """Reads the data sets, cut down for a smoke run, and locates the landmarks of their real faces once.

    Raises:
        ValueError: A folder is not a data set, or options do not fit together.
    """
    options.check()
    sets = {options.data_name or Path(options.dataset).name: load_splits(options.dataset)}
    if options.real_dataset:
        sets[Path(options.real_dataset).name] = load_splits(options.real_dataset)
    for splits in sets.values():
        for split, rows in splits.items():
            limit = options.max_train_samples if split == "train" else options.max_eval_samples
            if limit and limit < len(rows):
                splits[split] = rows.shuffle(seed=options.seed).select(range(limit))
    labelled, *_ = sets.values()
    kinds = [kind for kind, share in options.shares.items() if share]
    cache = Path(options.output_dir) / "landmarks"
    # without pseudo-fakes nobody needs landmarks
    pools = {
        split: {name: real_faces(splits[split], f"{name}, {split}", cache) for name, splits in sets.items() if kinds}
        for split in ("train", "validation", "test")
    }
    measured: dict[str, list[EvaluationSet]] = {}
    for split in ("validation", "test"):
        name = next(iter(sets))
        measured[split] = [EvaluationSet(name, labelled[split])]
        for name, faces in pools[split].items():
            made = (pseudo_fake_set(name, faces, kind, options.pseudo_fake_samples) for kind in kinds)
            measured[split] += [data for data in made if data]
    faces = joined(list(pools["train"].values())) if kinds else None
    pairs = TrainingPairs(labelled["train"], faces, options.shares, options.seed)
    return Material(sets, pairs, measured["validation"], measured["test"])


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    (options,) = HfArgumentParser(Options).parse_args_into_dataclasses(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        material = prepare(options)
        model = fine_tune(options, material.pairs)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    folder = Path(options.output_dir) / "model"
    loaded, calibration = calibrate(model, material.validation, folder)
    tests = []
    for data in material.test:
        scores = expit(score_set(loaded, data, "test"))
        figures = evaluate(data.labels, scores, data.video_ids, loaded.info.thresholds)
        tests.append({"data": data.name, "split": "test", **figures})
    evaluation = {
        "data": [
            {
                "name": name,
                "manipulations": sorted(set(splits["train"]["manipulation"]) - {REAL}),
                "compression": sorted(set(splits["train"]["compression"])),
                "crops": {split: len(rows) for split, rows in splits.items()},
            }
            for name, splits in material.sets.items()
        ],
        "data_note": options.data_note,
        "tests": tests,
        "calibration": calibration,
        "training": {key: value for key, value in asdict(options).items() if key in CARD_OPTIONS},
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
