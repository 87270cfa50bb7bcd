from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0005_primary_contact_and_line_limits"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="stagespell",
            constraint=models.UniqueConstraint(fields=("deal", "stage", "visit_no"), name="spell_once_per_visit"),
        ),
        migrations.AddConstraint(
            model_name="dealstateinterval",
            constraint=models.UniqueConstraint(fields=("deal", "valid_from"), name="interval_once_per_instant"),
        ),
        # The constraint brings the same index.
        migrations.RemoveIndex(model_name="dealstateinterval", name="interval_by_deal"),
    ]
