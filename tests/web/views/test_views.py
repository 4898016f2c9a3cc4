"""What a person sees of a result, as HTML."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.batch.runner import BatchItem
from detector.messages import Message
from detector.report.wording.quotation import quotation
from tests.detector.made_results import compared_result, weighed_result
from tests.media_factory import write_video
from tests.redness_model import evidence_scales, portrait, redness_model
from web.views.batch import BatchFile, batch_html
from web.views.media import faces_html, viewer_html
from web.views.verdict import verdict_html

SCRIPT = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


@pytest.fixture(scope="module")
def photo_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / f"{SCRIPT}.png"
    Image.fromarray(portrait(tint=0.6)).save(path)
    return path


@pytest.fixture(scope="module")
def photo(analyzer, photo_file):
    return analyzer.analyze_image(photo_file)


@pytest.fixture(scope="module")
def clip(analyzer, tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, [portrait()] * 4 + [portrait(tint=0.6)] * 4, fps=4)
    return analyzer.analyze_video(path, frames=8)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_verdict_says_band_score_thresholds_and_model(photo):
    said = text_of(verdict_html(photo.result, "en"))
    assert "Signs of manipulation" in said
    assert "no manipulation found below 0.20" in said and "signs of manipulation from 0.80" in said
    assert "Model redness, revision 1." in said


def test_every_verdict_comes_with_what_it_does_not_show(photo, clip):
    for result in (photo.result, clip.result):
        said = text_of(verdict_html(result, "en"))
        assert re.search("do not show that the whole (photo|clip) is fake", said)
        assert "50 when 1 %" in said  # the prevalence warning
        assert "under &#34;About this model&#34;" in said


def test_verdict_is_never_told_by_colour_alone(photo):
    html = verdict_html(photo.result, "en")
    assert '<span aria-hidden="true">▲</span> Signs of manipulation' in html
    assert 'role="status"' in html


def test_name_of_the_file_is_text_wherever_it_is_shown(photo):
    pages = [verdict_html(photo.result, "en"), viewer_html(photo, "en"), faces_html(photo, "en")]
    pages.append(batch_html([BatchFile(BatchItem(photo_path(photo), "ab", photo.result), None)], "en"))
    assert not any("<img src=x" in page for page in pages)
    assert "&lt;img src=x onerror=alert(1)&gt;" in pages[0] and "&lt;img src=x" in pages[3]


@pytest.mark.parametrize("sign", ["\u202e", "\x1b", "\n", "\udcff"], ids=["direction", "escape", "line", "no text"])
def test_name_cannot_turn_the_line_it_stands_in(photo, sign):
    name = f"photo{sign}gpj.exe"
    result = replace(photo.result, file=replace(photo.result.file, name=name))
    items = [BatchItem(Path(name), "ab", result), BatchItem(Path("b"), "ab", result, duplicate_of=Path(name))]
    for page in (verdict_html(result, "es"), batch_html([BatchFile(item, None) for item in items], "es")):
        assert "photo\ufffdgpj.exe" in page and name not in page
        page.encode("utf-8")


def photo_path(photo):
    return Path(photo.result.file.name)


def test_sentence_to_quote_names_file_model_and_finding(photo):
    assert quotation(photo.result, "en") == (
        f"An automated check of {SCRIPT}.png with the model redness "
        "found strong signs that a face was manipulated. Such a check is a lead, not proof."
    )
    assert "encontró indicios fuertes" in quotation(photo.result, "es")


def test_part_of_a_clip_that_was_swapped_is_named_with_its_seconds(clip):
    assert clip.result.verdict == "manipulated" and clip.result.score < 0.8  # the mean alone would not tell
    assert "Face 1 shows signs of manipulation from 1.0 to 1.8 s." in text_of(verdict_html(clip.result, "en"))
    assert "1.0–1.8 s" in text_of(faces_html(clip, "es"))


def test_faces_that_were_not_assessed_are_listed_with_place_and_reason(analyzer, tmp_path):
    canvas = np.full((400, 600, 3), 128, np.uint8)
    canvas[100:170, 100:170] = np.asarray(Image.fromarray(portrait()).resize((70, 70)))
    Image.fromarray(canvas).save(tmp_path / "small.png")
    analysis = analyzer.analyze_image(tmp_path / "small.png")
    said = text_of(faces_html(analysis, "en"))
    assert re.search(r"A face at \d+, \d+, \d+, \d+: smaller than 48 pixels\.", said)
    assert "Score" not in text_of(verdict_html(analysis.result, "en")).split("What this")[0].replace("Scores", "")


def test_bad_file_of_many_keeps_its_row(photo):
    good = BatchItem(photo_path(photo), "ab", photo.result)
    bad = BatchItem(photo_path(photo), "", error=Message("The file is empty (zero bytes); please send the file again."))
    html = batch_html([BatchFile(good, None), BatchFile(bad, None)], "es")
    assert html.count('scope="row"') == 2 and html.count('data-choose="0"') == 1
    assert "Indicios de manipulación" in html and "El archivo está vacío" in html and "Sin analizar" in html


def test_browser_sorts_many_files_by_finite_numbers_with_those_that_failed_last(photo):
    files = [
        BatchItem(Path("bad"), "", error=Message("It broke.")),
        BatchItem(Path("faceless"), "cd", replace(photo.result, score=None)),
        BatchItem(Path("red"), "ab", photo.result),
    ]
    html = batch_html([BatchFile(item, None) for item in files], "en")
    assert re.findall(r'scope="row" data-value="(\w+)"', html) == ["red", "faceless", "bad"]
    figures = [float(figure) for figure in re.findall(r'<td [^>]*data-value="([^"]*)"', html)]
    assert len(figures) == 6 and all(map(math.isfinite, figures))
    assert figures[0] > figures[2] > figures[4]  # in the order of the rows, a score and a number of faces of each


@pytest.fixture(scope="module")
def weighed():
    """An analyzer on whose scales a tint of 0.6 is moderate support for manipulation."""
    return Analyzer(redness_model(scales=evidence_scales()))


def test_band_comes_first_with_counts_plot_and_sentence_to_quote(weighed, photo_file):
    result = weighed.analyze_image(photo_file).result
    html = verdict_html(result, "en", weighed.model.scales)
    said = text_of(html)
    assert '<span aria-hidden="true">▲</span> Moderate support for manipulation</h2>' in html
    assert "A score like this is about 20 times as frequent among manipulated reference files" in said
    assert "Real reference photos that score as high or higher: 0 of 100" in said
    assert "found moderate support for manipulation: a score like this" in said
    assert html.count('<svg role="img"') == 1 and 'class="scale"' not in html
    assert "Score of the network" in said.split("Figures")[1] and "Score" not in said.split("Figures")[0]
    assert "The ratio does not include how many of the files that come in are fake" in said
    assert "Apoyo moderado a que hubo manipulación" in text_of(verdict_html(result, "es", weighed.model.scales))


def test_results_without_evidence_show_the_score_between_the_thresholds(photo):
    html = verdict_html(photo.result, "en", evidence_scales())
    assert 'class="scale"' in html and "<svg" not in html and "Figures" not in html
    assert "ratio" not in text_of(batch_html([BatchFile(BatchItem(photo_path(photo), "ab", photo.result), None)], "en"))
    assert "Likelihood ratio" not in faces_html(photo, "en")


def test_faces_and_plot_over_time_of_a_weighed_clip_speak_of_support(weighed, tmp_path):
    path = write_video(tmp_path / "clip.mp4", [portrait(tint=0.6)] * 4, fps=4)
    analysis = weighed.analyze_video(path, frames=4)
    said = text_of(faces_html(analysis, "en"))
    assert "Weight of evidence Likelihood ratio Score" in said and "support for manipulation" in said
    assert "Moderate or strong support for manipulation (from 0.92)" in viewer_html(analysis, "en")


def test_many_files_stand_in_order_of_their_ratio_and_those_without_one_last(weighed, photo_file, tmp_path):
    Image.fromarray(portrait()).save(tmp_path / "low.png")
    low, high = (weighed.analyze_image(path).result for path in (tmp_path / "low.png", photo_file))
    items = [
        BatchItem(Path("broken"), "", error=Message("It broke.")),
        BatchItem(Path("low"), "ab", low),
        BatchItem(Path("high"), "cd", high),
    ]
    html = batch_html([BatchFile(item, None) for item in items], "en")
    assert re.findall(r'scope="row" data-value="(\w+)"', html) == ["high", "low", "broken"]
    said = text_of(html)
    assert "▲ Moderate support for manipulation 20" in said and "● Moderate support for no manipulation 1/20" in said


def test_known_real_files_decide_what_the_page_says_first_and_how_it_sorts():
    compared, plain = compared_result(1.3, -0.7), weighed_result(0.5, False)
    said = text_of(verdict_html(compared, "en"))
    assert said.index("ratio of about 1/5") < said.index("Without these files: a score like this is about 20 times")
    items = [BatchItem(Path(name), "ab", result) for name, result in (("a.png", compared), ("b.png", plain))]
    rows = text_of(batch_html([BatchFile(item, None) for item in items], "en"))
    assert rows.index("b.png") < rows.index("a.png") and "1/5" in rows and "20" not in rows
