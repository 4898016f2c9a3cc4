"""Results written and read again: nothing is lost, whatever they hold."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.batch.output import to_csv, to_json
from detector.batch.resume import Wanted, line, resume
from detector.batch.runner import BatchItem
from detector.facts import MediaFile, MediaItem, ModelInfo, Thresholds
from detector.messages import Message
from detector.results import (
    SCHEMA_VERSION,
    Cut,
    FaceTrack,
    FrameScore,
    NotAssessed,
    Result,
    result_to_dict,
    verdict_for,
)

scores = st.floats(0, 1)
numbers = st.integers(1, 9000)
seconds = st.none() | st.floats(0, 7200)
items = st.lists(st.builds(MediaItem, numbers, st.just("film"), numbers, numbers, seconds, st.booleans()), max_size=2)
names = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=40)


@st.composite
def results(draw):
    """Any result that the dataclasses can hold."""
    rounded = scores.map(lambda score: round(score, 6))
    corners = st.tuples(*[st.integers(-500, 5000)] * 4)
    times = st.floats(0, 7200).map(lambda time_s: round(time_s, 3))
    thresholds = Thresholds(*sorted(draw(st.tuples(rounded, rounded))))
    tracks = []
    for number in range(1, draw(st.integers(0, 3)) + 1):
        frames = draw(st.lists(st.builds(FrameScore, times, rounded, corners), min_size=1, max_size=4))
        score = round(float(np.mean([frame.score for frame in frames])), 6)
        tracks.append(FaceTrack(number, frames[0].box_px, score, verdict_for(score, thresholds), tuple(frames)))
    worst = max(tracks, key=lambda track: track.score, default=None)
    kinds = ("image/png", "video/mp4")
    size, duration = st.integers(1, 9000), st.none() | times
    file = MediaFile(
        draw(names), "0a" * 32, draw(size), draw(st.sampled_from(kinds)), draw(size), draw(size), draw(duration)
    )
    return Result(
        SCHEMA_VERSION,
        file,
        ModelInfo(draw(names), "1", ("real", "fake"), thresholds),
        worst.verdict if worst else "no_face",
        worst.score if worst else None,
        tuple(tracks),
        tuple(draw(st.lists(st.builds(Message, st.text(max_size=20)), max_size=2))),
        worst.track_id if worst else None,
        tuple(draw(st.lists(st.builds(NotAssessed, times, corners, st.just("hidden")), max_size=2))),
        tuple(draw(st.lists(st.builds(Cut, times, times), max_size=2))),
        items=tuple(draw(items)),
    )


@given(results())
def test_json_of_a_result_reads_back_the_same(result):
    text = json.dumps(result_to_dict(result), allow_nan=False)
    assert rebuilt(json.loads(text)) == result


def rebuilt(record: dict) -> Result:
    """A result from its JSON, as a script would make it."""
    tracks = [
        FaceTrack(**track | {"box_px": tuple(track["box_px"]), "frames": frames(track), "suspicious_spans": ()})
        for track in record["faces"]
    ]
    thresholds = Thresholds(**record["model"]["thresholds"])
    label_names = tuple(record["model"]["label_names"])
    return Result(
        **record
        | {
            "file": MediaFile(**record["file"]),
            "model": ModelInfo(**record["model"] | {"label_names": label_names, "thresholds": thresholds}),
            "faces": tuple(tracks),
            "warnings": tuple(map(Message, record["warnings"])),
            "not_assessed": tuple(
                NotAssessed(**face | {"box_px": tuple(face["box_px"])}) for face in record["not_assessed"]
            ),
            "cuts": tuple(Cut(**cut) for cut in record["cuts"]),
            "items": tuple(MediaItem(**item) for item in record["items"]),
        }
    )


def frames(track: dict) -> tuple[FrameScore, ...]:
    return tuple(FrameScore(**frame | {"box_px": tuple(frame["box_px"])}) for frame in track["frames"])


@settings(max_examples=30)
@given(st.lists(results(), min_size=1, max_size=4))
def test_lines_of_a_run_are_read_again_as_they_were_written(tmp_path_factory, several):
    folder = tmp_path_factory.mktemp("run")
    items = [
        BatchItem(Path("/inbox") / f"{number}-{result.file.name}", f"{number:064d}", result)
        for number, result in enumerate(several)
    ]
    output = folder / "lines.jsonl"
    text = "".join(line(item, 8) for item in items)
    output.write_text(text + text[:17], encoding="ascii")  # the last line was cut off
    assert resume(output, [], Wanted(several[0].model, 8)).remaining == []
    assert output.read_text(encoding="ascii") == text
    for written, item in zip(text.splitlines(), items, strict=True):
        record = json.loads(written)
        assert rebuilt(record["result"]) == item.result and record["file"] == str(item.path)
    assert [record["result"]["file"]["name"] for record in json.loads(to_json(items))["items"]] == [
        result.file.name for result in several
    ]


@given(st.text(max_size=30).filter(lambda name: "/" not in name and "\0" not in name), results())
def test_no_cell_of_the_table_is_a_formula_or_ends_its_row(name, result):
    item = BatchItem(Path("/inbox") / f"x{name}", "ab", replace(result, warnings=(Message(name),)), error=Message(name))
    (row,) = csv.DictReader(io.StringIO(to_csv([item]), newline=""))
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert row["file"].removeprefix("'") == f"x{name}"
