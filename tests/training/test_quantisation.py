from pathlib import Path

from tests.own_process import assert_passes_in_own_process


def test_quantisation_is_stored_and_measured():
    assert_passes_in_own_process(Path(__file__).with_name("quantisation_with_openvino.py"))
