"""The page: its texts, its tabs and its endpoints around one analyzer, and how it is launched."""

from __future__ import annotations

from typing import Any

import gradio as gr

from detector.analyzer import Analyzer
from detector.limits import LIMITS_TEXT, MAX_FILE_BYTES, MAX_SESSIONS, MAX_UPLOAD_AGE_S, MAX_WAITING_REQUESTS
from detector.network.loading import LoadedModel
from detector.report.translation import LANGUAGES
from detector.report.wording.models import model_name
from web.desk.tab import check_tab
from web.endpoints import Page, add_endpoints
from web.i18n import TEXTS, label, view
from web.service import Service
from web.sessions import Sessions
from web.settings import Settings
from web.views.about import about_html, card_of
from web.views.elements import assets
from web.views.language import language_switch
from web.work import Work, session_of

# Gradio's own colours are too pale for WCAG AA: subdued text, white on the primary button, the chosen tab, links on black
THEME = gr.themes.Default(primary_hue="blue").set(
    body_text_color_subdued="*neutral_600",
    button_primary_background_fill="*primary_600",
    button_primary_background_fill_hover="*primary_700",
    color_accent="*primary_600",
    link_text_color_dark="*primary_400",
)


def build_app(analyzer: Analyzer, settings: Settings | None = None) -> gr.Blocks:
    """Builds the page and its named endpoints around one analyzer; see `Settings` for what can be switched on."""
    settings = settings or Settings()
    sessions = Sessions()
    work = Work(sessions)
    # what no closed page took with it is removed when it is old, checked every ten minutes
    cleaning = (600, MAX_UPLOAD_AGE_S)
    page = Page(title="Face manipulation check", analytics_enabled=False, delete_cache=cleaning)
    with page:
        _introduction(analyzer.model)
        with gr.Tab(label("Check"), elem_id="check_tab"):
            check_tab(analyzer, work, sessions, settings.allow_links)
        with gr.Tab(label("About this model"), elem_id="about_tab"):
            gr.HTML(view("about", {language: about_html(analyzer.model, language) for language in LANGUAGES}))
            if card := card_of(analyzer.model):
                gr.Markdown(card, elem_id="card")
        _privacy_and_limits()
        add_endpoints(Service(analyzer, work), analyzer.model)
        _forget_closed_pages(page, sessions)
    # only the examples are there yet; Gradio would remove them with the uploads
    for block in page.blocks.values():
        block.keep_in_cache |= block.temp_files
    sessions.keep(files_to_keep(page))
    # without api_open=False, scripts could pass by the queue and have the model work for all of them at once
    page.queue(max_size=MAX_WAITING_REQUESTS, api_open=False)
    return page


def _introduction(model: LoadedModel) -> None:
    title, word = label("Face manipulation check"), label("Model")
    with gr.Row(elem_id="head"):
        gr.Markdown(f"# {title}")
        gr.HTML(language_switch(), elem_id="language", min_width=160, scale=0)
    gr.Markdown(
        label(
            "- Was a face in a photo or video **swapped or re-enacted**? You get how strong the evidence is, and what it rests on.\n"
            "- It **cannot** judge voices, lip-sync alone, fully generated people or scenes, or edits beside a face.\n"
            "- The answer is a lead to check, never proof: *no manipulation found* never means *real*."
        ),
        elem_id="purpose",
    )
    warning = f". ⚠ {model.warning}" if model.warning else ""
    gr.Markdown(f"{word}: {model_name(model.info)}{warning}", elem_id="model")


def _privacy_and_limits() -> None:
    gr.Markdown(
        label(
            "Uploads are analysed on this machine; they and the reports are deleted when you leave the page, within two "
            "hours at the latest; nothing is passed on, and nothing about you is measured."
        )
    )
    gr.Markdown(label(LIMITS_TEXT), elem_id="limits")


def _forget_closed_pages(page: gr.Blocks, sessions: Sessions) -> None:
    def closed(request: gr.Request) -> None:
        sessions.forget(session_of(request))
        # Gradio itself keeps what a closed page has shown, pictures and all
        for kept in (page.state_holder.session_data, page.state_holder.time_last_used):
            kept.pop(request.session_hash or "", None)

    page.unload(closed)


def files_to_keep(page: gr.Blocks) -> set[str]:
    """Returns the files among the uploads that belong to everyone, such as the examples."""
    return set().union(*(block.keep_in_cache for block in page.blocks.values()))


def launch_options(settings: Settings | None = None) -> dict[str, Any]:
    """Returns the arguments of `gr.Blocks.launch`, on a Space and in the tests alike."""
    settings = settings or Settings()
    return {
        "app_kwargs": {"middleware": settings.middleware},
        "auth": list(settings.logins) or None,
        "enable_monitoring": False,
        "run_history": False,  # it would keep photos and results in the browser, and on the Hub for who is logged in there
        "max_file_size": MAX_FILE_BYTES,
        "state_session_capacity": MAX_SESSIONS,
        "show_error": False,
        "footer_links": ["api"],
        "css": assets("css"),
        "head": f"<script>{assets('js')}</script>",
        "i18n": TEXTS,
        "theme": THEME,
        "ssr_mode": False,  # no Node needed, and one process less on two cores
    }
