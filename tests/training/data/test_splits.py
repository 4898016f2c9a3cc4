import datasets
import pytest

from dataset_builder.records import features
from training.data.splits import load_splits


@pytest.fixture
def splits() -> datasets.DatasetDict:
    """One row a split, manipulation 1 of two."""
    columns = features(("Deepfakes", "FaceSwap"))
    row = dict.fromkeys(columns) | {"label": 1, "manipulation": 2, "video_id": "FaceSwap/000_001"}
    rows = datasets.Dataset.from_list([row], features=columns)
    return datasets.DatasetDict(train=rows, test=rows)


def test_both_forms_of_the_builder_give_manipulations_by_name(splits, tmp_path):
    splits.save_to_disk(tmp_path / "disk")
    (tmp_path / "parquet" / "all_c23").mkdir(parents=True)
    for split, rows in splits.items():
        rows.to_parquet(tmp_path / "parquet" / "all_c23" / f"{split}-00000-of-00001.parquet")
    for folder in ("disk", "parquet", "parquet/all_c23"):
        found = load_splits(str(tmp_path / folder), ("train", "test"))
        assert found["test"][0]["manipulation"] == "FaceSwap"


def test_folder_with_several_configurations_asks_for_one(splits, tmp_path):
    for name in ("a_c23", "b_c23"):
        (tmp_path / name).mkdir()
        splits["test"].to_parquet(tmp_path / name / "test-00000-of-00001.parquet")
    with pytest.raises(ValueError, match="name one: .*a_c23, .*b_c23"):
        load_splits(str(tmp_path), ("test",))


@pytest.mark.parametrize(
    ("part", "sentence"),
    [("", "has no split validation"), ("test", "is a single split"), ("none", "is not a data set")],
)
def test_what_is_no_such_data_set_is_one_sentence(splits, tmp_path, part, sentence):
    splits.save_to_disk(tmp_path / "set")
    with pytest.raises(ValueError, match=sentence):
        load_splits(str(tmp_path / "set" / part), ("validation",))


def test_data_set_of_another_origin_is_one_sentence(splits, tmp_path):
    other = splits.remove_columns("group")
    other.save_to_disk(tmp_path / "other")
    with pytest.raises(ValueError, match="it has no column group"):
        load_splits(str(tmp_path / "other"), ("test",))
