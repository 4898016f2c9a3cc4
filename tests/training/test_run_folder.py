import datasets
import pytest

from tests.training.commands import options
from training.run_folder import claim_run_folder, earlier_runs, facts_of_run, last_complete_checkpoint


def facts(video: str = "a", processes: int = 1, **changed) -> dict:
    rows = datasets.Dataset.from_dict({"video_id": [video], "time_s": [0.0], "label": [1]})
    sets = {"set": datasets.DatasetDict(train=rows, validation=rows)}
    return facts_of_run(options(dataset="somewhere", **changed), sets, "vgg16", processes)


@pytest.mark.parametrize(
    ("other", "named"),
    [({"seed": 1}, "seed"), ({"video": "b"}, "data"), ({"processes": 2}, "processes"), ({"epochs": 9.0}, "epochs")],
)
def test_checkpoints_of_another_run_are_not_taken_over(tmp_path, other, named):
    claim_run_folder(tmp_path, facts(), write=True)
    (tmp_path / "checkpoint-200").mkdir()
    claim_run_folder(tmp_path, facts(workers=7, output_dir="elsewhere"), write=True)  # what changes no step may change
    with pytest.raises(ValueError, match=f"a run with other {named}; give another --output-dir"):
        claim_run_folder(tmp_path, facts(**other), write=True)


def test_folder_without_checkpoints_may_serve_another_run(tmp_path):
    claim_run_folder(tmp_path, facts(), write=True)
    claim_run_folder(tmp_path, facts(seed=1), write=True)
    (tmp_path / "checkpoint-200").mkdir()
    claim_run_folder(tmp_path, facts(seed=1), write=False)


def test_checkpoint_that_a_kill_left_half_written_is_not_resumed_from(tmp_path):
    assert last_complete_checkpoint(tmp_path / "none") is None
    for step, state in ((200, "{}"), (1000, "{}"), (1200, '{"log_hist'), (1400, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert last_complete_checkpoint(tmp_path) == str(tmp_path / "checkpoint-1000")


def test_weights_tell_all_the_runs_that_they_come_out_of(tmp_path):
    first, second = (tmp_path / name / "checkpoint-200" / "model.safetensors" for name in ("first", "second"))
    imagenet = tmp_path / "imagenet.safetensors"
    for file in (imagenet, first, second):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    claim_run_folder(tmp_path / "first", facts(epochs=20.0, initial_weights=str(imagenet)), write=True)
    claim_run_folder(tmp_path / "second", facts(epochs=6.0, initial_weights=str(first)), write=True)
    runs = earlier_runs(str(second))
    assert [(run["epochs"], run["checkpoint"]) for run in runs] == [(20.0, "checkpoint-200"), (6.0, "checkpoint-200")]
    assert earlier_runs(str(imagenet)) == earlier_runs(None) == []


def test_run_of_an_earlier_version_is_resumed_under_the_new_names_of_its_options(tmp_path):
    now = facts(self_blended=0.4, landmark_swap=0.3)
    before = {"face_swap" if name == "landmark_swap" else name: value for name, value in now.items()}
    claim_run_folder(tmp_path, before, write=True)
    (tmp_path / "checkpoint-200").mkdir()
    claim_run_folder(tmp_path, now, write=True)
