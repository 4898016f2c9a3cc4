"""The tab as a whole: the choice on one side, the result on the other."""

from __future__ import annotations

import gradio as gr

from detector.analyzer import Analyzer
from web.desk.answers import Desk
from web.desk.chooser import chooser
from web.desk.making import Making
from web.desk.result_area import batch_area, result_area
from web.desk.sample import sample
from web.desk.wiring import at_the_model, connect
from web.sessions import Sessions
from web.work import Work


def check_tab(analyzer: Analyzer, work: Work, sessions: Sessions, allow_links: bool = False) -> None:
    """Lays out the tab, and connects its components; links are taken where they are allowed."""
    language = gr.Textbox(visible=False)
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            choice = chooser(allow_links)
        with gr.Column(scale=2, elem_id="answer"):
            sample(analyzer)
            batch = batch_area()
            area = result_area()
    desk, making = Desk(analyzer, work), Making(analyzer.model, work)
    connect(desk, making, sessions, choice, batch, area, language, allow_links, at_the_model(analyzer.model))
