"""Everything that is done with cases, put together once for whoever serves people: the API, the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from careloom.cases.book import Cases
from careloom.cases.delegations import Delegations
from careloom.cases.desk import CaseDesk
from careloom.cases.escalation import Escalations
from careloom.cases.groups import CaseGroups
from careloom.cases.reading import CaseReader
from careloom.cases.recording import Recorder
from careloom.cases.resolving import LooseResolver, ParkedResolver, Resolver
from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.log.keyring import Keyring
from careloom.store.database import Database


@dataclass(frozen=True, slots=True)
class Casework:
    """The queue of one deployment."""

    reader: CaseReader
    desk: CaseDesk
    groups: CaseGroups
    escalations: Escalations
    recorder: Recorder
    delegations: Delegations


def casework(
    database: Database,
    keyring: Keyring,
    book: Cases,
    clock: Clock,
    new_id: IdFactory,
    resolvers: Sequence[Resolver] = (),
) -> Casework:
    """Over this store. `resolvers` resume what waits beside parked events: runs of workflows."""
    known: tuple[Resolver, ...] = (ParkedResolver(keyring, new_id), LooseResolver(), *resolvers)
    recorder = Recorder(keyring, book, clock, new_id)
    reader = CaseReader(database, keyring, book.kinds, known, clock)
    desk = CaseDesk(database, keyring, recorder, reader, known, clock, new_id)
    groups = CaseGroups(database, desk, recorder, clock, new_id)
    delegations = Delegations(database, recorder, clock, new_id)
    return Casework(reader, desk, groups, Escalations(database, recorder, clock, new_id), recorder, delegations)
