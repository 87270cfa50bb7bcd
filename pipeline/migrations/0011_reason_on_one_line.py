"""Why a company is pinned is one line, as other short texts are. Nothing changes in the database."""

from django.db import migrations, models

from crm.lib.text import SingleLine


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0010_one_index_for_each_question"),
    ]

    operations = [
        migrations.AlterField(
            model_name="territoryassignment",
            name="reason",
            field=models.CharField(blank=True, max_length=300, validators=[SingleLine()]),
        ),
    ]
