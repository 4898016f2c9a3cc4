from pathlib import Path

from tests.own_process import assert_passes_in_own_process


def test_openvino_gives_what_torch_gives_and_what_it_is_allowed_to():
    assert_passes_in_own_process(Path(__file__).with_name("runtimes_with_openvino.py"))
