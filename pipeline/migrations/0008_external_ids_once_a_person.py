from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


def once_a_person(model: str) -> list[migrations.SeparateDatabaseAndState]:
    """The index over id and person is built beside running writes, before the one over the id alone goes."""
    before, after = f"{model}_external_id_once", f"{model}_external_id_once_a_person"
    constraint = models.UniqueConstraint(
        fields=["external_id", "created_by"], condition=~Q(external_id=""), nulls_distinct=False, name=after
    )
    build = f"CREATE UNIQUE INDEX CONCURRENTLY {after} ON pipeline_{model} (external_id, created_by_id)"
    build_before = f"CREATE UNIQUE INDEX CONCURRENTLY {before} ON pipeline_{model} (external_id)"
    drop = "DROP INDEX CONCURRENTLY IF EXISTS"
    return [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddConstraint(model, constraint)],
            database_operations=[
                migrations.RunSQL(f"{build} NULLS NOT DISTINCT WHERE external_id <> ''", f"{drop} {after}")
            ],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveConstraint(model, before)],
            database_operations=[
                migrations.RunSQL(f"{drop} {before}", f"{build_before} WHERE external_id <> ''"),
            ],
        ),
    ]


class Migration(migrations.Migration):
    # Indexes are built and dropped beside running writes, which no transaction allows.
    atomic = False
    dependencies = [
        ("pipeline", "0007_pinned_views"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [operation for model in ("deal", "company", "contact") for operation in once_a_person(model)]
