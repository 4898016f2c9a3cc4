from tests.own_process import ROOT, assert_pass_in_own_process

FILES = ("detector/network/runtimes/runtimes_with_openvino.py", "training/quantisation_with_openvino.py")


def test_openvino_gives_what_torch_gives_and_what_it_is_allowed_to():
    assert_pass_in_own_process(*(ROOT / "tests" / file for file in FILES))
