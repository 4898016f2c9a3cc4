from dataclasses import replace

import yaml

from dataset_builder.card import render_card
from dataset_builder.summary import Summary

SUMMARY = Summary(
    config="Deepfakes_c23",
    settings={
        "layout": "faceforensics",
        "manipulations": ["Deepfakes"],
        "compression": "c23",
        "split": "newsroom",
        "held_out": "",
        "frames_per_video": 13,
        "seed": 0,
        "has_youtube_ids": True,
    },
    files={
        name: dict(found=960, missing=40, left_out=0, crossing=0, unreadable=1, no_face=0, used=959)
        for name in ("real", "Deepfakes")
    },
    frames={
        "train": {"real": 8000, "Deepfakes": 8000},
        "test": {"real": 2500, "Deepfakes": 2500},
        "validation": {"real": 1900, "Deepfakes": 1900},
    },
    groups={"train": 310, "test": 96, "validation": 72},
    videos={"train": 1240, "test": 384, "validation": 288},
    crossing_groups={},
    own_boxes=[],
    without_original=[],
    problems={"Deepfakes/000_003": "The file is empty."},
)


def front_matter(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def test_front_matter_is_what_the_hub_asks_for():
    data = front_matter(render_card([SUMMARY], configs=[{"config_name": "Deepfakes_c23", "data_files": []}]))
    assert (data["license"], data["license_name"]) == ("other", "faceforensics-terms-of-use")
    assert data["license_link"].startswith("https://github.com/ondyari")
    assert data["task_categories"] == ["image-classification"]
    assert data["size_categories"] == ["10K<n<100K"]
    assert data["configs"][0]["config_name"] == "Deepfakes_c23"
    assert "terms" in data["extra_gated_prompt"]
    assert "checkbox" in data["extra_gated_fields"].values()


def test_counts_limits_and_command_come_from_the_summary():
    card = render_card([SUMMARY])
    assert "| train      | 8,000 |     8,000 |       8,000 |  1,240 |    310 |" in card
    assert "`Deepfakes/000_003`: The file is empty." in card
    assert "40 of Deepfakes" in card
    assert "--root FF_ROOT --manipulation Deepfakes --compression c23 --split newsroom --conversion-dict" in card


def test_official_split_that_leaks_is_said_so():
    leaking = replace(
        SUMMARY,
        settings=SUMMARY.settings | {"split": "official"},
        crossing_groups={"331": ["test", "train"], "524": ["train", "validation"]},
    )
    card = render_card([leaking])
    assert "**The official split leaks**: 2 groups" in card
    assert "331 (test, train); 524 (train, validation)" in card
    assert "leaks" not in render_card([SUMMARY])


def test_missing_youtube_ids_are_said():
    card = render_card([replace(SUMMARY, settings=SUMMARY.settings | {"has_youtube_ids": False})])
    assert "Built without `conversion_dict.json`" in card


def test_other_sets_name_their_own_terms():
    other = replace(SUMMARY, config="celeb_df", settings=SUMMARY.settings | {"layout": "celeb_df"})
    card = render_card([other])
    assert front_matter(card)["license_name"] == "celeb-df-terms-of-use"
    assert "--celeb-df DIR" in card
