from functools import partial

from dataset_builder.extraction import cutting
from dataset_builder.extraction.cutting import run_jobs
from dataset_builder.extraction.processes import in_processes
from tests.builds import here
from tests.dataset_builder.extraction.made_jobs import COLUMNS, die_at_the_second


def test_finished_videos_are_not_done_again(three, tmp_path):
    folder = tmp_path / "crops"
    run_jobs(three[:2], folder, COLUMNS, here)
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    outcomes = run_jobs(three, folder, COLUMNS, here)
    after = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert len(before) == 4 and len(after) == 6
    assert before.items() <= after.items()
    assert [outcome.videos[0].video_id for outcome in outcomes] == ["youtube/000", "youtube/001", "youtube/002"]


def test_job_that_was_stopped_while_writing_is_done_again(three, tmp_path):
    folder = tmp_path / "crops"
    run_jobs(three[:1], folder, COLUMNS, here)
    (folder / f"{three[0].key()}.json").unlink()  # it is written last
    (outcome,) = run_jobs(three[:1], folder, COLUMNS, here)
    assert outcome.videos[0].crops == 2


def test_crash_of_a_decoder_costs_its_video_only(three, tmp_path, monkeypatch):
    monkeypatch.setattr(cutting, "cut_job", die_at_the_second)
    outcomes = run_jobs(three, tmp_path / "crops", COLUMNS, partial(in_processes, workers=2))
    assert [outcome.videos[0].crops for outcome in outcomes] == [2, 0, 2]
    assert outcomes[1].videos[0].is_unreadable and "crashed" in outcomes[1].videos[0].problem
