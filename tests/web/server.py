"""The real server for tests, in their process, with a model that needs no time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio.utils
import httpx
import pytest

import app
from detector.analyzer import Analyzer
from tests.redness_model import redness_model
from web.settings import Settings
from web.temporary_files import own_temporary_folder

ROOT = Path(app.__file__).parent
META = {"_type": "gradio.FileData"}


@contextmanager
def quick_heartbeat() -> Iterator[None]:
    """Has Gradio notice twice a second, not every 15 s, which pages were closed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradio.utils, "get_heartbeat_rate", lambda: 0.5)
        yield


@contextmanager
def serving(settings: Settings | None = None, analyzer: Analyzer | None = None, **options) -> Iterator[str]:
    """The page on loopback, with a temporary folder of its own; gives its address without a slash at the end."""
    with own_temporary_folder(), quick_heartbeat():
        page = app.build_app(analyzer or Analyzer(redness_model()), settings)
        launched = app.launch_options(settings) | options
        _, address, _ = page.launch(**launched, prevent_thread_lock=True, quiet=True)
        try:
            yield address.rstrip("/")
        finally:
            page.close()


def upload(address: str, path: Path, name: str | None = None, **options) -> str:
    """Uploads a file as the page does; gives its path on the server."""
    files = {"files": (name or path.name, path.read_bytes())}
    answer = httpx.post(f"{address}/gradio_api/upload", files=files, timeout=60, **options)
    answer.raise_for_status()
    return answer.json()[0]


def call(address: str, endpoint: str, *data, **options) -> httpx.Response:
    """Asks as curl does, and waits for the answer; a refusal is given as it is."""
    asked = httpx.post(f"{address}/gradio_api/call/{endpoint}", json={"data": list(data)}, timeout=60, **options)
    if asked.status_code != 200:
        return asked
    event = asked.json()["event_id"]
    return httpx.get(f"{address}/gradio_api/call/{endpoint}/{event}", timeout=120, **options)


def file_data(path: str) -> dict:
    """What stands for a file in a request."""
    return {"path": path, "meta": META}
