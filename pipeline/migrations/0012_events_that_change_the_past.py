"""The newest event that changes the past is found at once; the table stays writable meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("pipeline", "0011_reason_on_one_line"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="dealevent",
            index=models.Index(
                condition=models.Q(
                    ("occurred_at__lt", models.F("recorded_at")),
                    ("corrects__isnull", False),
                    models.Q(
                        (
                            "kind__in",
                            (
                                "created",
                                "stage_changed",
                                "value_changed",
                                "expected_close_changed",
                                "probability_changed",
                                "forecast_category_changed",
                                "pipeline_changed",
                                "archived",
                                "unarchived",
                            ),
                        ),
                        _negated=True,
                    ),
                    _connector="OR",
                ),
                fields=["id"],
                name="event_changing_past",
            ),
        ),
    ]
