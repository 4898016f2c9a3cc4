"""Where files are chosen, how they are to be looked at, and the buttons that start and stop a check."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from detector.limits import FRAMES_PER_VIDEO, MAX_FRAMES, MAX_KNOWN_REAL_FILES, MIN_KNOWN_REAL_FILES
from detector.messages import Message
from web.i18n import label

EXAMPLES = Path(__file__).parents[2] / "examples"
PHOTO, SWAPPED, CLIP = (EXAMPLES / name for name in ("astronaut.jpg", "astronaut-swapped.jpg", "astronaut.mp4"))


@dataclass(frozen=True)
class Chooser:
    """Holds the components on the side of the choice."""

    files: gr.File
    link: gr.Textbox
    fetched: gr.State
    known_real: gr.File
    frames: gr.Slider
    exact: gr.Checkbox
    start: gr.Button
    cancel: gr.Button


def chooser(allow_links: bool) -> Chooser:
    """Lays out the choice: one place for photos, clips, many files or a saved case, as the content tells which it is.

    Args:
        allow_links: Whether a link can be given in place of a file.
    """
    # plain files: the original bytes are analysed, and any file gets a clear answer
    files = gr.File(
        label=label("Photos, videos or a saved case"),
        file_types=None,
        file_count="multiple",
        elem_id="files",
        height=180,
    )
    link = gr.Textbox(
        label=label("Or a link to a photo or video"),
        info=label("This server fetches it, so its host learns of that."),
        placeholder="https://",
        visible=allow_links,
        elem_id="link",
    )
    with gr.Row():
        start = gr.Button(label("Check"), variant="primary", interactive=False, elem_id="check")
        cancel = gr.Button(label("Cancel"), interactive=False, elem_id="cancel")
    gr.Examples(
        [[[str(example)]] for example in (PHOTO, SWAPPED, CLIP)],
        inputs=[files],
        label=label("Examples"),
        elem_id="examples",
        cache_examples=False,
        api_visibility="private",
    )
    with gr.Accordion(label("Known-real material to compare with"), open=False, elem_id="known_real_fold"):
        gr.Markdown(
            label(
                Message(
                    "Optional: up to {count} photos or clips of the same speaker, camera or channel that are surely real. With "
                    "{enough} or more of the same kind, the verdict is drawn from the comparison with them.",
                    {"count": MAX_KNOWN_REAL_FILES, "enough": MIN_KNOWN_REAL_FILES},
                )
            )
        )
        known_real = gr.File(
            label=label("Known-real files"), file_types=None, file_count="multiple", elem_id="known_real_files"
        )
    with gr.Accordion(label("Frames of videos"), open=False, elem_id="frames_fold"):
        frames = gr.Slider(
            8,
            MAX_FRAMES,
            FRAMES_PER_VIDEO,
            step=8,
            label=label("Frames to look at, evenly spaced"),
            elem_id="frames",
        )
        exact = gr.Checkbox(
            False,
            label=label("Exact instants"),
            info=label("Slower. Otherwise the frame near each instant that is decoded fastest is taken."),
            elem_id="exact",
        )
    return Chooser(files, link, gr.State(), known_real, frames, exact, start, cancel)
