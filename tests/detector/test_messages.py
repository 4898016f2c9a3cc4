"""Sentences in English, with what is put into them."""

import pytest

from detector.errors import MediaError
from detector.messages import Message, counted, joined


def test_names_in_braces_are_replaced():
    assert str(Message("{width} x {height} pixels", {"width": 3, "height": 4})) == "3 x 4 pixels"


def test_message_in_a_message_is_part_of_the_sentence():
    reason = Message("smaller than {pixels} pixels", {"pixels": 48})
    assert str(Message("A face: {why}.", {"why": reason})) == "A face: smaller than 48 pixels."


@pytest.mark.parametrize(("count", "text"), [(0, "0 frames"), (1, "one frame"), (2, "2 frames")])
def test_number_chooses_the_form(count, text):
    assert str(counted("one frame", "{count} frames", count)) == text


def test_several_messages_are_joined():
    assert str(joined([Message("face {number}", {"number": 1}), "x"])) == "face 1, x"
    assert str(joined([])) == ""


def test_braces_of_a_file_name_are_text():
    assert str(Message("{name} and {other}", {"name": "{other}.jpg", "other": "b"})) == "{other}.jpg and b"


def test_template_from_elsewhere_cannot_reach_into_objects():
    template = "{part.__class__} {missing} {part:>9999999}"
    assert str(Message(template, {"part": Message("x")})) == template


def test_error_is_its_sentence_and_keeps_its_message():
    error = MediaError("The file is larger than {megabytes} MB.", megabytes=5)
    assert str(error) == "The file is larger than 5 MB."
    assert error.message == Message("The file is larger than {megabytes} MB.", {"megabytes": 5})


def test_an_error_puts_its_arguments_into_a_message_that_was_made_before():
    strip = Message("A strip of {width} x {height} pixels.")
    assert str(MediaError(strip, width=700, height=32)) == "A strip of 700 x 32 pixels."
