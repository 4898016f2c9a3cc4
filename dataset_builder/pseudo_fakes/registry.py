"""Names every kind of pseudo-fake; a new kind is one file beside this and one line here."""

from dataset_builder.pseudo_fakes import eigenfaces, landmark_swap, self_blended

KINDS = {kind.name: kind for kind in (self_blended.KIND, landmark_swap.KIND, eigenfaces.KIND)}


def kind_name(spelling: str) -> str:
    """Translates earlier spellings, and hyphens, to the name of a kind; leaves unknown names as they are."""
    spelling = spelling.replace("-", "_")
    return next((kind.name for kind in KINDS.values() if spelling in kind.aliases), spelling)
