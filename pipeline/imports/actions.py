"""Writing what an import has worked out: catalogue, companies, stages and deals. Nothing is written twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from crm.lib.text import sort_key
from pipeline.contacts.models import Company
from pipeline.deals.benchmarks import refresh_benchmarks
from pipeline.deals.models import Deal, Product
from pipeline.imports import people_actions
from pipeline.imports.deal_actions import Catalogue, write_deals
from pipeline.imports.maven import CompanyRow, MavenFiles, Problem, ProductRow
from pipeline.imports.models import ImportBatch, ImportState
from pipeline.imports.plans import as_recorded
from pipeline.stages.models import CloseReason, Pipeline, Stage
from teams.models import User

CURRENCY = "USD"
# The number of the lock that one import at a time holds.
IMPORTING = 8_800
# Probabilities are shares of 100 that nobody recorded; a stage cannot be without one.
RECORDED_STAGES = (("Prospecting", "Prospektion", 10, 30), ("Engaging", "Ansprache", 50, 60))


class NotImportable(Refused):
    """Rows cannot be read; nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(_("The files have problems; nothing was written."), code="rows")
        self.problems = problems


@transaction.atomic
def import_as_recorded(files: MavenFiles, *, at: datetime) -> ImportBatch:
    """The files exactly as they are: dollars, UTC, memberships since always, nothing invented.

    Raises NotImportable with every problem found, Refused when there are deals already.
    """
    check_importable(files)
    workspace = people_actions.set_up_workspace(time_zone="UTC", currency=CURRENCY)
    people = people_actions.set_up_people(files.agents, time_zone="UTC", at=at)
    batch = begin_batch(name="CRM Sales Opportunities", by=people.admin, at=at)
    catalogue = set_up_catalogue(files, by=people.admin, at=at, stages=RECORDED_STAGES)
    plans = as_recorded(files, at=at, zone=workspace.zone)
    write_deals(plans, catalogue=catalogue, people=people, batch=batch, by=people.admin, at=at)
    return finish_batch(batch, files=files, at=at)


def check_importable(files: MavenFiles) -> None:
    """Raises NotImportable, or Refused where an import would mix with the work of people."""
    if files.problems:
        raise NotImportable(files.problems)
    if not _is_mine():
        raise Refused(_("Another import is running. Wait until it has ended."), code="running")
    if any(model._default_manager.exists() for model in (Deal, Company, Pipeline, User)):
        raise Refused(_("There is something already. Load the demo data into an empty database."), code="not_empty")


def _is_mine() -> bool:
    """Take the lock of imports until the end of the transaction, if nobody has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [IMPORTING])
        return bool(cursor.fetchone()[0])


def begin_batch(*, name: str, by: User, at: datetime) -> ImportBatch:
    return ImportBatch.objects.create(name=name, state=ImportState.RUNNING, started_by=by, started_at=at)


def finish_batch(batch: ImportBatch, *, files: MavenFiles, at: datetime) -> ImportBatch:
    """All rows are there: what is usual for a stage follows from them at once."""
    batch.state = ImportState.DONE
    batch.finished_at = at
    batch.counts = {
        "companies": len(files.companies),
        "products": len(files.products),
        "people": len(files.agents),
        "deals": len(files.deals),
    }
    batch.save()
    refresh_benchmarks(now=at)
    return batch


def set_up_catalogue(
    files: MavenFiles,
    *,
    by: User,
    at: datetime,
    stages: Sequence[tuple[str, str, int, int]],
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> Catalogue:
    """Products, companies and one pipeline. A stage is name, German name, probability, stalled after days.

    `more` are fields of companies that are not in the files.
    """
    pipeline = Pipeline.objects.create(name="Sales", name_de="Vertrieb")
    rows = [
        Stage(
            pipeline=pipeline,
            name=name,
            name_de=name_de,
            probability=probability,
            stalled_after_days=days,
            position=place,
        )
        for place, (name, name_de, probability, days) in enumerate(stages, start=1)
    ]
    Stage.objects.bulk_create(rows)
    return Catalogue(
        pipeline=pipeline,
        stages={stage.name: stage for stage in rows},
        companies=_import_companies(files.companies, more or {}, by=by, at=at),
        products=_import_products(files.products),
        reasons={(reason.outcome, reason.code or reason.name): reason for reason in CloseReason.objects.all()},
    )


def _import_products(rows: Sequence[ProductRow]) -> dict[str, Product]:
    products = [
        Product(name=row.name, series=row.series, list_price=row.list_price, external_id=row.name) for row in rows
    ]
    Product.objects.bulk_create(products)
    return {product.name: product for product in products}


def _import_companies(
    rows: Sequence[CompanyRow], more: Mapping[str, Mapping[str, Any]], *, by: User, at: datetime
) -> dict[str, Company]:
    """Companies, and in a second pass whose subsidiary they are: a parent may come after its child."""
    companies = {row.name: _company(row, more.get(row.name, {}), by=by, at=at) for row in rows}
    Company.objects.bulk_create(companies.values())
    subsidiaries = [row for row in rows if row.parent]
    for row in subsidiaries:
        companies[row.name].parent = companies[row.parent]
    Company.objects.bulk_update([companies[row.name] for row in subsidiaries], ["parent"])
    return companies


def _company(row: CompanyRow, more: Mapping[str, Any], *, by: User, at: datetime) -> Company:
    return Company(
        name=row.name,
        sort_key=sort_key(row.name),
        industry=row.industry,
        employees=row.employees,
        revenue=row.revenue,
        founded=row.founded,
        country=row.country,
        external_id=row.name,
        is_demo=True,
        created_at=at,
        created_by=by,
        changed_at=at,
        **more,
    )
