"""Connects the components of the desk with what answers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from detector.network.loading import LoadedModel
from web.desk.answers import Desk
from web.desk.chooser import Chooser
from web.desk.making import MadeOf, Making, if_still_shown
from web.desk.result_area import BatchArea, ResultArea
from web.desk.shown import ShownResult, ShownTable
from web.i18n import WITH_LANGUAGE
from web.sessions import Sessions
from web.work import session_of

# Not at a place of the model, which a slow server would hold.
FETCHES: dict[str, Any] = {"concurrency_id": "links", "concurrency_limit": 4}
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
MAIN_ITEM = 0
# Defined in desk.js. Without a function of Python, what they return fills the outputs; with one, it is its inputs.
_TAKE = "(file) => { window.faceCheck.take(file); return []; }"
_WATCH = "(...inputs) => { window.faceCheck.watch(); return inputs; }"
_RELEASE = "() => { window.faceCheck.release(); return []; }"
_CAN_START = "(link, files) => [window.faceCheck.canStart(link, files)]"
_READ = "() => { window.faceCheck.read(); return []; }"


def connect(
    desk: Desk,
    making: Making,
    sessions: Sessions,
    choice: Chooser,
    batch: BatchArea,
    area: ResultArea,
    language: gr.Textbox,
    allow_links: bool,
    at_model: dict[str, Any],
) -> None:
    """Makes the buttons of the desk do what they say; only where links are allowed is there anything that fetches them."""
    _connect_check(desk, sessions, choice, batch, area, language, allow_links, at_model)
    _connect_rows(desk, batch, area, language)
    area.viewer.select(
        desk.enlarge,
        [area.shown, language],
        area.closeup,
        js=WITH_LANGUAGE,
        show_progress="hidden",
        trigger_mode="multiple",
        **PRIVATE,
    )
    _connect_making(making, batch, area, language, at_model)


def at_the_model(model: LoadedModel) -> dict[str, Any]:
    """Gives the options of what needs a place at the model: as many places as its runtime serves at once.

    On the CPU that is one, as the model uses both cores of a free Space by itself. Eight visitors with photos of 12 megapixels
    got 107 answers a minute, the slowest after 5.1 s; two at a time 93 and 6.2 s, three at a time 93 and 6.6 s (medians of
    three rounds, 2 cores).
    """
    return {"concurrency_id": "model", "concurrency_limit": model.runtime.requests_at_once}


def _connect_making(
    making: Making, batch: BatchArea, area: ResultArea, language: gr.Textbox, at_model: dict[str, Any]
) -> None:
    case = area.case
    for button, make, inputs in (
        (case.report, making.report, [area.shown, *case.texts]),
        (case.report_pdf, making.report_pdf, [area.shown, *case.texts]),
        (case.report_json, making.report_json, [area.shown, *case.texts]),
        (case.save, making.case, [area.shown, *case.texts, case.with_original]),
        (area.keyframes, making.keyframes, [area.shown]),
        (batch.reports, making.all_reports, [batch.rows]),
    ):
        made = button.click(make, [*inputs, language], area.made, js=WITH_LANGUAGE, show_progress_on=button, **PRIVATE)
        made.success(None, area.made, None, js=_TAKE, **PRIVATE)
    # the fold of the next result may be opened while the panel of the last one is made
    panel = area.forensics_fold.expand
    _beside_its_result(panel, making.forensics, area.forensics, area, language, trigger_mode="always_last")
    _beside_its_result(area.annotate.click, making.annotated, area.annotated, area, language, **at_model)


def _beside_its_result(
    event: Callable[..., Dependency],
    make: Callable[..., MadeOf],
    place: Component,
    area: ResultArea,
    language: gr.Textbox,
    **options: Any,
) -> None:
    """Has something made of the result that is shown, and puts it into its place unless another result is shown by then."""
    made = gr.State()
    done = event(make, [area.shown, language], made, js=WITH_LANGUAGE, show_progress_on=place, **PRIVATE, **options)
    done.success(if_still_shown, [made, area.shown], [place, made], show_progress="hidden", **PRIVATE)


def _connect_check(
    desk: Desk,
    sessions: Sessions,
    choice: Chooser,
    batch: BatchArea,
    area: ResultArea,
    language: gr.Textbox,
    allow_links: bool,
    at_model: dict[str, Any],
) -> None:
    """Connects the start and the end of a check.

    A verdict must never stand beside other files than its own: none can be chosen while one is analysed, and the old
    verdict goes when another one is chosen.
    """
    boxes = [choice.files, choice.known_real]
    idle_ones = [*boxes, choice.link, choice.start, area.choice.number, area.choice.button]
    buttons = [*idle_ones, choice.cancel]
    outputs = [*batch.outputs, *area.outputs]

    def buttons_are(*, idle: bool) -> list[Any]:
        return [gr.update(interactive=value) for value in (*[idle] * len(idle_ones), not idle)]

    def locked_for(request: gr.Request) -> list[Any]:
        sessions.expect(session_of(request))
        return buttons_are(idle=False)

    def check_on(button: gr.Button, item: Component) -> None:
        options = [choice.frames, choice.exact, item, language]
        locked = button.click(locked_for, None, buttons, js=_WATCH, **PRIVATE)
        if allow_links:
            locked = locked.then(
                desk.fetch_link,
                [choice.link, language],
                choice.fetched,
                js=WITH_LANGUAGE,
                show_progress_on=area.verdict,
                **FETCHES,
                **PRIVATE,
            )
        done = locked.then(
            desk.check,
            [choice.files, choice.fetched, choice.known_real, *options],
            outputs,
            js=WITH_LANGUAGE,
            show_progress_on=area.verdict,
            **at_model,
            **PRIVATE,
        )
        for ended in (done.success, done.failure):  # then() is not called after an error
            ended(lambda: buttons_are(idle=True), None, buttons, js=_RELEASE, **PRIVATE)
        done.success(None, None, None, js=_READ, **PRIVATE)

    check_on(choice.start, gr.State(MAIN_ITEM))
    check_on(area.choice.button, area.choice.number)
    choice.cancel.click(_cancelling(sessions), None, None, queue=False, **PRIVATE)
    for box in boxes:
        box.upload(_receiving(sessions), box, None, queue=False, **PRIVATE)
        box.change(lambda: [*ShownTable().values(), *ShownResult().values()], None, outputs, **PRIVATE)
    # in the browser: the server would make people wait, and a request for every letter would be too many
    for field in (choice.link, choice.files):
        field.change(None, [choice.link, choice.files], choice.start, js=_CAN_START, queue=False, **PRIVATE)


def _connect_rows(desk: Desk, batch: BatchArea, area: ResultArea, language: gr.Textbox) -> None:
    opened = batch.table.select(
        desk.open_row, [batch.rows, language], area.outputs, js=WITH_LANGUAGE, show_progress_on=area.verdict, **PRIVATE
    )
    opened.success(None, None, None, js=_READ, **PRIVATE)


def _cancelling(sessions: Sessions) -> Callable[..., None]:
    def cancel(request: gr.Request) -> None:
        sessions.cancel(session_of(request))

    return cancel


def _receiving(sessions: Sessions) -> Callable[..., None]:
    def received(files: list[str] | None, request: gr.Request) -> None:
        """Notes files that were chosen, to be deleted with the page whether they are checked or not."""
        sessions.received(session_of(request), files or [])

    return received
