"""Which model the environment asks for."""

import pytest

from detector.network.settings import ModelSettings, SettingError


def test_bundled_model_answers_unless_another_is_named():
    assert ModelSettings.from_env({"MODEL_ID": " ", "MODEL_REVISION": ""}) == ModelSettings("", "main", "auto")


def test_model_revision_and_runtime_are_read():
    environment = {"MODEL_ID": "someone/vgg16 ", "MODEL_REVISION": "v1", "MODEL_RUNTIME": "fp32"}
    assert ModelSettings.from_env(environment) == ModelSettings("someone/vgg16", "v1", "fp32")


def test_unknown_runtime_is_named_in_one_sentence():
    with pytest.raises(SettingError, match="^MODEL_RUNTIME is one of auto, int8, fp32, cuda, torch, not gpu.$"):
        ModelSettings.from_env({"MODEL_RUNTIME": "gpu"})
