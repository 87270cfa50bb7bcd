"""The reasons that imports use when the source gives none."""

from typing import Any

from django.db import migrations


def seed(apps: Any, schema_editor: Any) -> None:
    reasons = apps.get_model("pipeline", "CloseReason").objects
    for outcome in ("won", "lost"):
        reasons.get_or_create(
            outcome=outcome,
            code="not_recorded",
            defaults={
                "name": "Not recorded",
                "name_de": "Nicht erfasst",
                "position": 999,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0003_append_only_events")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
