"""Which model the environment asks for, and how many threads it is computed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args

from detector.network.runtimes import Choice


class SettingError(ValueError):
    """Says which environment variable makes no sense, in one plain sentence."""


@dataclass(frozen=True)
class ModelSettings:
    """The model to answer with; the arguments of `detector.network.loading.load_model`.

    Attributes:
        model_id: ``MODEL_ID``, its name on the Hub; empty for the bundled model.
        revision: ``MODEL_REVISION``, a branch, tag or commit on the Hub.
        runtime: ``MODEL_RUNTIME``, what computes the network.
    """

    model_id: str = ""
    revision: str = "main"
    runtime: Choice = "auto"

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> ModelSettings:
        """Reads the settings from environment variables; those that are empty or missing keep their defaults.

        Raises:
            SettingError: ``MODEL_RUNTIME`` is no runtime.
        """
        runtime = environment.get("MODEL_RUNTIME", "").strip() or cls.runtime
        if runtime not in get_args(Choice):
            raise SettingError(f"MODEL_RUNTIME is one of {', '.join(get_args(Choice))}, not {runtime}.")
        return cls(
            environment.get("MODEL_ID", "").strip(),
            environment.get("MODEL_REVISION", "").strip() or cls.revision,
            cast(Choice, runtime),
        )


_threads = 0


def limit_threads(count: int) -> None:
    """Limits the threads of networks that are loaded from now on in this process, which may share the cores with others."""
    global _threads
    _threads = count


def thread_limit() -> int:
    """Gives the limit; 0 for none."""
    return _threads
