"""Settings, TLS with client certificates, and the road from settings to a socket."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from careloom.core.errors import AccessRefused, ConfigurationError, Unavailable
from careloom.systems.mllp.connector import Settings, open_listener, open_target
from careloom.systems.mllp.fake import FakeSender
from careloom.systems.registry import settings_for
from careloom.systems.tls import TlsClient, TlsServer


def no_secrets(reference: str) -> str:
    raise ConfigurationError(f"{reference} is not there")


def issue(folder: Path, name: str, ca: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None):
    """Write name.pem and name.key, signed by `ca` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(hours=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca[0].subject if ca else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
    )
    certificate = builder.sign(ca[1] if ca else key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, key


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    authority = issue(folder, "ca")
    issue(folder, "hub", authority)
    issue(folder, "ehr", authority)
    issue(folder, "stranger")
    return folder


@pytest.fixture
async def secure(pki: Path, intake):
    tls = {"certificate": pki / "hub.pem", "key": pki / "hub.key", "client_ca": pki / "ca.pem"}
    listener = open_listener("ehr", Settings(port=0, tls=TlsServer(**tls)), intake, secrets=no_secrets)
    await listener.start()
    yield listener
    await listener.close(0.2)


def outbound(port: int, **tls: object) -> Settings:
    return Settings(direction="out", port=port, server_tls=TlsClient(**tls))


async def test_a_client_with_a_certificate_of_the_ca_is_served(secure, pki: Path, message, intake) -> None:
    settings = outbound(secure.port, ca=pki / "ca.pem", certificate=pki / "ehr.pem", key=pki / "ehr.key")
    sender = open_target("lab", settings, secrets=no_secrets)
    assert (await sender.send(message("T1"))).code == "AA"
    await sender.close()
    assert [one.key for one in intake.messages] == ["T1"]


@pytest.mark.parametrize("name", ["stranger", None])
async def test_another_client_is_not(secure, pki: Path, intake, name: str | None, message) -> None:
    context = ssl.create_default_context(cafile=str(pki / "ca.pem"))
    if name:
        context.load_cert_chain(pki / f"{name}.pem", pki / f"{name}.key")
    with pytest.raises((ssl.SSLError, OSError)):
        async with FakeSender(secure.port, tls=context) as stranger:
            await stranger.write(b"\x0b" + message() + b"\x1c\r")
            if await stranger.read_raw() is None:
                raise ConnectionResetError
    assert intake.messages == []


async def test_a_receiver_whose_certificate_is_not_trusted_is_not_sent_to(secure, pki: Path, message) -> None:
    sender = open_target("lab", outbound(secure.port, ca=pki / "stranger.pem"), secrets=no_secrets)
    with pytest.raises(AccessRefused, match="not trusted"):
        await sender.send(message())


async def test_a_receiver_that_speaks_no_tls_is_unavailable(listen, pki: Path, message) -> None:
    listener = await listen(junk=0)
    sender = open_target("lab", outbound(listener.port, ca=pki / "ca.pem"), secrets=no_secrets)
    with pytest.raises(Unavailable, match="cannot connect"):
        await sender.send(message())


def test_tls_files_that_cannot_be_used_are_named(pki: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.pem"):
        TlsServer(certificate=pki / "gone.pem", key=pki / "hub.key").context(no_secrets)
    with pytest.raises(ConfigurationError, match=r"ehr\.key"):
        TlsServer(certificate=pki / "hub.pem", key=pki / "ehr.key").context(no_secrets)
    with pytest.raises(ConfigurationError, match=r"hub\.key"):
        TlsClient(ca=pki / "hub.key").context(no_secrets)


def test_the_settings_bound_the_listener(clock) -> None:
    settings = Settings(port=0, max_message=4096, max_in_flight=3, networks=["10.0.0.0/8"], processing_ids=["P"])
    listener = open_listener("ehr", settings, intake=None, secrets=no_secrets, clock=clock)
    endpoint = listener._endpoint
    assert (endpoint.host, endpoint.limits.message, endpoint.limits.in_flight) == ("127.0.0.1", 4096, 3)
    assert listener.admits("11.0.0.1") is not None
    assert listener.admits("10.0.0.1") is None
    assert listener.admits("::ffff:10.0.0.1") is None
    assert listener.admits("") is not None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "systems.ehr.port: Field required"),
        ({"port": 70_000}, "systems.ehr.port: "),
        ({"port": 1, "prot": 2}, "systems.ehr.prot: there is no such setting"),
        ({"port": 1, "networks": ["10.0.0.1/8"]}, "systems.ehr.networks.0"),
        ({"port": 1, "processing_ids": ["X"]}, "systems.ehr.processing_ids"),
        ({"port": 1, "window": 2}, "direction in does not use window"),
        ({"port": 1, "direction": "out", "idle_timeout": 2}, "direction out does not use idle_timeout"),
        ({"port": 0, "direction": "out"}, "needs the receiver's port"),
        ({"port": 1, "versions": ["3.0"]}, "systems.ehr.versions"),
    ],
)
def test_settings_are_checked_and_problems_located(given: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_for("mllp", given, system="ehr")
    assert problem in str(caught.value)
