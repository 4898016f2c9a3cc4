import pytest

from detector.command_line import error_line, stoppable


def test_ctrl_c_ends_a_command_with_one_word_and_exit_code_130(capsys):
    @stoppable
    def main() -> int:
        raise KeyboardInterrupt

    assert main() == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_command_that_is_not_stopped_keeps_its_exit_code():
    assert stoppable(lambda code: code)(2) == 2


def test_error_of_the_system_is_one_sentence_without_its_number(tmp_path):
    with pytest.raises(OSError) as caught:
        (tmp_path / "gone").read_bytes()
    assert error_line(caught.value) == f"No such file or directory: {tmp_path / 'gone'}."
    assert error_line(ValueError("two\n  lines")) == "two lines"
