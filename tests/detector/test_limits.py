"""Limits are told before a file is sent, in every language."""

from pathlib import Path

import app
from detector.limits import (
    LIMITS_TEXT,
    MAX_BATCH_FILES,
    MAX_FACES_PER_FRAME,
    MAX_FILE_BYTES,
    MAX_IMAGE_PIXELS,
    MAX_REQUEST_S,
    MAX_VIDEO_DURATION_S,
)
from detector.report.translation import LANGUAGES, translate
from web.i18n import TEXTS, label

README = (Path(app.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_page_tells_the_limits_in_every_language():
    label(LIMITS_TEXT)
    for language in LANGUAGES:
        told = TEXTS.translations_dict[language][str(LIMITS_TEXT)]
        assert str(MAX_FILE_BYTES // 1024**2) in told and str(MAX_IMAGE_PIXELS // 10**6) in told
    assert translate(LIMITS_TEXT, "es").startswith("Hasta 500 MB")


def test_readme_tells_the_limits_that_hold():
    limits = " ".join(README.split("## Limits")[1].split())
    for said in (
        f"Files up to {MAX_FILE_BYTES // 1024**2} MB",
        f"photos up to {MAX_IMAGE_PIXELS // 10**6} megapixels",
        f"videos up to {MAX_VIDEO_DURATION_S // 3600} hours",
        f"the {MAX_FACES_PER_FRAME} largest faces",
        f"{MAX_BATCH_FILES} files at a time",
        f"{MAX_REQUEST_S // 60} minutes of work a file",
    ):
        assert said in limits
