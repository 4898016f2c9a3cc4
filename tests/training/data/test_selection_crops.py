from training.data.evaluation_sets import LabelledSet, pseudo_fake_set
from training.data.inputs import collate, crop_transform
from training.data.selection_crops import SelectionCrops
from training.networks.vgg16 import DATA_CONFIG


def test_selection_takes_as_many_of_both_classes(rows, faces):
    sets = [LabelledSet("set", rows), pseudo_fake_set("set", faces, "self_blended", 3)]
    selection = SelectionCrops(sets, 2, crop_transform(DATA_CONFIG))
    labels = [int(selection[number]["labels"]) for number in range(len(selection))]
    assert labels == [0, 0, 1, 0, 0, 1, 1]
    assert collate([selection[0], selection[2]])["pixel_values"].shape == (2, 3, 224, 224)
