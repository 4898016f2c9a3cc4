"""Signs media with C2PA content credentials of a certificate authority that the tests make up."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@dataclass(frozen=True)
class Authority:
    """A certificate authority and one certificate that it gave, with its key, all PEM."""

    root: str
    chain: bytes
    key: bytes

    def signer(self) -> c2pa.Signer:
        return c2pa.Signer.from_info(c2pa.C2paSignerInfo("es256", self.chain, self.key, None))


def authority(organisation: str = "Test Newsroom") -> Authority:
    """Makes one; its certificate is for ``Test Camera`` of that organisation."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Test Root", "Test Root", organisation, root_key, root_key, is_root=True)
    leaf = _certificate("Test Camera", "Test Root", organisation, key, root_key, is_root=False)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Authority(root.public_bytes(pem).decode(), leaf.public_bytes(pem) + root.public_bytes(pem), secret)


def sign(
    source: Path,
    target: Path,
    by: Authority,
    source_type: str = AI,
    parent: Path | None = None,
    remote_url: str = "",
    software: str = "Paint",
) -> Path:
    """Writes a signed copy; with a parent it says that it was opened, not made; `remote_url` leaves nothing inside."""
    action = {"action": "c2pa.created", "when": "2026-01-02T03:04:05Z", "digitalSourceType": source_type}
    if parent:
        action = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    action["softwareAgent"] = {"name": software}
    manifest = {
        "claim_generator_info": [{"name": software, "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    with c2pa.Builder(manifest) as builder:
        if parent:
            with open(parent, "rb") as stream:
                description = {"title": "parent", "relationship": "parentOf", "label": "parent"}
                builder.add_ingredient(description, "image/jpeg", stream)
        if remote_url:
            builder.set_no_embed()
            builder.set_remote_url(remote_url)
        with by.signer() as signer:
            builder.sign_file(source, target, signer)
    return target


def _certificate(subject: str, issuer: str, organisation: str, key, issuer_key, is_root: bool) -> x509.Certificate:
    def name(common: str) -> x509.Name:
        parts = ((NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common))
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])

    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    usage |= {"digital_signature": not is_root, "key_cert_sign": is_root, "crl_sign": is_root, "decipher_only": False}
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
