"""The checklist on the page, and its links to reverse image search."""

import re

from tests.detector.made_results import scored_result, weighed_result
from web.views.next_steps import SEARCH_PAGES, next_steps_html


def test_links_open_elsewhere_and_tell_the_search_engines_nothing():
    html = next_steps_html(weighed_result(1.3, is_clip=True), "en")
    links = re.findall(r"<a [^>]*>", html)
    assert len(links) == len(SEARCH_PAGES) == 4
    assert all('target="_blank"' in link and 'rel="noopener noreferrer"' in link for link in links)
    addresses = [re.search(r'href="([^"]*)"', link)[1] for link in links]
    assert addresses == [address for _, address in SEARCH_PAGES]
    assert all(address.startswith("https://") and "?" not in address for address in addresses)
    assert "Nothing is sent from here: drag a saved frame of the clip there yourself." in html


def test_checklist_holds_no_picture_script_or_form():
    html = next_steps_html(weighed_result(0.0, is_clip=False), "en")
    assert not re.search(r"<(img|script|form|iframe|link)\b|\bon\w+=", html)
    assert "drag the photo there yourself" in html


def test_steps_are_a_numbered_list_that_says_where_help_is():
    html = next_steps_html(weighed_result(1.3, is_clip=True), "en")
    assert html.count("<li") == 5 and "<ol>" in html
    assert re.findall(r'data-place="(\w+)"', html) == ["frames", "search", "known_real", "quote"]


def test_checklist_speaks_the_language_of_the_reader():
    html = next_steps_html(scored_result("no_face", is_clip=False), "es")
    assert "Qué hacer ahora" in html and "Busque la primera publicación" in html and "Find" not in html
