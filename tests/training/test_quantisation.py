from pathlib import Path

from tests.apart import assert_passes_apart


def test_quantisation_is_stored_and_measured():
    assert_passes_apart(Path(__file__).with_name("quantisation_apart.py"))
