"""Limits are told before a file is sent, in every language."""

from detector.limits import LIMITS_TEXT, MAX_FILE_BYTES, MAX_IMAGE_PIXELS
from detector.report.translation import LANGUAGES, translate
from web.i18n import TEXTS, label


def test_page_tells_the_limits_in_every_language():
    label(LIMITS_TEXT)
    for language in LANGUAGES:
        told = TEXTS.translations_dict[language][str(LIMITS_TEXT)]
        assert str(MAX_FILE_BYTES // 1024**2) in told and str(MAX_IMAGE_PIXELS // 10**6) in told
    assert translate(LIMITS_TEXT, "es").startswith("Hasta 500 MB")
