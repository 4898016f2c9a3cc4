"""The builder over Ray; one Ray for all of them, as it takes seconds to start."""

import hashlib
import json
from functools import partial

import datasets
import pytest

from dataset_builder.__main__ import main
from dataset_builder.builder import choose_pool
from dataset_builder.extraction import cluster, cutting
from dataset_builder.extraction.cluster import on_cluster
from dataset_builder.extraction.cutting import run_jobs
from detector.batch.cluster import ClusterOptions, connected, outcomes
from detector.errors import CommandError
from tests.dataset_builder.extraction.made_jobs import COLUMNS, die_at_the_second
from tests.media_factory import faceforensics_tree

EMBEDDED = ClusterOptions(workers=2)


@pytest.fixture(scope="module")
def ray():
    """Ray on this machine with two workers, for all tests of this file."""
    with connected(EMBEDDED):
        yield


def test_cluster_gives_the_rows_hashes_and_summary_of_the_local_build(ray, tmp_path, capsys):
    root = faceforensics_tree(tmp_path / "ff", [("000", "001"), ("002", "003")])
    printed = []
    for name, how in (("here", []), ("there", ["--address", "local", "--num-proc", "2"])):
        arguments = ["--root", str(root), "--split", "test-only", "--frames-per-video", "2", "--json"]
        places = ["--output", str(tmp_path / name), "--cache-dir", str(tmp_path / f"{name}.cache")]
        assert main([*arguments, *places, *how]) == 0
        printed.append(capsys.readouterr().out)
    here, there = (
        datasets.load_from_disk(tmp_path / name)["test"].with_format("arrow")[:] for name in ("here", "there")
    )
    assert here.num_rows == 16 and there.equals(here)
    assert printed[0] == printed[1] and json.loads(printed[0])["frames"]["test"] == {"real": 8, "Deepfakes": 8}
    here, there = (hashes(tmp_path / f"{name}.cache" / "crops") for name in ("here", "there"))
    assert len(here) == 8 and there == here


def hashes(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_crash_of_a_decoder_costs_its_video_only(three, ray, tmp_path, monkeypatch):
    monkeypatch.setattr(cutting, "cut_job", die_at_the_second)
    monkeypatch.setattr(cluster, "outcomes", partial(outcomes, attempts=2))  # a worker takes seconds to start
    found = run_jobs(three, tmp_path / "crops", COLUMNS, partial(on_cluster, options=EMBEDDED))
    assert [outcome.videos[0].crops for outcome in found] == [2, 0, 2]
    assert found[1].videos[0].problem == "the decoder crashed on it or on a video it belongs to."
    assert len(list((tmp_path / "crops").iterdir())) == 6


def test_node_with_other_software_ends_the_run_in_one_sentence(three, ray, tmp_path, monkeypatch):
    software = cluster._software() | {"av": "0.1"}
    monkeypatch.setattr(cluster, "_software", lambda: software)
    with pytest.raises(CommandError, match=r"^Node \S+ has av \S+, not 0.1; install the same versions on all nodes.$"):
        run_jobs(three, tmp_path / "crops", COLUMNS, partial(on_cluster, options=EMBEDDED))
    assert not list((tmp_path / "crops").iterdir())


def sent(job, folder, **changes):
    folder.mkdir()
    (folder / "a.sign").touch()
    task = cutting.CutTask(job.key(), job, folder, COLUMNS)
    whole = {"sign": folder / "a.sign", "sizes": cluster._sizes(task), "software": cluster._software()} | changes
    return cluster._Sent(lambda task: None, task, **whole)


@pytest.mark.parametrize("path", ["path", "folder"])
def test_node_that_lacks_the_videos_or_the_cache_says_so(three, tmp_path, path):
    job = sent(three[0], tmp_path / "crops")
    cluster._on_node(job)
    gone = tmp_path / "000.mp4" if path == "path" else job.sign
    gone.unlink()
    with pytest.raises(CommandError) as told:
        cluster._on_node(job)
    what = f"file {gone} as this machine does" if path == "path" else f"folder {tmp_path / 'crops'}"
    assert str(told.value).endswith(
        f"does not see the {what}; the videos and --cache-dir must lie on a disk that all nodes share."
    )


def test_video_that_nobody_can_read_is_no_fault_of_the_node(three, tmp_path):
    (tmp_path / "000.mp4").unlink()
    assert cluster._on_node(sent(three[0], tmp_path / "crops")) is None


@pytest.mark.parametrize(
    ("num_proc", "address", "options"),
    [
        (None, "auto", ClusterOptions("auto")),
        (8, "head:6379", ClusterOptions("head:6379", workers=8)),
        (2, "local", EMBEDDED),
    ],
)
def test_address_and_number_say_where_and_how_much_is_done(num_proc, address, options):
    assert choose_pool(num_proc, address).keywords == {"options": options}
