"""What the environment may ask, and what it is told when it makes no sense."""

from pathlib import Path

import pytest

import app
from detector.network.settings import ModelSettings, SettingError
from web.settings import REQUESTS_PER_MINUTE, Settings


def test_anyone_may_ask_unless_told_otherwise():
    assert (
        Settings.from_env({})
        == Settings.from_env({"APP_AUTH": " ", "RATE_LIMIT": ""})
        == Settings((), REQUESTS_PER_MINUTE)
    )


def test_names_passwords_and_rate_are_read():
    environment = {"APP_AUTH": "anna:se:cret, bob:x ", "RATE_LIMIT": "30"}
    assert Settings.from_env(environment) == Settings((("anna", "se:cret"), ("bob", "x")), 30)
    assert Settings.from_env({"RATE_LIMIT": "0"}).requests_per_minute == 0


def test_folder_and_model_are_read():
    settings = Settings.from_env({"GRADIO_TEMP_DIR": "/scratch", "MODEL_ID": "someone/vgg16"})
    assert settings.temporary_base == Path("/scratch") and settings.model == ModelSettings("someone/vgg16")


def test_proxies_of_the_hub_are_trusted_on_a_space_unless_others_are_named():
    assert Settings.from_env({}).trusted_proxies == ""
    assert Settings.from_env({"SPACE_ID": "someone/check"}).trusted_proxies == "127.0.0.1,10.0.0.0/8"
    named = {"SPACE_ID": "someone/check", "FORWARDED_ALLOW_IPS": "192.0.2.1"}
    assert Settings.from_env(named).trusted_proxies == "192.0.2.1"


@pytest.mark.parametrize("text", ["anna", "anna:", ":hunter2", "anna:hunter2,", "anna:hunter2,anna:hunter3"])
def test_login_that_makes_no_sense_is_one_sentence_without_the_password(text):
    with pytest.raises(SettingError, match="^APP_AUTH must .*[.]$") as caught:
        Settings.from_env({"APP_AUTH": text})
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "1e3"])
def test_rate_that_makes_no_sense_is_one_sentence(text):
    with pytest.raises(SettingError, match="^RATE_LIMIT must be a whole number"):
        Settings.from_env({"RATE_LIMIT": text})


def test_links_are_off_unless_switched_on():
    assert [Settings.from_env(given).allow_links for given in ({}, {"ALLOW_LINKS": ""}, {"ALLOW_LINKS": "0"})] == [
        False
    ] * 3
    assert Settings.from_env({"ALLOW_LINKS": " 1 "}).allow_links


@pytest.mark.parametrize("text", ["yes", "true", "2", "-1", "on"])
def test_switch_that_is_neither_on_nor_off_is_one_sentence(text):
    with pytest.raises(SettingError, match="^ALLOW_LINKS must be 1 for on, or 0 for off.$"):
        Settings.from_env({"ALLOW_LINKS": text})


def test_command_ends_with_a_sentence_and_code_2(monkeypatch, capsys):
    monkeypatch.setenv("APP_AUTH", "anna")
    assert app.main() == 2
    assert capsys.readouterr().err == 'APP_AUTH must be "name:password", several of them separated by commas.\n'


def test_temporary_folder_that_cannot_be_made_is_a_sentence_and_code_2(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file" / "below"))
    assert app.main() == 2
    error = capsys.readouterr().err
    assert error.startswith("No temporary folder can be made in") and error.count("\n") == 1
