import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pyarrow.dataset
import pytest

from detector.__main__ import main
from detector.batch.cluster import ClusterOptions, connected, outcomes
from detector.batch.scan.models import Model, load, on_gpus
from detector.errors import CommandError
from detector.network.settings import ModelSettings
from tests.made_media.moving_photos import live_film, live_still

EXAMPLES = Path(__file__).parents[4] / "examples"
TWO = ClusterOptions(workers=2)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Ray on this machine, started once for all tests here."""
    with connected(TWO):
        yield


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A photo, a fake, a file that is neither, and both halves of a Live Photo."""
    folder = tmp_path_factory.mktemp("archive")
    for name in ("astronaut.jpg", "astronaut-swapped.jpg"):
        (folder / name).write_bytes((EXAMPLES / name).read_bytes())
    (folder / "letter.txt").write_text("dear")
    live_still(folder / "IMG_1.JPG", "1-2-3")
    live_film(folder / "IMG_1.MOV", EXAMPLES / "astronaut.mp4", "1-2-3")
    return folder


def scan(*arguments) -> int:
    return main(["scan", *map(str, arguments), "--workers", "2", "--frames", "2"])


def rows(table) -> dict:
    found = pyarrow.dataset.dataset(table, partitioning="hive").to_table().to_pylist()
    assert len({row["path"] for row in found}) == len(found)
    return {os.path.basename(row["path"]): row for row in found}


@pytest.fixture(scope="module")
def table(archive, tmp_path_factory):
    """The table of the archive; the scan ends with 1, as one file cannot be analysed."""
    folder = tmp_path_factory.mktemp("table") / "rows"
    assert scan(archive, "--output", folder) == 1
    return folder


def test_results_are_those_of_the_plain_command_to_the_byte(archive, table, tmp_path):
    lines = tmp_path / "lines.jsonl"
    assert main([str(archive), "--json", "--output", str(lines), "--frames", "2"]) == 1
    expected = {os.path.basename(line["file"]): line for line in map(json.loads, lines.read_text().splitlines())}
    found = rows(table)
    assert found.keys() == expected.keys() and len(found) == 5
    for name, line in expected.items():
        assert found[name]["result"] == (json.dumps(line["result"]) if line["result"] else None), name
        assert (found[name]["sha256"], found[name]["error"]) == (line["sha256"], line["error"])


def test_second_scan_analyses_what_has_changed_alone(archive, table, capsys):
    before = rows(table)
    os.utime(archive / "astronaut.jpg", (1, 1))  # the same bytes
    (archive / "letter.txt").write_text("dear all")
    capsys.readouterr()
    assert scan(archive, "--output", table, "--json") == 1
    summary = json.loads(capsys.readouterr().out)
    assert (summary["files"], summary["done_before"], summary["errors"]) == (5, 4, 1)
    after = rows(table)
    changed = {name for name in after if after[name]["analysed_at"] != before[name]["analysed_at"]}
    assert changed == {"letter.txt"}


def test_manifest_is_scanned_within_what_is_allowed(archive, tmp_path, capsys):
    manifest = tmp_path / "list.csv"
    manifest.write_text(f"url\n{archive}/astronaut.jpg\nhttp://127.0.0.1:9/a.jpg?key=secret\n")
    assert scan(manifest, "--output", tmp_path / "rows") == 1
    found = rows(tmp_path / "rows")
    assert found["astronaut.jpg"]["verdict"]
    (refused,) = (row for name, row in found.items() if name != "astronaut.jpg")
    assert "not allowed" in refused["error"] and "secret" not in json.dumps(refused, default=str)
    assert "2 files, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere", "--output", "{tmp}/rows"], "There is no file at"),
        (["{tmp}", "--output", "ftp://a/b"], "is not read"),
        (["{tmp}/a.txt", "--output", "{tmp}/rows", "--model", "{tmp}"], "does not hold a usable model"),
        (["{tmp}/a.txt", "--output", "{tmp}/rows", "--reports", "{tmp}/rows/reports"], "a folder of its own"),
        (["{tmp}/a.txt", "--output", "{tmp}/rows", "--reports", "{tmp}"], "a folder of its own"),
    ],
)
def test_what_cannot_begin_is_one_sentence(tmp_path, arguments, sentence, capsys):
    (tmp_path / "a.txt").write_text("a")
    assert scan(*(text.format(tmp=tmp_path) for text in arguments)) == 2
    error = capsys.readouterr().err
    assert sentence in error and "Traceback" not in error


def test_scan_without_its_packages_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in [name for name in sys.modules if name.startswith(("detector.batch.scan", "detector.batch.cluster"))]:
        monkeypatch.delitem(sys.modules, name)
    assert scan(tmp_path, "--output", tmp_path / "rows") == 2
    assert "The scan needs the package ray" in (said := capsys.readouterr().err) and "requirements-cluster.txt" in said


def dies(file: Path) -> int:
    """Kills its process where the file holds a number above zero, which it counts down; gives the number else."""
    left = int(file.read_text())
    file.write_text(str(left - 1))
    if left > 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return left


def test_process_that_dies_costs_the_piece_in_its_hands_and_poison_is_given_up(tmp_path):
    files = {name: tmp_path / name for name in ("sound", "once", "poison")}
    for file, deaths in zip(files.values(), (0, 1, 9), strict=True):
        file.write_text(str(deaths))
    found = {done.item.name: done for done in outcomes(dies, files.values(), TWO, "dies", attempts=3)}
    assert (found["sound"].value, found["once"].value) == (0, 0)
    assert found["poison"].value is None and found["poison"].lost
    assert files["poison"].read_text() == "6"


def fails(number: int) -> None:
    raise CommandError(f"piece {number}")


def test_error_of_a_piece_ends_the_run_as_it_was_raised():
    with pytest.raises(CommandError, match="piece 7"):
        list(outcomes(fails, [7], TWO, "fails"))


def doubled(number: int) -> int:
    return 2 * number


def test_pieces_are_taken_as_there_is_room_for_them():
    taken = []

    def pieces():
        for number in range(20):
            taken.append(number)
            yield number

    done = outcomes(doubled, pieces(), TWO, "doubled")
    next(done)
    assert len(taken) <= 3
    assert len(list(done)) == 19 and len(taken) == 20


def scores_of(model: Model) -> list[float]:
    """What a worker with this model scores; its name comes first."""
    loaded = load(model)
    crops = [np.full((side, side, 3), side, np.uint8) for side in (90, 120)]
    assert loaded.runtime.outputs == 2
    return [loaded.info.runtime, *loaded.predict(crops).scores.tolist()]


def test_crops_of_the_workers_are_computed_in_the_process_of_the_gpu():
    model = Model(ModelSettings(runtime="fp32"))
    with on_gpus(model, "fp32", gpus_each=0) as placed:
        assert len(placed.gpus) == 1
        [there] = outcomes(scores_of, [placed], TWO, "scores")
        [here] = outcomes(scores_of, [model], TWO, "scores")
    assert there.value == here.value and there.value[0] == "openvino-fp32"
    with on_gpus(model) as unplaced:  # no GPU, or not one to be used
        assert unplaced == model
