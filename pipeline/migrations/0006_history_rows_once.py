from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models


def unique(model: str, *fields: str, columns: str, name: str) -> migrations.SeparateDatabaseAndState:
    """A constraint over an index that was built beside running writes."""
    table = f"pipeline_{model}"
    return migrations.SeparateDatabaseAndState(
        state_operations=[
            migrations.AddConstraint(model, models.UniqueConstraint(fields=fields, name=name)),
        ],
        database_operations=[
            migrations.RunSQL(
                f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns})",
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
            ),
            migrations.RunSQL(
                f"ALTER TABLE {table}\nADD CONSTRAINT {name} UNIQUE USING INDEX {name}",
                f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            ),
        ],
    )


class Migration(migrations.Migration):
    # Indexes are built beside running writes, which no transaction allows.
    atomic = False
    dependencies = [("pipeline", "0005_primary_contact_and_line_limits")]

    operations = [
        unique(
            "stagespell",
            "deal",
            "stage",
            "visit_no",
            columns="deal_id, stage_id, visit_no",
            name="spell_once_per_visit",
        ),
        unique(
            "dealstateinterval",
            "deal",
            "valid_from",
            columns="deal_id, valid_from",
            name="interval_once_per_instant",
        ),
        # The constraint brings the same index.
        RemoveIndexConcurrently(model_name="dealstateinterval", name="interval_by_deal"),
    ]
