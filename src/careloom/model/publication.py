"""The catalogue for others to read: an AsyncAPI 3.0 document, and a JSON Schema (2020-12) of each event.

Both are made from the registry, so they say what the code does.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

import msgspec

from careloom import __version__
from careloom.model.catalogue import DOMAINS
from careloom.model.contract import RETRIES, Contract
from careloom.model.examples import examples
from careloom.model.registry import CONTRACTS, encode, schema

Json = dict[str, Any]

_ID = "urn:careloom:event:{}"
_REF = "#/components/schemas/{name}"
_CLOUDEVENT: Json = {
    "type": "object",
    "description": "The attributes of CloudEvents 1.0, and the id that joins all that came of one message.",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "description": "The system that the event came from."},
        "type": {"type": "string"},
        "subject": {"type": "string", "description": "What it is about; events of one subject keep their order."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string"},
        "correlation": {"type": "string", "format": "uuid"},
    },
    "required": ["id", "source", "type", "time"],
}


def schemas() -> Mapping[str, Json]:
    """The JSON Schema of every event, by its versioned name; each stands alone."""
    return {name: _standing_alone(name, contract) for name, contract in CONTRACTS.items()}


def asyncapi() -> Json:
    """The AsyncAPI 3.0 document of all events: a channel, a message and an operation each, and their schemas once."""
    shown = examples()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Careloom events",
            "version": __version__,
            "description": "What happened between healthcare systems and Odoo, as facts with one meaning each.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, contract) for name, contract in CONTRACTS.items()},
        "operations": {f"send.{name}": _operation(name) for name in CONTRACTS},
        "components": {
            "messages": {name: _message(contract, encode(shown[name])) for name, contract in CONTRACTS.items()},
            "schemas": components(),
            "messageTraits": {"cloudevent": {"headers": _CLOUDEVENT}},
        },
    }


def components() -> Json:
    """The schemas of all events and of what they are made of, by class name, each once."""
    _, found = msgspec.json.schema_components([one.event for one in CONTRACTS.values()], ref_template=_REF)
    plain: Json = _tidied(msgspec.json.decode(msgspec.json.encode(found)))
    return dict(sorted(plain.items()))


def promises(contract: Contract) -> Json:
    """What the contract says beside the shape, as extension members (`x-...`)."""
    return {
        "x-owner": contract.owner,
        "x-source-of-truth": contract.source_of_truth,
        "x-publishers": list(contract.publishers),
        "x-data-classes": list(contract.data_classes),
        "x-retention-years": contract.retention_years,
        "x-retry": {"policy": contract.retry, "meaning": RETRIES[contract.retry]},
        "x-personal": list(contract.personal),
        "x-subject": [{"kind": one.kind, "path": one.path} for one in contract.event.about],
        "x-sunset": contract.sunset.isoformat() if contract.sunset else None,
    }


def _standing_alone(name: str, contract: Contract) -> Json:
    found: Json = _tidied(schema(name))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _ID.format(name), "title": name}
    return {**head, "description": contract.meaning, **promises(contract), **found}


def _channel(name: str, contract: Contract) -> Json:
    return {
        "address": name,
        "title": name,
        "summary": contract.meaning,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(name: str) -> Json:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }


def _message(contract: Contract, example: bytes) -> Json:
    return {
        "name": contract.type,
        "title": contract.type,
        "summary": contract.meaning,
        "contentType": "application/json",
        "tags": [{"name": one} for one in (_domain(contract), *contract.data_classes)],
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"$ref": _REF.format(name=contract.event.__name__)},
        "examples": [{"name": "invented", "payload": msgspec.json.decode(example)}],
        **promises(contract),
    }


def _domain(contract: Contract) -> str:
    return next(name for name, contracts in DOMAINS.items() if contract in contracts)


def _tidied(node: Any) -> Any:
    """Descriptions without the indentation that docstrings have in the code."""
    if isinstance(node, dict):
        return {
            key: cleandoc(one) if key == "description" and isinstance(one, str) else _tidied(one)
            for key, one in node.items()
        }
    return [_tidied(one) for one in node] if isinstance(node, list) else node
