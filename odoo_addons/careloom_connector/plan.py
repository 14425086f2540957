# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from collections import defaultdict

_logger = logging.getLogger(__name__)

#: Column types whose stored value says all that `read` says.
PLAIN = {
    "boolean", "integer", "float", "monetary", "char", "text", "html", "date", "datetime", "selection", "many2one",
    "many2one_reference",
}  # fmt: skip


def is_column(field):
    """Whether the field is one plain column of its model's own table."""
    return bool(
        field.store
        and field.column_type
        and field.type in PLAIN
        and not field.company_dependent
        and not callable(field.translate)
    )


def missing_fields(env, definition):
    """The first model or field that the definition names and this database does not have, or None."""
    if definition["model"] not in env:
        return definition["model"]
    leaves = [leaf[0].split(".")[0] for leaf in definition["domain"] if isinstance(leaf, list)]
    named = [*(definition["state"] or []), *leaves]
    missing = [name for name in named if name not in env[definition["model"]]._fields]
    for trigger in definition["triggers"]:
        model = env.get(trigger["model"])
        for step in trigger["path"].split("."):
            if model is None or step not in model._fields:
                missing.append(f"{trigger['model']}.{trigger['path']}")
                break
            model = env.get(model._fields[step].comodel_name)
    return missing[0] if missing else None


class Watch:
    """One watched model: which of its state fields are columns, and which have to be asked from the ORM."""

    def __init__(self, env, definition):
        self.model = definition["model"]
        self.domain = definition["domain"]
        self.state = definition["state"]
        self.specification = definition["specification"]
        fields = env[self.model]._fields
        names = self.state or []
        self.columns = [name for name in names if is_column(fields[name])]
        self.computed = [name for name in names if not is_column(fields[name])]
        company = fields.get("company_id")
        self.company = bool(company and company.type == "many2one" and is_column(company))

    @property
    def needs_triggers(self):
        """Changes of plain columns are seen where they are written: only the rest needs to be led to."""
        return self.state is None or bool(self.computed)


class Trigger:
    """A path from the record of another model to the watched records."""

    def __init__(self, env, model, path, watched):
        self.model = model
        self.path = path
        self.watched = watched
        first, _, self.rest = path.partition(".")
        field = env[model]._fields[first]
        self.comodel = field.comodel_name
        # The old parent of a record that moves or goes is only known where the first step is a column.
        self.hop = first if field.type == "many2one" and is_column(field) else None


class Plan:
    """Everything that is watched, ready for the hooks."""

    def __init__(self, env, definitions):
        self.watches = {}
        self.triggers = defaultdict(list)
        self.cascades = defaultdict(list)
        for definition in definitions:
            if missing := missing_fields(env, definition):
                # A module may have gone since: users go on working, the hub has to declare its watches again.
                _logger.error("The watch of %s has no effect: %s is not there.", definition["model"], missing)
            else:
                self._add(env, definition)
        self.models = frozenset([*self.watches, *self.triggers, *self.cascades])

    def _add(self, env, definition):
        watch = self.watches[definition["model"]] = Watch(env, definition)
        if watch.needs_triggers:
            for trigger in definition["triggers"]:
                found = Trigger(env, trigger["model"], trigger["path"], watch.model)
                self.triggers[trigger["model"]].append(found)
        for field in env[watch.model]._fields.values():
            # PostgreSQL deletes these rows by itself: the ORM never hears of it.
            if field.type == "many2one" and field.store and field.ondelete == "cascade" and is_column(field):
                self.cascades[field.comodel_name].append((watch.model, field.name))
