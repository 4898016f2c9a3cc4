"""The options of train.py, in four groups; each option carries its help, its rule and its role in its metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, make_dataclass
from enum import Flag, auto
from pathlib import Path
from typing import Any, ClassVar

from dataset_builder.pseudo_fakes.registry import KINDS

DEFAULT_MODEL = "vgg16"
LABELS = ("binary", "manipulation")


class Role(Flag):
    """What else the value of an option decides, beside the run itself.

    Attributes:
        NONE: Nothing: where things lie, how they are called, how many processes help.
        RESUME: Which weights come out; a resumed run must have the same value.
        RECIPE: Training, as the model card describes it.
        MEASUREMENT: The figures, as the model card describes them.
    """

    NONE = 0
    RESUME = auto()
    RECIPE = auto()
    MEASUREMENT = auto()


@dataclass(frozen=True)
class Rule:
    """What the value of an option must be.

    Attributes:
        holds: Tells whether a value is allowed. Written so that "nan" never is.
        predicate: The rest of the sentence that begins with the name of the option; may hold ``{value}``.
    """

    holds: Callable[[Any], bool]
    predicate: str


def at_least(lowest: float) -> Rule:
    """Makes the rule that a value has a lower bound."""
    return Rule(lambda value: value >= lowest, f"is {lowest:g} or more")


POSITIVE = Rule(lambda value: value > 0, "is more than 0")
FILE = Rule(lambda name: not name or Path(name).is_file(), "{value} is no file")
SHARE = Rule(lambda value: 0 <= value <= 1, "lies in 0..1")
# Role of what decides how a network is trained.
_TRAINING = Role.RESUME | Role.RECIPE


def option(
    help_text: str, role: Role = Role.NONE, rule: Rule | None = None, aliases: tuple[str, ...] = (), **arguments: Any
) -> Any:
    """Makes a field of a dataclass.

    Args:
        help_text: Help of the option on the command line.
        role: Role of the option.
        rule: Rule for its value; None allows every value of its type, and None itself is always allowed.
        aliases: Earlier names of the option, which still work on the command line.
        **arguments: Default of the field, as for `dataclasses.field`.
    """
    # argparse takes a lone percent sign for a format
    metadata = {"help": help_text.replace("%", "%%"), "role": role, "rule": rule, "aliases": aliases}
    return field(metadata=metadata, **arguments)


def flag(name: str) -> str:
    """Gives the name of an option as it is written on the command line."""
    return f"--{name.replace('_', '-')}"


def _flags_of_kinds(last_word: str) -> str:
    """Lists the options for shares of pseudo-fakes in a sentence."""
    *others, last = map(flag, KINDS)
    return f"{', '.join(others)} {last_word} {last}"


@dataclass(frozen=True)
class _Group:
    """Options that belong together.

    Raises:
        ValueError: A value makes no sense, or two do not fit together; one sentence.
    """

    def __post_init__(self) -> None:
        for each in fields(self):
            value, rule = getattr(self, each.name), each.metadata["rule"]
            if value is not None and rule is not None and not rule.holds(value):
                raise ValueError(f"{flag(each.name)} {rule.predicate.format(value=value)}.")


def _with_pseudo_fakes(group: type) -> type:
    """Adds an option for the share of each kind of pseudo-fake to a group of options."""
    shares = [
        (
            kind.name,
            float,
            option(
                f"share of the training fakes that are {kind.plural}, 0..1", _TRAINING, None, kind.aliases, default=0.0
            ),
        )
        for kind in KINDS.values()
    ]
    namespace = {"__module__": group.__module__, "__doc__": group.__doc__}
    return make_dataclass(group.__name__, shares, bases=(group,), namespace=namespace, frozen=True)


@_with_pseudo_fakes
@dataclass(frozen=True)
class DataOptions(_Group):
    """Which crops the model learns from and is measured on."""

    _argument_group_name: ClassVar[str] = "data"

    dataset: str = option("folder written by the builder, with --output or --parquet")
    test_datasets: list[str] = option("further data sets whose test split is measured too", default_factory=list)
    real_dataset: str | None = option(
        "data set of further real faces; each is only shown beside pseudo-fakes made of it", default=None
    )
    max_train_samples: int | None = option(
        "use only so many training crops (smoke run)", Role.RECIPE, at_least(1), default=None
    )
    max_eval_samples: int | None = option(
        "use only so many crops of validation and of test", Role.MEASUREMENT, at_least(1), default=None
    )
    data_name: str | None = option("what the card calls the data; default: the folder's name", default=None)
    dataset_id: str | None = option("Hub id of the data set, for the card", Role.RECIPE, default=None)
    data_note: str = option("sentences for the card: origin and terms of the data", default="")

    @property
    def shares(self) -> dict[str, float]:
        """Share of the training fakes by kind of pseudo-fake."""
        shares = {name: getattr(self, name) for name in KINDS}
        # earlier versions had these two kinds and drew an order for both: the same runs still draw the same
        return {name: share for name, share in shares.items() if share or name in ("self_blended", "landmark_swap")}

    def __post_init__(self) -> None:
        super().__post_init__()
        # written so that "nan" is refused too
        if not (min(self.shares.values()) >= 0 and sum(self.shares.values()) <= 1):
            raise ValueError(f"{_flags_of_kinds('and')} are shares of the fakes: 0 or more, together at most 1.")
        if self.real_dataset and not any(self.shares.values()):
            raise ValueError(f"--real-dataset only serves with {_flags_of_kinds('or')}.")


@dataclass(frozen=True)
class NetworkOptions(_Group):
    """Which network is trained, and what it starts from."""

    _argument_group_name: ClassVar[str] = "network"

    model: list[str] = option(
        "vgg16 (light head, the published one), simple_cnn, or any other timm name; several are trained in turn and compared",
        Role.RECIPE,
        Rule(lambda names: len(set(names)) == len(names), "names a model twice"),
        default_factory=lambda: [DEFAULT_MODEL],
    )
    labels: str = option(
        "binary (real/fake) or manipulation (real and each manipulation)",
        _TRAINING,
        Rule(lambda name: name in LABELS, f"is {' or '.join(LABELS)}"),
        default="binary",
    )
    initial_weights: str | None = option(
        "safetensors file with ImageNet weights (for vgg16: of its convolutional layers), or for vgg16 the "
        "model.safetensors of another run's checkpoint, to start from; default: timm's weights from the Hub",
        Role.RESUME,
        FILE,
        default=None,
    )
    mask_weight: float = option(
        "weight of learning where a pseudo-fake was manipulated (vgg16)", _TRAINING, at_least(0), default=1.0
    )
    frozen_blocks: int = option(
        "lowest blocks of the five of vgg16 that keep their ImageNet weights",
        _TRAINING,
        Rule(lambda count: 0 <= count <= 5, "is 0 to 5"),
        default=0,
    )


@dataclass(frozen=True)
class TrainingOptions(_Group):
    """How the network is trained."""

    _argument_group_name: ClassVar[str] = "training"

    output_dir: str = option("checkpoints, and the model folder below it", default="runs/vgg16")
    epochs: float = option("passes; one shows every labelled fake once", _TRAINING, POSITIVE, default=3.0)
    batch_size: int = option(
        "crops per step and process, half of them fake",
        _TRAINING,
        Rule(lambda count: count >= 2 and count % 2 == 0, "must be even: crops come in pairs of real and fake"),
        default=16,
    )
    learning_rate: float = option(
        "learning rate of the topmost block of convolutional layers", _TRAINING, POSITIVE, default=1e-4
    )
    block_decay: float = option(
        "factor on the learning rate from each block to the one below it",
        _TRAINING,
        Rule(lambda factor: 0 < factor <= 1, "is more than 0 and at most 1"),
        default=0.9,
    )
    head_learning_rate: float = option("learning rate of the last layer", _TRAINING, POSITIVE, default=1e-3)
    head_warmup: float = option(
        "share of the steps in which the head alone learns",
        _TRAINING,
        Rule(lambda share: 0 <= share < 1, "is 0 or more and less than 1"),
        default=0.02,
    )
    gentle_share: float = option(
        "share of the steps over which blur, scaling, noise and compression come in, from none to full",
        _TRAINING,
        SHARE,
        default=0.0,
    )
    input_size: int | None = option(
        "side in px to train at; smaller is cheaper; default: the model's", _TRAINING, at_least(32), default=None
    )
    finish_size: int | None = option(
        "side in px of the last steps; default: the model's", _TRAINING, at_least(32), default=None
    )
    finish_share: float = option("share of the steps at the finish size, 0..1", _TRAINING, SHARE, default=0.0)
    patience: int = option(
        "stop when validation AUC has not risen for so many evaluations; 0: never", _TRAINING, at_least(0), default=5
    )
    save_steps: int = option(
        "steps between checkpoints, each with an evaluation on validation", _TRAINING, at_least(1), default=200
    )
    selection_samples: int = option(
        "validation crops of each kind that early stopping looks at", _TRAINING, at_least(1), default=150
    )
    workers: int = option("processes that decode and augment", rule=at_least(0), default=2)
    seed: int = option("seed of shuffling, augmentation and dropout", _TRAINING, at_least(0), default=0)


@dataclass(frozen=True)
class EvaluationOptions(_Group):
    """What is measured, and what becomes of the model and its figures."""

    _argument_group_name: ClassVar[str] = "evaluation"

    evaluate_only: str | None = option("measure this model folder instead of training one", default=None)
    # early stopping looks at pseudo-fakes too, so their number decides which weights are kept
    pseudo_fake_samples: int = option(
        "at most so many pseudo-fakes of each kind and data set in validation and test; 0: none",
        Role.RESUME | Role.MEASUREMENT,
        at_least(0),
        default=500,
    )
    robustness_samples: int = option(
        "crops of each class of the first test set for the robustness grid, and of all test sets for tilts; 0: leave it out",
        Role.MEASUREMENT,
        at_least(0),
        default=250,
    )
    saliency_samples: int = option(
        "pseudo-fakes of each test set whose saliency is compared with their mask; 0: leave it out",
        Role.MEASUREMENT,
        at_least(0),
        default=100,
    )
    bootstrap_rounds: int = option(
        "resamples of video groups behind the 95 % intervals", Role.MEASUREMENT, at_least(0), default=1000
    )
    notes: str | None = option(
        "Markdown file for the card: what else was tried, with its figures",
        rule=FILE,
        default=None,
    )
    push_to_hub: str | None = option("upload the model folder to this private Hub model", default=None)
    json: bool = option("print the evaluation as JSON", default=False)


@dataclass(frozen=True)
class Options:
    """All options of a run.

    Raises:
        ValueError: Two options do not fit together; one sentence.
    """

    data: DataOptions
    network: NetworkOptions = field(default_factory=NetworkOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    evaluation: EvaluationOptions = field(default_factory=EvaluationOptions)

    def __post_init__(self) -> None:
        if len(self.network.model) > 1 and (self.evaluation.evaluate_only or self.evaluation.push_to_hub):
            raise ValueError("Several models can be compared, but not measured again or pushed together.")

    def values(self, role: Role | None = None) -> dict[str, Any]:
        """Gives the values by the names of the options.

        Args:
            role: Only the options with this role; None gives all.
        """
        groups = (self.data, self.network, self.training, self.evaluation)
        return {
            each.name: getattr(group, each.name)
            for group in groups
            for each in fields(group)
            if role is None or role in each.metadata["role"]
        }


# As `Options` takes them.
GROUPS = (DataOptions, NetworkOptions, TrainingOptions, EvaluationOptions)


def names_with(role: Role) -> set[str]:
    """Gives the names of the options with a role."""
    return {each.name for group in GROUPS for each in fields(group) if role in each.metadata["role"]}
