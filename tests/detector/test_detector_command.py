"""python -m detector as a person or a script meets it."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from detector.__main__ import FRAMES_PER_VIDEO, main
from detector.analyzer import FRAMES_PER_VIDEO as FRAMES_OF_ANALYSIS
from detector.analyzer import Analyzer
from detector.batch.command import report_stem
from detector.batch.files import list_files
from detector.media.files import file_sha256
from detector.results import SCHEMA_VERSION
from tests.media_factory import write_video
from tests.redness_model import evidence_scales, portrait, redness_model

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def lines(output: Path) -> list[dict]:
    return [json.loads(line) for line in output.read_text().splitlines()]


def use(monkeypatch, model) -> None:
    """Puts a model in place of the bundled one."""
    monkeypatch.setattr("detector.network.loading.load_model", lambda *asked: model)


@pytest.fixture
def analysed(monkeypatch):
    """Puts the model of the tests in; gives the names of the files that were analysed."""
    names = []
    use(monkeypatch, redness_model())
    real = Analyzer.analyze

    def noting(self, path, *args, **kwargs):
        names.append(path.name)
        return real(self, path, *args, **kwargs)

    monkeypatch.setattr(Analyzer, "analyze", noting)
    return names


@pytest.fixture
def inbox(tmp_path):
    """A folder with ``a.png``, its copy ``b/copy.png``, ``b/clip.mp4`` and ``notes.txt``."""
    folder = tmp_path / "inbox"
    (folder / "b").mkdir(parents=True)
    Image.fromarray(portrait(tint=0.6)).save(folder / "a.png")
    (folder / "b" / "copy.png").write_bytes((folder / "a.png").read_bytes())
    write_video(folder / "b" / "clip.mp4", [portrait()] * 4, fps=4)
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_command_analyses_the_examples_and_names_the_bad_file(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    files = [EXAMPLES / "astronaut.jpg", tmp_path / "bad.jpg", EXAMPLES / "astronaut.mp4"]
    command = [sys.executable, "-m", "detector", *map(str, files), "--json", "--frames", "3"]
    variables = os.environ | {"MODEL_RUNTIME": "auto"}  # as users have it; it starts without torch
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    photo, bad, video = (json.loads(line) for line in done.stdout.splitlines())
    assert [record["file"] for record in (photo, bad, video)] == [str(path) for path in files]
    assert photo["sha256"] == photo["result"]["file"]["sha256"] == file_sha256(files[0])
    assert photo["result"]["model"]["id"] == "bundled" and 0 <= photo["result"]["score"] <= 1
    assert [len(face["frames"]) for face in video["result"]["faces"]] == [3]
    assert bad["result"] is None and bad["error"].startswith("The file is neither a photo nor a video")
    assert "1 not analysed" in done.stderr and "Traceback" not in done.stderr


def test_help_is_answered_without_torch():
    code = (
        "import sys; from detector.__main__ import main\n"
        "try: main(['--help'])\n"
        "finally: assert not {'torch', 'cv2', 'av'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "python -m detector inbox --csv --output inbox.csv" in done.stdout
    assert "exit codes" in done.stdout and f"(default: {FRAMES_OF_ANALYSIS})" in done.stdout
    assert FRAMES_PER_VIDEO == FRAMES_OF_ANALYSIS


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "required: FILE|FOLDER"),
        (["in", "--json", "--csv"], "not allowed with"),
        (["in", "--frames", "0"], "at least 1"),
        (["in", "--item", "-1"], "at least 1"),
        (["in", "--pdf"], "needs --report"),
        (["in", "--resume", "--json"], "needs --json and --output"),
        (["in", "--resume", "--csv", "--output", "o.csv"], "needs --json and --output"),
        (["in", "--output", "there.jsonl"], "is there already"),
        (["in", "--output", "nowhere/o.jsonl"], "does not exist"),
        (["in", "--report", "."], "a folder of its own"),
    ],
)
def test_wrong_use_is_refused(arguments, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.jsonl").write_text("{}\n")
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err


def test_empty_folder_and_unusable_model_are_refused(tmp_path, analysed, capsys):
    assert run(tmp_path) == 2
    assert "no file to analyse" in capsys.readouterr().err
    assert run(tmp_path / "nowhere", "--output", tmp_path / "out.csv") == 2
    assert f"Nothing lies at {tmp_path / 'nowhere'}." in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()
    (tmp_path / "a.png").write_bytes(b"x")
    assert run(tmp_path, "--model", tmp_path) == 2
    assert "does not hold a usable model" in capsys.readouterr().err


def test_folders_are_walked_in_order_without_hidden_and_own_files(tmp_path):
    for name in ("b.jpg", "a/z.jpg", "a/c.jpg", ".hidden", ".git/d.jpg", "a/.e.jpg", "out.jsonl", "reports/r.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    own = [tmp_path / "out.jsonl", tmp_path / "reports"]
    given = [tmp_path / "b.jpg", tmp_path, tmp_path / ".hidden", tmp_path / "gone.jpg"]
    names = [str(path.relative_to(tmp_path)) for path in list_files(given, own)]
    assert names == ["b.jpg", "a/c.jpg", "a/z.jpg", ".hidden", "gone.jpg"]


def test_plain_lines_tell_verdict_seconds_and_errors(inbox, analysed, capsys):
    write_video(inbox / "swap.mp4", [portrait()] + [portrait(tint=0.6)] * 7, fps=8)
    assert run(inbox, "--frames", 8) == 1
    captured = capsys.readouterr()
    text = captured.out.splitlines()
    assert text[0].startswith("Signs of manipulation") and text[0].endswith("a.png")
    assert any(line.startswith("No manipulation found") and line.endswith("clip.mp4") for line in text)
    assert "    Signs of manipulation from 0.1 to 0.9 s." in text
    assert f"    The same file as {inbox / 'a.png'}." in text
    assert text[[line.startswith("Not analysed") for line in text].index(True) + 1].startswith(
        "    The file is neither"
    )
    assert "3 signs of manipulation, 1 no manipulation found, 1 not analysed." in captured.err
    assert "That does not show that the material is real" in captured.err and "Model redness" in captured.err


def test_file_name_cannot_command_the_terminal(tmp_path, analysed, capsys):
    (tmp_path / "a\x1b[2J\nb\u202e.jpg").write_bytes(b"x")
    assert run(tmp_path) == 1
    first, note = capsys.readouterr().out.splitlines()
    assert first.endswith("a\ufffd[2J\ufffdb\ufffd.jpg") and note.startswith("    The file is neither")


def test_csv_file_opens_in_a_spreadsheet(inbox, analysed, capsys, tmp_path):
    assert run(inbox, "--output", tmp_path / "table.csv", "--frames", 2) == 1
    assert capsys.readouterr().out == ""
    assert (tmp_path / "table.csv").read_bytes().startswith(b"\xef\xbb\xbffile,sha256,")
    with open(tmp_path / "table.csv", encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [Path(row["file"]).name for row in table] == ["a.png", "clip.mp4", "copy.png", "notes.txt"]
    assert [row["verdict"] for row in table[:2]] == ["Signs of manipulation", "No manipulation found"]
    assert table[2]["duplicate_of"] == str(inbox / "a.png") and table[3]["error"]
    assert run(inbox, "--csv", "--frames", 2) == 1
    assert next(csv.reader([capsys.readouterr().out.splitlines()[0]])) == list(table[0])


def test_killed_run_goes_on_after_its_last_whole_line(inbox, analysed, tmp_path):
    output, whole = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    (inbox / "notes.txt").unlink()
    command = (inbox, "--json", "--frames", 2, "--output")
    assert run(*command, whole) == 0
    assert analysed == ["a.png", "clip.mp4"]
    analysed.clear()
    first_line = whole.read_text().splitlines(keepends=True)[0]
    output.write_text(whole.read_text()[: len(first_line) + 100])  # killed while it wrote its second line
    assert run(*command, output, "--resume") == 0
    assert analysed == ["clip.mp4"]
    by_file = [{record["file"]: record for record in lines(path)} for path in (output, whole)]
    assert by_file[0] == by_file[1] and len(lines(output)) == 3
    assert run(*command, output, "--resume") == 0
    assert analysed == ["clip.mp4"]


def test_results_that_no_longer_hold_are_made_again(inbox, analysed, tmp_path, monkeypatch):
    output = tmp_path / "out.jsonl"
    command = (inbox, "--output", output, "--resume")  # also starts a new file
    assert run(*command, "--frames", 2) == 1
    analysed.clear()
    assert run(*command, "--frames", 3) == 1  # a photo has no frames to choose, and the text file is tried anew
    assert analysed == ["clip.mp4", "notes.txt"]
    analysed.clear()
    Image.fromarray(portrait()).save(inbox / "a.png")
    assert run(*command, "--frames", 3) == 1
    assert analysed == ["a.png", "notes.txt"]
    analysed.clear()
    use(monkeypatch, redness_model(revision="2"))
    assert run(*command, "--frames", 3) == 1
    assert analysed == ["a.png", "clip.mp4", "copy.png", "notes.txt"]
    assert len(lines(output)) == 4
    assert {record["result"]["model"]["revision"] for record in lines(output) if record["result"]} == {"2"}


def test_results_of_an_earlier_schema_are_made_again_and_counted(inbox, analysed, tmp_path, capsys):
    output = tmp_path / "out.jsonl"
    assert run(inbox, "--output", output, "--frames", 2) == 1
    assert "earlier schema" not in capsys.readouterr().err
    a, clip, copy, notes = lines(output)
    old = [record | {"schema_version": "1.4"} for record in (a, clip, copy, notes)]
    output.write_text("".join(f"{json.dumps(record)}\n" for record in old))
    analysed.clear()
    assert run(inbox, "--output", output, "--frames", 2, "--resume") == 1
    assert "3 results of an earlier schema are analysed again.\n" in capsys.readouterr().err
    assert analysed == ["a.png", "clip.mp4", "notes.txt"]
    assert {record["schema_version"] for record in lines(output)} == {SCHEMA_VERSION}


def test_summary_counts_bands_and_says_what_the_ratio_is(inbox, analysed, monkeypatch, capsys):
    use(monkeypatch, redness_model(scales=evidence_scales()))
    assert run(inbox / "a.png", inbox / "b" / "copy.png") == 0
    said = capsys.readouterr().err
    assert "2 moderate support for manipulation.\n" in said
    assert "Moderate support for manipulation: This is a lead to check, not proof.\n" in said
    assert "LR: The likelihood ratio says how many times as frequent" in said


def test_lines_of_other_files_stay(inbox, analysed, tmp_path):
    output = tmp_path / "out.jsonl"
    assert run(inbox / "b" / "clip.mp4", "--output", output, "--frames", 2) == 0
    assert run(inbox / "a.png", "--output", output, "--frames", 2, "--resume") == 0
    assert [Path(record["file"]).name for record in lines(output)] == ["clip.mp4", "a.png"]


@pytest.mark.parametrize("text", ['{"photo": 1}\n', "a,b\n1,2\n", "a letter", "[]\n"])
def test_foreign_file_is_never_gone_on_with(inbox, analysed, tmp_path, capsys, text):
    (tmp_path / "mine.txt").write_text(text)
    assert run(inbox, "--json", "--output", tmp_path / "mine.txt", "--resume") == 2
    assert "was not written by this command" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == text and analysed == []


def test_each_content_gets_one_report(inbox, analysed, tmp_path, monkeypatch):
    written = []

    def write_evidence(evidence, folder, stem):
        written.append(evidence)
        (folder / f"{stem}.html").write_text("report")
        return folder / f"{stem}.html", folder / f"{stem}.json"

    def build_evidence(analysis, model):
        return analysis.result.file.name, len(analysis.frames) > 0, model.info.id

    monkeypatch.setattr("detector.batch.command.build_evidence", build_evidence)
    monkeypatch.setattr("detector.batch.command.write_evidence", write_evidence)
    reports, output = tmp_path / "reports", tmp_path / "out.jsonl"
    command = (inbox, "--output", output, "--report", reports, "--frames", 2, "--resume")
    assert run(*command) == 1
    assert written == [("a.png", True, "redness"), ("clip.mp4", True, "redness")]
    names = {Path(record["file"]).name: record["report"] for record in lines(output)}
    assert names["a.png"] == names["copy.png"] == f"a-{file_sha256(inbox / 'a.png')[:8]}.html"
    assert names["notes.txt"] is None and (reports / names["clip.mp4"]).is_file()
    (reports / names["clip.mp4"]).unlink()
    written.clear()
    assert run(*command) == 1
    assert written == [("clip.mp4", True, "redness")]  # a report that is gone is written again


def test_reports_are_pdf_too_where_that_is_asked(inbox, analysed, tmp_path):
    assert run(inbox / "a.png", "--report", tmp_path / "reports", "--pdf") == 0
    stem = f"a-{file_sha256(inbox / 'a.png')[:8]}"
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        f"{stem}.html",
        f"{stem}.json",
        f"{stem}.pdf",
    ]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("niño 1.jpg", "niño_1-01234567"),
        ("..hidden", "file-01234567"),
        ("=1+1.jpg", "1_1-01234567"),
        ("ä" * 99, None),
    ],
)
def test_report_names_are_safe(name, stem):
    made = report_stem(Path(name), "0123456789")
    assert stem is None or made == stem
    assert len(f"{made}.html".encode()) < 255


def test_stopped_by_the_user(inbox, analysed, tmp_path, monkeypatch, capsys):
    real = Analyzer.analyze

    def stopped(self, path, *args, **kwargs):
        if path.name == "clip.mp4":
            raise KeyboardInterrupt
        return real(self, path, *args, **kwargs)

    monkeypatch.setattr(Analyzer, "analyze", stopped)
    assert run(inbox, "--output", tmp_path / "out.jsonl") == 130
    err = capsys.readouterr().err
    assert err.strip().splitlines()[-1] == "Stopped; the same command with --resume goes on where it was."
    assert [Path(record["file"]).name for record in lines(tmp_path / "out.jsonl")] == ["a.png"]


def test_reader_who_has_seen_enough_hears_no_complaint(tmp_path):
    code = (
        "import sys, detector.network.loading; from tests.redness_model import redness_model\n"
        "detector.network.loading.load_model = lambda *asked: redness_model()\n"
        "from detector.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    (tmp_path / "bad.jpg").write_bytes(b"x")
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_output_that_cannot_be_written_is_one_sentence(inbox, analysed, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert run(inbox, "--report", tmp_path / "file" / "reports") == 2
    assert capsys.readouterr().err.strip().endswith("Not a directory.")


def test_file_that_vanishes_after_its_analysis_has_its_report(inbox, tmp_path, monkeypatch, analysed):
    real = Analyzer.analyze

    def vanishing(self, path, *args, **kwargs):
        analysis = real(self, path, *args, **kwargs)
        path.unlink()
        return analysis

    monkeypatch.setattr(Analyzer, "analyze", vanishing)
    (inbox / "b" / "copy.png").unlink()
    output = tmp_path / "lines.jsonl"
    assert run(inbox / "a.png", inbox / "b" / "clip.mp4", "--output", output, "--report", tmp_path / "reports") == 0
    photo, clip = lines(output)
    assert (photo["result"]["verdict"], clip["error"]) == ("manipulated", None)
    assert all((tmp_path / "reports" / record["report"]).is_file() for record in (photo, clip))


@pytest.fixture
def speeches(tmp_path):
    """A folder with five known-real photos of the same speaker, and a text."""
    folder = tmp_path / "speeches"
    folder.mkdir()
    for number in range(5):
        Image.fromarray(portrait(tint=0.2 + number / 50)).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def weighing(analysed, monkeypatch):
    """Puts a model with evidence scales in."""
    use(monkeypatch, redness_model(scales=evidence_scales()))
    return analysed


def test_known_real_files_are_analysed_once_and_every_file_is_compared(inbox, weighing, speeches, tmp_path, capsys):
    output, reports = tmp_path / "out.jsonl", tmp_path / "reports"
    assert run(inbox, "--known-real", speeches, "--output", output, "--report", reports, "--frames", 2) == 1
    assert weighing == ["0.png", "1.png", "2.png", "3.png", "4.png", "notes.txt", "a.png", "clip.mp4", "notes.txt"]
    photo, clip, copy, _ = (record["result"] for record in lines(output))
    assert photo["known_real"]["higher_than"] == {"count": 5, "of": 5}
    assert photo["known_real"]["files"][5]["error"].startswith("The file is neither a photo")
    assert photo["known_real"] == copy["known_real"] and photo["known_real"]["evidence"]["bounds"] == [-0.778, 0.778]
    assert clip["known_real"]["higher_than"] == {"count": 0, "of": 0}
    assert "Compared with known-real files" in (reports / lines(output)[0]["report"]).read_text(encoding="utf-8")
    capsys.readouterr()
    assert run(inbox / "a.png", "--known-real", speeches) == 0
    assert "    It scores higher than all 5 known-real files." in capsys.readouterr().out.splitlines()
    assert run(inbox / "a.png", "--known-real", speeches, "--csv") == 0
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert (row["known_real_files"], row["higher_than_known_real"]) == ("5", "5")


def test_lines_made_with_other_known_real_files_are_made_again(inbox, weighing, speeches, tmp_path):
    command = (inbox / "a.png", "--output", tmp_path / "out.jsonl", "--resume")
    assert run(*command) == 0
    weighing.clear()
    assert run(*command, "--known-real", speeches) == 0
    assert weighing[-1] == "a.png"
    weighing.clear()
    assert run(*command, "--known-real", speeches) == 0
    assert weighing == []
    assert run(*command, "--known-real", speeches / "0.png", "--known-real", speeches / "1.png") == 0
    assert weighing == ["0.png", "1.png", "a.png"]
    (record,) = lines(tmp_path / "out.jsonl")
    assert [file["name"] for file in record["result"]["known_real"]["files"]] == ["0.png", "1.png"]


def test_too_many_known_real_files_and_none_are_refused(inbox, weighing, tmp_path, capsys):
    many = tmp_path / "many"
    many.mkdir()
    assert run(inbox, "--known-real", many) == 2
    assert capsys.readouterr().err == "There is no known-real file to compare with.\n"
    for number in range(21):
        (many / f"{number}.png").touch()
    assert run(inbox, "--known-real", many) == 2
    assert capsys.readouterr().err == "There are more than 20 known-real files; please choose at most 20.\n"
    assert weighing == []
