"""The options of train.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_MODEL = "vgg16"
LABELS = ("binary", "manipulation")
# The least that an option may be; the others are checked one by one.
_AT_LEAST = {
    **dict.fromkeys(("save_steps", "selection_samples", "max_train_samples", "max_eval_samples"), 1),
    **dict.fromkeys(("patience", "workers", "seed", "mask_weight"), 0),
    **dict.fromkeys(("pseudo_fake_samples", "robustness_samples", "saliency_samples", "bootstrap_rounds"), 0),
}
_POSITIVE = ("epochs", "learning_rate", "head_learning_rate")


def option(help_text: str, **arguments):
    """A field of a dataclass with its help."""
    # argparse takes a lone percent sign for a format
    return field(metadata={"help": help_text.replace("%", "%%")}, **arguments)


@dataclass
class Options:
    """Fine-tune a face manipulation detector on a data set of `python -m dataset_builder`, and measure it.

    Example: python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23
    """

    dataset: str = option("folder written by the builder, with --output or --parquet")
    output_dir: str = option("checkpoints, and the model folder below it", default="runs/vgg16")
    evaluate_only: str | None = option("measure this model folder instead of training one", default=None)
    test_datasets: list[str] = option("further data sets whose test split is measured too", default_factory=list)

    model: list[str] = option(
        "vgg16 (light head, the published one), simple_cnn, or any other timm name; several are trained in turn and compared",
        default_factory=lambda: [DEFAULT_MODEL],
    )
    labels: str = option("binary (real/fake) or manipulation (real and each manipulation)", default="binary")
    initial_weights: str | None = option(
        "safetensors with ImageNet weights (of vgg16: its convolutional layers), or the model.safetensors of another "
        "run's checkpoint (vgg16), to go on from there with other options; default: timm's from the Hub",
        default=None,
    )

    real_dataset: str | None = option(
        "data set of further real faces; every one only serves beside its pseudo-fakes", default=None
    )
    self_blended: float = option(
        "share of the training fakes that are self-blended images of real crops, 0..1", default=0.0
    )
    face_swap: float = option(
        "share of the training fakes that are landmark swaps of two real crops, 0..1", default=0.0
    )
    eigenface: float = option(
        "share of the training fakes that are real crops rebuilt from eigenfaces, 0..1", default=0.0
    )
    mask_weight: float = option("weight of learning where a pseudo-fake was manipulated (vgg16)", default=1.0)

    epochs: float = option("passes; one shows every labelled fake once", default=3.0)
    batch_size: int = option("crops a step and process, half of them fake", default=16)
    learning_rate: float = option("of the convolutional layers, for the topmost block", default=1e-4)
    block_decay: float = option("factor on the learning rate from each block to the one below it", default=0.9)
    head_learning_rate: float = option("of the last layer", default=1e-3)
    head_warmup: float = option("share of the steps in which the head alone learns", default=0.02)
    frozen_blocks: int = option("lowest blocks of the five of vgg16 that keep their ImageNet weights", default=0)
    gentle_share: float = option(
        "share of the steps over which blur, scaling, noise and compression come in, from none to full", default=0.0
    )
    input_size: int | None = option("side in px to train at; smaller is cheaper; default: the model's", default=None)
    finish_size: int | None = option("side in px of the last steps; default: the model's", default=None)
    finish_share: float = option("share of the steps at the finish size, 0..1", default=0.0)
    patience: int = option("stop when validation AUC has not risen for so many evaluations; 0: never", default=5)
    save_steps: int = option("steps between checkpoints, each with an evaluation on validation", default=200)
    workers: int = option("processes that decode and augment", default=2)
    seed: int = option("of shuffling, augmentation and dropout", default=0)
    max_train_samples: int | None = option("use only so many training crops (smoke run)", default=None)
    max_eval_samples: int | None = option("use only so many crops of validation and of test", default=None)
    selection_samples: int = option("validation crops of each kind that early stopping looks at", default=150)

    pseudo_fake_samples: int = option(
        "at most so many pseudo-fakes of each kind and data set in validation and test; 0: none", default=500
    )
    robustness_samples: int = option(
        "crops of each class of the first test set for the robustness grid; 0: leave it out", default=250
    )
    saliency_samples: int = option(
        "pseudo-fakes of each test set whose saliency is compared with their mask; 0: leave it out", default=100
    )
    bootstrap_rounds: int = option("resamples of video groups behind the 95 % intervals", default=1000)

    data_name: str | None = option("what the card calls the data; default: the folder's name", default=None)
    dataset_id: str | None = option("Hub id of the data set, for the card", default=None)
    data_note: str = option("sentences for the card: origin and terms of the data", default="")
    notes: str | None = option("Markdown file for the card: what else was tried, with its figures", default=None)
    push_to_hub: str | None = option("upload the model folder to this private Hub model", default=None)
    json: bool = option("print the evaluation as JSON", default=False)

    @property
    def shares(self) -> dict[str, float]:
        """Share of the training fakes by kind of pseudo-fake."""
        shares = {"self_blended": self.self_blended, "landmark_swap": self.face_swap}
        # left out where there are none: the runs of earlier versions had two kinds, and draw the same then
        return shares | ({"eigenface": self.eigenface} if self.eigenface else {})

    def check(self) -> None:
        """Raises ValueError with one sentence where a value makes no sense, or two do not fit together."""
        for name, least in _AT_LEAST.items():
            # written so that "nan" is refused too
            if (value := getattr(self, name)) is not None and not value >= least:
                raise ValueError(f"--{name.replace('_', '-')} is {least} or more.")
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise ValueError(f"--{name.replace('_', '-')} is more than 0.")
        if min(self.shares.values()) < 0 or sum(self.shares.values()) > 1:
            raise ValueError(
                "--self-blended, --face-swap and --eigenface are shares of the fakes: 0 or more, together at most 1."
            )
        if self.batch_size < 2 or self.batch_size % 2:
            raise ValueError("--batch-size must be even: crops come in pairs of real and fake.")
        sizes = [size for size in (self.input_size, self.finish_size) if size is not None]
        if min(sizes, default=32) < 32 or not 0 <= self.finish_share <= 1:
            raise ValueError("--input-size and --finish-size are at least 32, --finish-share lies in 0..1.")
        if not (0 <= self.head_warmup < 1 and 0 <= self.gentle_share <= 1 and 0 < self.block_decay <= 1):
            raise ValueError("--head-warmup, --gentle-share and --block-decay lie in 0..1.")
        if self.initial_weights and not Path(self.initial_weights).is_file():
            raise ValueError(f"--initial-weights {self.initial_weights} is no file.")
        if self.notes and not Path(self.notes).is_file():
            raise ValueError(f"--notes {self.notes} is no file.")
        if not 0 <= self.frozen_blocks <= 5:
            raise ValueError("--frozen-blocks is 0 to 5.")
        if self.real_dataset and not any(self.shares.values()):
            raise ValueError("--real-dataset only serves with --self-blended, --face-swap or --eigenface.")
        if self.labels not in LABELS:
            raise ValueError(f"--labels is {' or '.join(LABELS)}.")
        if len(set(self.model)) < len(self.model):
            raise ValueError("--model names a model twice.")
        if len(self.model) > 1 and (self.evaluate_only or self.push_to_hub):
            raise ValueError("Several models can be compared, but not measured again or pushed together.")
