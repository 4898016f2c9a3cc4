"""Files that hold several photos or films: which was assessed, and how another one is chosen."""

import json
from dataclasses import replace

import pytest

from detector.analyzer import Analyzer
from detector.errors import MediaError
from detector.facts import MediaItem
from detector.report.translation import LANGUAGES
from tests.media_factory import write_video
from tests.redness_model import portrait, redness_model
from tests.web.page.browser import CLEAR, check, needs_chromium, opened, running_browser, screenshots
from tests.web.server import call, file_data, serving, upload
from web.desk.items import item_updates
from web.views.verdict import verdict_html

HELD = "This file holds 1: film of 1.0 s, 200 x 200 pixels (assessed) · 2: film of 2.5 s, 64 x 48 pixels."


class TwoFilms(Analyzer):
    """Says of every clip that it holds two films."""

    def analyze_video(self, path, *args, item=0, **options):
        return self.analyze(path, *args, item=item, **options)

    def analyze(self, path, *args, item=0, **options):
        analysis = super().analyze(path, *args, **options)
        films = [(200, 200, 1.0), (64, 48, 2.5)]
        items = tuple(
            MediaItem(number, "film", *film, assessed=number == (item or 1))
            for number, film in enumerate(films, start=1)
        )
        return replace(analysis, result=replace(analysis.result, items=items))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", [portrait()] * 4, fps=4)


@pytest.fixture(scope="module")
def address():
    with serving(analyzer=TwoFilms(redness_model())) as address:
        yield address


def result_of(answer) -> dict:
    assert answer.text.startswith("event: complete")
    return json.loads(answer.text.split("data: ", 1)[1])[0]


def test_script_chooses_a_film_and_is_told_which_was_assessed(address, clip):
    file = file_data(upload(address, clip))
    for item, assessed in ((0, 1), (None, 1), (2, 2)):
        items = result_of(call(address, "analyze_video", file, 2, False, None, item))["items"]
        assert [(film["number"], film["assessed"]) for film in items] == [(1, assessed == 1), (2, assessed == 2)]
    assert items[1] == {
        "number": 2, "kind": "film", "width_px": 64, "height_px": 48, "duration_s": 2.5, "assessed": True,
    }  # fmt: skip
    words = json.loads(call(address, "analyze_video", file, 2).text.split("data: ", 1)[1])[1]
    assert HELD in words


def test_photo_or_film_that_is_not_there_is_one_sentence(clip):
    analyzer = Analyzer(redness_model())
    assert analyzer.analyze(clip, frames=2, item=1).result.items == ()
    with pytest.raises(MediaError) as raised:
        analyzer.analyze(clip, frames=2, item=2)
    assert len(str(raised.value).split(". ")) == 1 and str(raised.value).endswith(".")


def test_choice_is_offered_in_the_language_of_the_page_where_there_is_one(clip):
    result = TwoFilms(redness_model()).analyze_video(clip, frames=2, item=2).result
    place, numbers = item_updates(result, "es")
    assert place["visible"] and numbers["value"] == 2
    assert numbers["choices"] == [
        ("1: película de 1.0 s, 200 x 200 píxeles", 1),
        ("2: película de 2.5 s, 64 x 48 píxeles (evaluada)", 2),
    ]
    alone = replace(result, items=())
    place, numbers = item_updates(alone, "en")
    assert not place["visible"] and (numbers["choices"], numbers["value"]) == ([], None)
    for language in LANGUAGES:
        assert "200 x 200" in verdict_html(result, language) and "64 x 48" not in verdict_html(alone, language)


@needs_chromium
def test_another_film_is_checked_from_the_page_by_keyboard(address, clip, tmp_path_factory):
    with running_browser() as browser:
        tab = opened((browser, address))
        assert not tab.is_visible("#items")
        check(tab, clip)
        tab.wait_for_selector("#items")
        assert HELD in tab.inner_text("#verdict")
        tab.wait_for_selector("#item input:enabled")
        first, second = tab.locator("#item input[type=radio]").all()
        assert first.is_checked()
        first.focus()
        tab.keyboard.press("Tab")
        tab.keyboard.press("Space")
        assert second.is_checked()
        screenshots(tmp_path_factory)(tab, "items")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        tab.wait_for_selector("#verdict .items >> text=64 x 48 pixels (assessed)")
        assert second.is_checked()
        # the main one again, whatever was chosen before
        tab.click("#check:enabled")
        tab.wait_for_selector("#verdict .items >> text=200 x 200 pixels (assessed)")
        tab.click(CLEAR)
        tab.wait_for_selector("#items", state="hidden")
        tab.context.close()
