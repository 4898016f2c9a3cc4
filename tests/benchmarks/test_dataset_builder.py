from benchmarks import dataset_builder
from benchmarks.dataset_builder import ONE, make_clips, measure


def test_made_clips_are_built_and_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_builder, "SECONDS", 2)
    videos = make_clips(tmp_path / "clips", 1)
    run = measure(tmp_path / "clips", videos, ONE, tmp_path / "out")
    assert (run["way"], run["videos"], run["crops"]) == (ONE, 4, 52)
    assert run["videos_per_minute"] > 0 and run["peak_memory_mb"] > 50
