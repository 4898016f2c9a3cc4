"""The language of the page, in a real headless Chromium: which one is shown, and how it is switched."""

from dataclasses import replace

import gradio as gr
import pytest

from detector.messages import Message
from detector.report.translation import LANGUAGES, translate
from tests.redness_model import redness_model
from tests.web.page.browser import needs_chromium, running_browser
from web.i18n import TEXTS, label
from web.views.about import card_of
from web.views.elements import assets
from web.views.language import language_switch

TITLE = "Face manipulation check"
pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser_and_address():
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        label(TITLE)
        gr.HTML(language_switch())
        gr.Markdown(label("Cancel"), elem_id="cancel")
        files = gr.File(label=label("Known-real files"), file_count="multiple", elem_id="files")
        gr.Markdown(card_of(replace(redness_model(), card="# Cancel")), elem_id="card")
        with gr.Tab(label("Check")):
            asked = gr.Textbox(interactive=True, elem_id="asked")
        with gr.Tab(label("About this model")):
            told = gr.Textbox(elem_id="told")
    options = {"i18n": TEXTS, "head": f"<script>{assets('js')}</script>", "css": assets("css"), "ssr_mode": False}
    _, address, _ = page.launch(**options, prevent_thread_lock=True, quiet=True)
    assert files and asked and told
    with running_browser() as browser:
        yield browser, address
    page.close()


def opened(browser_and_address, locale: str):
    browser, address = browser_and_address
    tab = browser.new_context(locale=locale).new_page()
    tab.goto(address, wait_until="domcontentloaded")
    tab.wait_for_selector("[data-language][aria-pressed=true]")
    return tab


def shown(tab) -> tuple[str, str, str]:
    return tab.evaluate("document.documentElement.lang"), tab.title(), tab.inner_text("#cancel").strip()


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("es-MX", "es"), ("de-DE", "en")])
def test_page_speaks_the_language_of_the_browser_or_english(browser_and_address, locale, language):
    tab = opened(browser_and_address, locale)
    tab.get_by_text(translate(Message("Drop files here"), language)).wait_for()
    assert shown(tab) == (language, *(translate(Message(text), language) for text in (TITLE, "Cancel")))
    assert tab.locator("[aria-pressed=true]").get_attribute("data-language") == language
    tab.context.close()


def test_switch_changes_all_texts_at_once_and_is_remembered(browser_and_address):
    tab = opened(browser_and_address, "en-US")
    tab.fill("#asked textarea, #asked input", "kept")
    tab.get_by_role("button", name="Español").click()
    tab.get_by_role("tab", name="Sobre este modelo").wait_for()
    tab.get_by_text("Suelte archivos aquí").wait_for()
    assert shown(tab) == ("es", "Comprobación de manipulación facial", "Cancelar")
    assert tab.input_value("#asked textarea, #asked input") == "kept"
    assert tab.inner_text("#card [lang=en] h1") == "Cancel"
    tab.reload(wait_until="domcontentloaded")
    tab.wait_for_selector("[data-language=es][aria-pressed=true]")
    tab.get_by_role("button", name="English").click()
    tab.get_by_role("tab", name="About this model").wait_for()
    assert shown(tab) == ("en", TITLE, "Cancel")
    tab.context.close()


def test_buttons_of_the_switch_are_large_enough_to_hit(browser_and_address):
    tab = opened(browser_and_address, "en-US")
    sizes = [button.bounding_box() for button in tab.locator("[data-language]").all()]
    assert len(sizes) == len(LANGUAGES)
    assert min(min(size["width"], size["height"]) for size in sizes) >= 24
    tab.context.close()


def test_what_gradio_says_in_english_only_is_translated_with_its_words(browser_and_address):
    tab = opened(browser_and_address, "es-MX")
    tab.evaluate("text => { document.body.append(text) }", "queue: 2/5 | ")
    tab.get_by_text("en espera, 2 de 5 |").wait_for()
    tab.context.close()


def test_requests_of_the_page_ask_for_its_language(browser_and_address):
    tab = opened(browser_and_address, "en-US")
    tab.get_by_role("button", name="Español").click()
    tab.get_by_role("tab", name="Sobre este modelo").wait_for()
    with tab.expect_request("**/gradio_api/**") as asked:
        tab.evaluate("fetch('gradio_api/startup-events')")
    assert asked.value.header_value("accept-language") == "es"
    tab.context.close()
