"""Puts a model folder, or the Space, on the Hub.

    python -m training.publish model runs/deepfakes_c23/model newsroom/vgg16-deepfakes
    python -m training.publish space newsroom/face-check --model-id newsroom/vgg16-deepfakes --model-revision v0.1.0-79acbc21

Both are private unless --public is given. The commit that was made is printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path

from httpx2 import HTTPError
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id

from detector import __version__
from detector.command_line import error_line, stoppable
from detector.media.files import file_sha256
from detector.network.loading import ModelError, load_folder

ROOT = Path(__file__).parent.parent
MODEL_FILES = ["config.json", "model.safetensors", "README.md", "evaluation.json", "plots/*.png"]
# What the Space runs with; training, tests and benchmarks stay away.
SPACE_FILES = [
    "app.py",
    "detector/**",
    "web/**",
    "model/**",
    "examples/**",
    "model_card.md",
    "README.md",
    "docs/**",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "requirements.txt",
    "LICENSE",
]
_IGNORED = ["**/__pycache__/**", "**/*.pyc"]


def version_tag(folder: Path) -> str:
    """Makes a tag of the version of the software and the hash of what decides a verdict: weights and thresholds."""
    hashes = "".join(file_sha256(folder / name) for name in ("model.safetensors", "config.json"))
    return f"v{__version__}-{hashlib.sha256(hashes.encode()).hexdigest()[:8]}"


def describe_error(error: Exception) -> str:
    """Says in one line what went wrong: an answer of the Hub has several lines, and a lost connection names no Hub."""
    text = error_line(error)
    is_answer = isinstance(error, HfHubHTTPError)
    return f"No answer from the Hub: {text}." if isinstance(error, HTTPError) and not is_answer else text


def check_architecture(name: str) -> None:
    """Checks that whoever loads a model has its network: training registers one of its own with timm, which nobody else knows.

    Raises:
        ModelError: timm by itself has no network of this name.
    """
    # not at the top: timm takes seconds to load
    from timm.models import is_model, model_entrypoint

    if not (is_model(name) and model_entrypoint(name).__module__.startswith("timm.models.")):
        raise ModelError(
            f"A model of the network {name} is not published: it is none of timm, so nobody could load it."
        )


def _architecture(folder: Path) -> str:
    """Reads which network a folder is of.

    Raises:
        ModelError: The folder does not say.
    """
    try:
        return str(json.loads((folder / "config.json").read_text(encoding="utf-8"))["architecture"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} does not hold a usable model: {error}") from error


def push_model(folder: Path, model_id: str, public: bool = False) -> str:
    """Uploads a model folder in one commit, and tags it with `version_tag`.

    Args:
        folder: Model folder, written by train.py.
        model_id: Id of a Hub model; made where there is none.
        public: Whether a new one is for everybody to see.

    Returns:
        The commit, which is the revision to cite.

    Raises:
        HFValidationError: `model_id` is no id.
        ModelError: The folder holds no usable model, or one of a network that only training knows.
        HTTPError: The Hub refused or did not answer.
        OSError: No token is stored for the Hub.
    """
    validate_repo_id(model_id)  # at once, not after the model was loaded
    check_architecture(_architecture(folder))
    load_folder(folder, model_id, runtime="torch")  # nothing unusable is published
    api = HfApi()
    api.create_repo(model_id, private=not public, exist_ok=True)
    commit = api.upload_folder(
        folder_path=folder,
        repo_id=model_id,
        allow_patterns=MODEL_FILES,
        delete_patterns=MODEL_FILES,  # a plot that the new version lacks would stay beside its card
        commit_message=f"Face manipulation detector {version_tag(folder)}",
    )
    api.create_tag(model_id, tag=version_tag(folder), revision=commit.oid, exist_ok=True)
    return commit.oid


def deploy_space(space_id: str, model_id: str | None, model_revision: str | None, public: bool = False) -> str:
    """Creates or updates the Space from this checkout, in one commit; files that are gone here go there too.

    Args:
        space_id: Id of a Hub Space; made where there is none.
        model_id: Value of its variable `MODEL_ID`; None leaves the bundled model.
        model_revision: Value of its variable `MODEL_REVISION`.
        public: Whether a new one is for everybody to see.

    Returns:
        The commit.

    Raises:
        HTTPError: The Hub refused or did not answer.
        OSError: No token is stored for the Hub, or this is an installed package, which lacks the page's own files.
    """
    if not (ROOT / "app.py").is_file():
        raise FileNotFoundError("A Space is uploaded from a checkout of the repository; this package has no app.py.")
    api = HfApi()
    api.create_repo(space_id, repo_type="space", space_sdk="gradio", private=not public, exist_ok=True)
    # first the variables: the upload starts the Space
    present = api.get_space_variables(space_id)
    for name, value in (("MODEL_ID", model_id), ("MODEL_REVISION", model_revision)):
        if value:
            api.add_space_variable(space_id, name, value)
        elif name in present:  # of an earlier deployment; its revision is not one of another model
            api.delete_space_variable(space_id, name)
    commit = api.upload_folder(
        folder_path=ROOT,
        repo_id=space_id,
        repo_type="space",
        allow_patterns=SPACE_FILES,
        ignore_patterns=_IGNORED,
        delete_patterns="*",
        commit_message=f"Face manipulation check {__version__}",
    )
    return commit.oid


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 refused, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m training.publish", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    model = commands.add_parser("model", help="upload a model folder")
    model.add_argument("folder", type=Path, help="written by train.py")
    model.add_argument("id", help="Hub model")
    space = commands.add_parser("space", help="create or update the Space")
    space.add_argument("id", help="Hub Space")
    space.add_argument("--model-id", help="Hub model that answers; default: the bundled one")
    space.add_argument("--model-revision", help="its branch, tag or commit")
    for command in (model, space):
        command.add_argument("--public", action="store_true", help="make a new repository public")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        if options.command == "model":
            revision = push_model(options.folder, options.id, options.public)
        else:
            revision = deploy_space(options.id, options.model_id, options.model_revision, options.public)
    except (ModelError, HTTPError, HFValidationError, OSError) as error:
        logging.getLogger(__name__).debug("refused", exc_info=True)
        sys.stderr.write(f"{describe_error(error)}\n")
        return 2
    sys.stdout.write(f"{revision}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
