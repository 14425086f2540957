"""What Splink is given: our comparisons, levels, blocking rules and weights in its own form, over DuckDB in memory.

Splink and DuckDB come with the extra `linkage`; nothing here is imported before it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from careloom.core.errors import ConfigurationError
from careloom.identity.matching.blocking import SPLINK_RULE, keys
from careloom.identity.matching.comparing import COLUMNS, COMPARISONS, LISTS, TERMS, Declared, columns
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Comparison, Model
from careloom.identity.matching.scoring import share_of

ID = "id"


def libraries() -> tuple[Any, Any]:
    """Splink and DuckDB. Raises ConfigurationError that names the extra where they are not installed."""
    try:
        import duckdb
        import splink
    except ImportError:
        raise ConfigurationError(
            "training and batch de-duplication need Splink and DuckDB: pip install careloom[linkage]"
        ) from None
    return splink, duckdb


def table(records: Sequence[Features], model: Model | None = None, *, blocked: bool = True) -> Any:
    """An Arrow table of the records: `id` is the place in the sequence. With a model, each term has its frequency
    beside it as Splink names it (`tf_family`); `blocked` adds the keys."""
    import pyarrow  # type: ignore[import-untyped]

    found: dict[str, list[Any]] = {name: [] for name in (ID, *COLUMNS)}
    for at, one in enumerate(records):
        found[ID].append(at)
        for name, value in columns(one).items():
            found[name].append(value)
    kinds = {name: pyarrow.list_(pyarrow.string()) if name in LISTS else pyarrow.string() for name in COLUMNS}
    arrays = {name: pyarrow.array(found[name], kinds.get(name, pyarrow.int64())) for name in found}
    if blocked:
        arrays["keys"] = pyarrow.array([list(keys(one)) for one in records], pyarrow.list_(pyarrow.string()))
    if model is not None:
        for feature in model.frequencies:
            shares = [
                None if (term := TERMS[feature](one)) is None else share_of(model, feature, term) for one in records
            ]
            arrays[f"tf_{feature}"] = pyarrow.array(shares, pyarrow.float64())
    return pyarrow.table(arrays)


def settings(names: Iterable[str], model: Model | None = None) -> Any:
    """Splink's settings for these comparisons, by name; with the weights of a model where one is given."""
    splink, _ = libraries()
    wanted = set(names)
    weights = {one.name: one for one in model.comparisons} if model else {}
    return splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=ID,
        comparisons=[_comparison(one, weights.get(one.name), model) for one in COMPARISONS if one.name in wanted],
        blocking_rules_to_generate_predictions=[SPLINK_RULE],
        probability_two_random_records_match=model.prior if model else 0.0001,
        retain_intermediate_calculation_columns=True,
    )


def to_splink(model: Model) -> Any:
    """The whole model as Splink's settings: what it predicts with them is what `Scorer` gives."""
    return settings([one.name for one in model.comparisons], model)


def _comparison(declared: Declared, weights: Comparison | None, model: Model | None) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": declared.absent_sql, "label_for_charts": "absent", "is_null_level": True}
    ]
    conditions = [*(test.sql for test in declared.tests), "ELSE"]
    for name, condition in zip(declared.levels, conditions, strict=True):
        levels.append({"sql_condition": condition, "label_for_charts": name})
    for at, test in enumerate(declared.tests, 1):
        if test.frequency and (model is None or test.frequency in model.frequencies):
            levels[at] |= {"tf_adjustment_column": test.frequency, "disable_tf_exact_match_detection": True}
    for level, weight in zip(levels[1:], weights.levels if weights else (), strict=False):
        level |= {"m_probability": weight.m, "u_probability": weight.u}
        if "tf_adjustment_column" in level:
            level["tf_adjustment_weight"] = weight.share
    return {"output_column_name": declared.name, "comparison_levels": levels}


def predicted(model: Model, records: Sequence[Features], least: float) -> list[tuple[int, int, float]]:
    """All pairs that share a key and weigh at least this much: the places of both in the sequence, and the weight. The
    whole of it is worked out at once, by Splink."""
    linker = _linker(table(records, model), to_splink(model))
    return _pairs(linker.inference.predict(threshold_match_weight=least, warning_mode="never"))


def scores(model: Model, pairs: Sequence[tuple[Features, Features]]) -> list[float]:
    """Splink's match weight of each of these pairs, whether they share a key or not."""
    records = [one for pair in pairs for one in pair]
    arrow = table(records, model, blocked=False)
    arrow = arrow.append_column("pair", [[at // 2 for at in range(len(records))]])
    chosen = to_splink(model)
    chosen.blocking_rules_to_generate_predictions = ["l.pair = r.pair"]
    found = {left // 2: weight for left, _, weight in _pairs(_linker(arrow, chosen).inference.predict())}
    return [found[at] for at in range(len(pairs))]


def _linker(arrow: Any, chosen: Any) -> Any:
    splink, _ = libraries()
    return splink.Linker(splink.DuckDBAPI().register(arrow), chosen, log_level=logging.CRITICAL)


def linker_of(records: Sequence[Features], names: Iterable[str]) -> Any:
    """Splink over these records, comparing these comparisons, nothing trained yet."""
    chosen = settings(names)
    chosen.blocking_rules_to_generate_predictions = []
    return _linker(table(records, blocked=False), chosen)


def _pairs(predictions: Any) -> list[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = (
        predictions.as_duckdbpyrelation().project(f"{ID}_l, {ID}_r, match_weight").fetchall()
    )
    return found
