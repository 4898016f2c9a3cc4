"""Content credentials in words; apart from what reads them, whose parser only the decoding process loads."""

from __future__ import annotations

from detector.facts import CredentialsState
from detector.media.trust import TRUST_LISTS_DATE
from detector.messages import Message

STATE_TITLE: dict[CredentialsState, Message] = {
    "Trusted": Message("Valid, signer trusted"),
    "Valid": Message("Valid signature, signer not in the trust list"),
    "Invalid": Message("Invalid, check failed"),
    "Unreadable": Message("Not readable"),
    "NotFetched": Message("Not fetched"),
}
STATE_TEXT: dict[CredentialsState, Message] = {
    "Trusted": Message(
        "The file is unchanged since it was signed, and the signer is on the C2PA trust list of {date}.",
        {"date": TRUST_LISTS_DATE},
    ),
    "Valid": Message(
        "The file is unchanged since it was signed, but the signer is not on the C2PA trust list of {date}. "
        "Anyone can sign in any name, so who signed it is not confirmed.",
        {"date": TRUST_LISTS_DATE},
    ),
    "Invalid": Message(
        "The check failed: the file or its credentials were changed after signing, or the signature is faulty. "
        "Rely on nothing that these credentials say."
    ),
    "Unreadable": Message("Content credentials could not be read, so it is not known whether there are any that hold."),
    "NotFetched": Message(
        "The file names a place on the internet where its content credentials lie. They were not fetched, "
        "so they say nothing here."
    ),
}
NO_CREDENTIALS_TEXT = Message(
    "The file carries no content credentials. Most files have none, and platforms remove them, so their absence says nothing. "
    "They are not read from BMP, Matroska and WebM files."
)
# The IPTC's terms, by the last part of their address, in words that follow "the media is".
SOURCE_TYPE_TEXT = {
    "trainedAlgorithmicMedia": Message("made by generative AI"),
    "compositeWithTrainedAlgorithmicMedia": Message("edited with generative AI, or a composite with parts made by it"),
    "compositeSynthetic": Message("a composite with synthetic parts"),
    "algorithmicMedia": Message("made by an algorithm, without training data"),
    "virtualRecording": Message("a recording of a virtual event"),
    "dataDrivenMedia": Message("made from data"),
    "digitalCreation": Message("drawn by a person with a computer"),
    "digitalCapture": Message("captured by a camera or another sensor"),
    "computationalCapture": Message("captured by a camera and computed from several shots"),
    "negativeFilm": Message("digitised from film"),
    "positiveFilm": Message("digitised from film"),
    "print": Message("digitised from a print"),
    "humanEdits": Message("edited by a person"),
    "minorHumanEdits": Message("edited slightly by a person"),
    "algorithmicallyEnhanced": Message("enhanced by an algorithm"),
    "screenCapture": Message("a capture of a screen"),
    "composite": Message("a composite"),
    "compositeCapture": Message("a composite of captures"),
}


def source_type_text(address: str) -> Message | str:
    """Tells what a term of the IPTC for the origin of media means; gives the term itself where that is not known."""
    term = address.rstrip("/").rsplit("/", 1)[-1]
    return SOURCE_TYPE_TEXT.get(term, term)
