from benchmarks import dataset_builder
from benchmarks.dataset_builder import make_clips, measure


def test_made_clips_are_built_and_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_builder, "SECONDS", 2)
    videos = make_clips(tmp_path / "clips", 1)
    run = measure(tmp_path / "clips", videos, 1, tmp_path / "out")
    assert (run["processes"], run["videos"]) == (1, 4)
    assert run["videos_per_minute"] > 0 and run["peak_memory_mb"] > 50
