from dataclasses import fields

import pytest

from dataset_builder.pseudo_fakes.registry import KINDS
from tests.training.commands import options
from training.option_parser import parse_options
from training.options import DataOptions, EvaluationOptions, NetworkOptions, Role, TrainingOptions


def test_command_line_without_flags_gives_the_defaults():
    assert parse_options(["--dataset", "crops"], None) == options(dataset="crops")


def test_flags_reach_their_groups_however_they_are_spelt():
    found = parse_options(
        ["--dataset", "a", "--self-blended", "0.5", "--mask_weight", "2", "--batch-size", "8", "--json"], None
    )
    assert found == options(dataset="a", self_blended=0.5, mask_weight=2.0, batch_size=8, json=True)


def test_help_shows_the_groups_and_no_metadata(capsys):
    with pytest.raises(SystemExit) as ended:
        parse_options(["--help"], "What it does.")
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(f"\n{group}:\n" in text for group in ("data", "network", "training", "evaluation"))
    assert "What it does." in text and "behind the 95 % intervals (default: 1000)" in " ".join(text.split())
    assert "Role" not in text


def test_roles_tell_what_a_resumed_run_must_keep_and_what_the_card_says():
    found = options(workers=7, seed=3)
    kept, recipe, measured = (found.values(role) for role in (Role.RESUME, Role.RECIPE, Role.MEASUREMENT))
    assert kept["seed"] == recipe["seed"] == 3
    assert "workers" not in kept | recipe | measured
    assert "initial_weights" in kept and "initial_weights" not in recipe  # the card names the earlier runs instead
    assert set(kept) & set(measured) == {"pseudo_fake_samples"}  # early stopping looks at them
    assert found.values()["workers"] == 7


@pytest.mark.parametrize(
    ("group", "values", "sentence"),
    [
        (
            DataOptions,
            {"dataset": "", "eigenface": float("nan")},
            "are shares of the fakes: 0 or more, together at most 1.",
        ),
        (DataOptions, {"dataset": "", "real_dataset": "b"}, "--real-dataset only serves with --self-blended"),
        (NetworkOptions, {"model": ["vgg16", "vgg16"]}, "--model names a model twice."),
        (NetworkOptions, {"initial_weights": "nowhere"}, "--initial-weights nowhere is no file."),
        (TrainingOptions, {"batch_size": 3}, "--batch-size must be even: crops come in pairs of real and fake."),
        (TrainingOptions, {"epochs": float("nan")}, "--epochs is more than 0."),
        (TrainingOptions, {"input_size": 16}, "--input-size is 32 or more."),
        (EvaluationOptions, {"bootstrap_rounds": -1}, "--bootstrap-rounds is 0 or more."),
    ],
)
def test_value_that_makes_no_sense_is_one_sentence(group, values, sentence):
    with pytest.raises(ValueError) as refused:
        group(**values)
    assert sentence in str(refused.value)


def test_several_models_are_not_pushed_together():
    with pytest.raises(ValueError, match="can be compared, but not measured again or pushed together"):
        options(model=["vgg16", "simple_cnn"], push_to_hub="news/room")


def test_every_kind_of_pseudo_fake_has_an_option_and_its_earlier_spelling_works():
    arguments = ["--dataset", "d", "--self-blended", "0.4", "--face-swap", "0.3"]
    assert parse_options(arguments, None).data.shares == {"self_blended": 0.4, "landmark_swap": 0.3}
    assert set(KINDS) <= {each.name for each in fields(DataOptions)}
