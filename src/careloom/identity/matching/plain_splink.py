"""Splink as users set it up from its own library of comparisons, on the same values: the measure for ours."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from careloom.identity.matching.evaluating import Labelled, Pair
from careloom.identity.matching.splinking import ID, libraries

LINK, REVIEW = 0.95, 0.5
"""Probabilities from which on plain Splink links, and asks."""

_COLUMNS = (
    "given", "family", "birth", "sex", "address", "city", "postcode", "phone", "email", "national",
)  # fmt: skip
_BLOCKINGS = (("birth",), ("given", "family"), ("family", "postcode"), ("email",), ("national",), ("phone",))
_PRESENT = 0.1


def predicted(records: Sequence[Labelled], known: int = 0, seed: int = 1) -> list[tuple[Pair, float]]:
    """Each pair with its probability where that is at least `REVIEW`. Trained on the records themselves."""
    splink, _ = libraries()
    rows = [_row(at, one) for at, one in enumerate(records)]
    used = [name for name in _COLUMNS if sum(row[name] is not None for row in rows) >= _PRESENT * len(rows)]
    rules = [splink.block_on(*some) for some in _BLOCKINGS if set(some) <= set(used)]
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=ID,
        comparisons=[_comparison(name) for name in used],
        blocking_rules_to_generate_predictions=rules,
    )
    linker = splink.Linker(splink.DuckDBAPI().register(_table(rows)), settings, log_level=logging.CRITICAL)
    _train(linker, rules, used, seed)
    found = linker.inference.predict(threshold_match_probability=REVIEW, warning_mode="never").as_duckdbpyrelation()
    pairs = found.project(f"{ID}_l, {ID}_r, match_weight, match_probability").fetchall()
    return [
        (Pair(max(one, other), min(one, other), weight), chance)
        for one, other, weight, chance in pairs
        if not known or (one < known) != (other < known)
    ]


def _train(linker: Any, rules: list[Any], used: list[str], seed: int) -> None:
    splink, _ = libraries()
    sure = [splink.block_on(*some) for some in (("given", "family", "birth"), ("national",)) if set(some) <= set(used)]
    training = linker.training
    training.estimate_probability_two_random_records_match(sure or rules[:1], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=999_999, seed=seed)
    for rule in rules[:2]:
        training.estimate_parameters_using_expectation_maximisation(rule)


def _comparison(name: str) -> Any:
    import splink.comparison_library as library

    if name in ("given", "family"):
        return library.NameComparison(name)
    if name == "birth":
        return library.DateOfBirthComparison(name, input_is_string=True)
    if name == "email":
        return library.EmailComparison(name)
    if name in ("address", "city"):
        return library.JaroWinklerAtThresholds(name)
    return library.ExactMatch(name) if name == "sex" else library.LevenshteinAtThresholds(name)


def _row(at: int, one: Labelled) -> dict[str, Any]:
    features = one.features
    return {
        ID: at,
        "given": features.given[0] if features.given else None,
        "family": features.family or None,
        "birth": features.birth if features.birth and len(features.birth) == 10 else None,
        "sex": features.sex,
        "address": " ".join(part for part in (features.number, features.street) if part) or None,
        "city": features.city,
        "postcode": features.postcode,
        "phone": features.phones[0] if features.phones else None,
        "email": features.emails[0] if features.emails else None,
        "national": features.national,
    }


def _table(rows: list[dict[str, Any]]) -> Any:
    import pyarrow  # type: ignore[import-untyped]

    kinds = {name: pyarrow.string() for name in _COLUMNS} | {ID: pyarrow.int64()}
    return pyarrow.table({name: pyarrow.array([row[name] for row in rows], kind) for name, kind in kinds.items()})
