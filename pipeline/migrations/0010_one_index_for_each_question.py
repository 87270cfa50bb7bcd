"""Indexes that a foreign key has anyway go: every write kept them up. One for the open deals of companies comes."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("pipeline", "0009_former_positions"),
    ]

    operations = [
        RemoveIndexConcurrently(model_name="company", name="company_territory"),
        RemoveIndexConcurrently(model_name="company", name="company_owner"),
        RemoveIndexConcurrently(model_name="contact", name="contact_owner"),
        RemoveIndexConcurrently(model_name="deal", name="deal_by_company"),
        RemoveIndexConcurrently(model_name="deal", name="deal_by_team"),
        RemoveIndexConcurrently(model_name="deal", name="deal_by_territory"),
        AddIndexConcurrently(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("merged_into__isnull", True), ("status", "open")),
                fields=["company"],
                include=("value", "currency"),
                name="deal_open_by_company",
            ),
        ),
    ]
