"""The matcher of a model of Fellegi and Sunter: normalising, blocking, scoring and rules put together."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.identity.matching.blocking import keys
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Model
from careloom.identity.matching.normalising import features_of
from careloom.identity.matching.rules import PARTING, contradicts, decide
from careloom.identity.matching.scoring import Scorer
from careloom.identity.matching.zones import Evidence, Zone
from careloom.model import Patient


class Weighing:
    """`Matcher` under a model. `region` is whose telephone numbers come without a country code."""

    def __init__(self, model: Model, *, region: str = "US") -> None:
        """Raises ConfigurationError for a model of another release."""
        self._model = model
        self._scorer = Scorer(model)
        self._region = region

    @property
    def version(self) -> str:
        return self._model.version

    @property
    def model(self) -> Model:
        return self._model

    def features(self, patient: Patient) -> Features:
        return features_of(patient, region=self._region)

    def keys(self, features: Features) -> Sequence[str]:
        return keys(features)

    def zone(self, one: Features, other: Features) -> tuple[Zone, Evidence] | None:
        # Nearly all candidates are nobody, which the weight alone tells.
        if self._model.zone(self._scorer.weight(one, other)) is Zone.NEW:
            return None
        evidence = self._scorer.score(one, other)
        zone = decide(self._model, evidence)
        return None if zone is Zone.NEW else (zone, evidence)

    def evidence(self, one: Features, other: Features) -> Evidence:
        return self._scorer.score(one, other)

    def contradicts(self, old: Features, new: Features) -> Sequence[str]:
        """Two children of one birth share all that is theirs but the given name, so the rule about them counts too."""
        apart = [rule for rule in self._scorer.score(old, new).vetoes if rule in PARTING]
        return (*contradicts(old, new), *apart)
