"""TLS contexts from settings: one way to read them for every socket we open or offer."""

from __future__ import annotations

import ssl
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from careloom.core.errors import ConfigurationError
from careloom.core.secrets import Resolver, SecretRef


def _below(path: Path | None, info: ValidationInfo) -> Path | None:
    """Relative paths are below the folder of the settings, which whoever checks them gives as `base`."""
    base = info.context.get("base") if info.context else None
    return base / path if base is not None and path is not None else path


class TlsServer(BaseModel):
    """What a listening socket shows, and asks for. TLS 1.2 is the oldest that is spoken. Relative paths are below the
    folder of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    _placed = field_validator("certificate", "key", "client_ca")(_below)

    certificate: Path = Field(description="PEM file with our certificate and its chain")
    key: Path = Field(description="PEM file with our private key")
    key_password: SecretRef | None = Field(default=None, description="where the password of the key is kept")
    client_ca: Path | None = Field(default=None, description="PEM file of the CA that client certificates must be from")

    def context(self, secrets: Resolver) -> ssl.SSLContext:
        """A server context. Raises ConfigurationError, naming the file, when one cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _load_identity(context, self.certificate, self.key, self.key_password, secrets)
        if self.client_ca is not None:
            _load_ca(context, self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class TlsClient(BaseModel):
    """What a connection that we open trusts, and shows. Certificates and host names are always checked. Relative paths
    are below the folder of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    _placed = field_validator("ca", "certificate", "key")(_below)

    ca: Path | None = Field(default=None, description="PEM file of the CA to trust; without it, those of the machine")
    certificate: Path | None = Field(default=None, description="PEM file with our client certificate")
    key: Path | None = Field(default=None, description="PEM file with the key of the client certificate")
    key_password: SecretRef | None = Field(default=None, description="where the password of the key is kept")

    def context(self, secrets: Resolver) -> ssl.SSLContext:
        """A client context. Raises ConfigurationError, naming the file, when one cannot be used."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.ca is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            _load_ca(context, self.ca)
        if self.certificate is not None:
            _load_identity(context, self.certificate, self.key or self.certificate, self.key_password, secrets)
        return context


def _load_identity(
    context: ssl.SSLContext, certificate: Path, key: Path, password: str | None, secrets: Resolver
) -> None:
    try:
        # An empty password makes OpenSSL fail on an encrypted key; without one it would ask on the terminal.
        context.load_cert_chain(certificate, key, password=secrets(password) if password else "")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the TLS certificate {certificate} or its key {key} cannot be used: {_reason(error)}"
        ) from None


def _load_ca(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the TLS CA file {path} cannot be used: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "not a PEM file that fits"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
