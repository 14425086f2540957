"""Rules as data: which documents of a sender become which events, and from what."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from careloom.core.errors import ConfigurationError, MappingError
from careloom.mapping.declared.building import Conditions, Node, Object, scopes
from careloom.mapping.declared.compiling import Compiler
from careloom.mapping.declared.outgoing import Outgoing
from careloom.mapping.declared.paths import Pointer, Scope
from careloom.mapping.declared.places import event_place
from careloom.mapping.declared.reading import Run
from careloom.mapping.declared.spec import Document, File, Problems, Rule
from careloom.mapping.result import Translation
from careloom.mapping.source import JsonShape, Settings
from careloom.model import EVENTS, CanonicalEvent

_AT: Final = re.compile(r" - at `\$\.?([^`]*)`$")


class _Compiled(NamedTuple):
    """One rule, ready. Without `node` it skips what fits, for `reason`."""

    when: Conditions
    unless: Conditions
    each: Pointer | None = None
    event: type[CanonicalEvent] | None = None
    node: Node | None = None
    reason: str = ""


class Rules:
    """What one file declares. `shape` says where its documents name what they are, `version` where their state is named
    ("": nowhere); `outgoing` are the documents that it makes of events, by name."""

    def __init__(
        self,
        rules: Sequence[_Compiled],
        *,
        document: Document | None,
        outgoing: Mapping[str, Outgoing],
        read: frozenset[str],
        drop: Mapping[str, str],
    ) -> None:
        self._rules = tuple(rules)
        self._read = read
        self._drop = drop
        self.shape = JsonShape(**document.model_dump(exclude={"version"})) if document else None
        self.version = document.version if document else ""
        self.outgoing = outgoing

    @classmethod
    def load(cls, declared: str | bytes | Mapping[str, Any], where: str = "") -> Rules:
        """The rules of a TOML text or a dict. Raises ConfigurationError that lists everything that is wrong, each with
        its place below `where`: targets that the event does not hold, constants that do not fit, what is required and
        has no source."""
        problems = Problems(where)
        file = _file(declared, problems)
        compiler = Compiler(file.tables, problems)
        rules = [made for number, rule in enumerate(file.rules) if (made := _rule(rule, number, compiler, problems))]
        outgoing = {}
        for name, body in file.outgoing.items():
            with problems.at("outgoing", name):
                outgoing[name] = Outgoing.compiled(body, file.tables, problems)
        problems.settle()
        return cls(rules, document=file.document, outgoing=outgoing, read=frozenset(compiler.sources), drop=file.drop)

    @property
    def events(self) -> tuple[str, ...]:
        """The event types that its rules make."""
        return tuple(sorted({rule.event.type for rule in self._rules if rule.event}))

    def translate(self, document: Any, settings: Settings, type: str) -> Translation:
        """The events of every rule that fits, in the order of the file; or why there is none. `type` is that of the
        message. Raises MappingError that names the source of what is missing."""
        scope, run = Scope(document), Run(settings, type)
        events: list[CanonicalEvent] = []
        reasons: list[str] = []
        for rule in self._rules:
            if not rule.when.hold(scope) or (rule.unless and rule.unless.hold(scope)):
                continue
            if rule.event is None:
                reasons.append(rule.reason)
            else:
                events += _events(rule, scope, run)
        filtered = None if events else "; ".join(reasons) or f"no mapping for {type}"
        return Translation(events=tuple(events), filtered=filtered, issues=tuple(run.issues))

    def sources(self) -> Mapping[str, str]:
        """Every source path that is spoken of: `mapped`, or the reason why it stays behind. `*` is any item."""
        return {**dict(sorted(self._drop.items())), **dict.fromkeys(sorted(self._read), "mapped")}

    def unknown(self, document: Any) -> tuple[str, ...]:
        """The paths of a document that no rule reads and nothing says are dropped."""
        known = set(self._read) | set(self._drop)
        return tuple(sorted({path for path in _leaves(document, "") if not _covered(path, known)}))


def _file(declared: str | bytes | Mapping[str, Any], problems: Problems) -> File:
    with problems.at():
        return File.model_validate(_tables(declared))
    problems.settle()
    raise AssertionError("a problem was found")


def _tables(declared: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(declared, Mapping):
        return declared
    try:
        return tomllib.loads(declared.decode() if isinstance(declared, bytes) else declared)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the rules are no TOML: {error}; correct the file") from None


def _rule(rule: Rule, number: int, compiler: Compiler, problems: Problems) -> _Compiled | None:
    with problems.at("rules", rule.name or number):
        around = (compiler.list(rule.each, ()).text,) if rule.each else ()
        with problems.at("when"):
            when = compiler.conditions(rule.when, ())
        with problems.at("unless"):
            unless = compiler.conditions(rule.unless, ())
        if (rule.event is None) == (rule.skip is None):
            raise ValueError("a rule has either `event`, or `skip`, the reason for none")
        if rule.event is None:
            if rule.fields or rule.each:
                raise ValueError("a rule that skips has no fields")
            return _Compiled(when, unless, reason=str(rule.skip))
        if rule.event not in EVENTS:
            raise ValueError(f"there is no event {rule.event}; see the reference of events")
        node = _node(rule, rule.event, around, compiler, problems)
        each = compiler.list(rule.each, ()) if rule.each else None
        return _Compiled(when, unless, each, EVENTS[rule.event], node)
    return None


def _node(rule: Rule, event: str, around: tuple[str, ...], compiler: Compiler, problems: Problems) -> Node:
    own = {"trigger": rule.trigger, "occurred": rule.occurred, "facility": rule.facility}
    with problems.at("fields"):
        fields = {**rule.fields, **{name: given for name, given in own.items() if given is not None}}
        node = compiler.event(event_place(event), fields, around)
        if node is not None:
            return node
    return Object("", {}, ())


def _events(rule: _Compiled, scope: Scope, run: Run) -> Iterator[CanonicalEvent]:
    assert rule.event is not None and rule.node is not None, "a rule that makes events"
    for one in [scope] if rule.each is None else scopes(rule.each, scope):
        made = rule.node.make(one, run)
        if made is None:
            origin = rule.node.origin or (rule.each.text if rule.each else "/")
            raise MappingError(f"has no value, and nothing else says what the {rule.event.type} is about", origin)
        yield _converted(made, rule.event)


def _converted(made: Mapping[str, Any], event: type[CanonicalEvent]) -> CanonicalEvent:
    try:
        return msgspec.convert(made, event)
    except msgspec.ValidationError as error:
        # The text may quote a value; the place in the event does not.
        found = _AT.search(str(error))
        place = found[1] if found and found[1] else "its contract"
        raise MappingError(f"what the rules made does not fit {place} of {event.type}", place) from None


def _leaves(document: Any, path: str) -> Iterator[str]:
    """The paths of all single values; the walk keeps its own stack, since documents may be deep."""
    waiting = [(document, path)]
    while waiting:
        one, at = waiting.pop()
        if isinstance(one, Mapping):
            waiting += [(value, f"{at}/{name.replace('~', '~0').replace('/', '~1')}") for name, value in one.items()]
        elif isinstance(one, list):
            waiting += [(value, f"{at}/*") for value in one]
        elif one is not None:
            yield at


def _covered(path: str, known: set[str]) -> bool:
    """Whether the path, or one above it, is spoken of; an index stands for any item."""
    generals = {re.sub(r"/\d+(?=/|$)", "/*", one) for one in known}
    parts = path.split("/")
    return any("/".join(parts[:length]) in generals for length in range(2, len(parts) + 1)) or path in known


def translate(document: Any, settings: Settings, type: str) -> Translation:
    """By the rules of the sender; without any, nothing is made of its documents."""
    if not isinstance(settings.rules, Rules):
        return Translation(filtered=f"no mapping for {type}")
    return settings.rules.translate(document, settings, type)


__all__ = ["Rules", "translate"]
