from pathlib import Path

from tests.apart import assert_passes_apart


def test_openvino_gives_what_torch_gives_and_what_it_is_allowed_to():
    assert_passes_apart(Path(__file__).with_name("runtimes_apart.py"))
