import pytest

from dataset_builder.builder import FaceCrops
from dataset_builder.command.options import configuration, parse_arguments
from dataset_builder.layouts import LAYOUTS


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_layout_has_an_option_and_a_configuration(layout, tmp_path):
    options = parse_arguments([layout.option, str(tmp_path), "--dry-run"])
    name, root, overrides = configuration(options)
    config = FaceCrops(config_name=name, root=str(root), cache_dir=str(tmp_path / "cache"), **overrides).config
    assert (config.layout, config.root) == (layout.name, str(tmp_path))
