"""The Space: settings, model, page, launch."""

from __future__ import annotations

import logging
import os
import sys

from detector.analyzer import Analyzer
from detector.command_line import STOPPED
from detector.network.loading import ModelError, load_model
from detector.network.settings import SettingError
from detector.sandbox.client import WORKERS
from web.layout import build_app, files_to_keep, launch_options
from web.memory import bound_memory_pools
from web.settings import Settings
from web.temporary_files import own_temporary_folder, swept


def main() -> int:
    """Serves the page until it is stopped; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    bound_memory_pools()
    try:
        settings = Settings.from_env(os.environ)
        settings.trust_proxies()
        with own_temporary_folder(settings.temporary_base) as uploads:
            WORKERS.warm_up()
            model = load_model(settings.model.model_id, settings.model.revision, settings.model.runtime)
            page = build_app(Analyzer(model), settings)
            with swept(uploads, files_to_keep(page)):
                page.launch(**launch_options(settings))
    except (SettingError, ModelError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:  # during the start; afterwards Gradio ends its launch
        pass
    return STOPPED


if __name__ == "__main__":
    sys.exit(main())
