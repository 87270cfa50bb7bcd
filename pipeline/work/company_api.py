"""Companies through the API: their deals follow, as on the page."""

from typing import Any

from pipeline.contacts.actions import add_company, delete_company
from pipeline.contacts.api import CompanyChange, CompanyIn, CompanyOut, RecordResource
from pipeline.contacts.filters import CompanyFilter
from pipeline.contacts.models import Company
from pipeline.deals import customers


class CompanyResource(RecordResource):
    parameters = frozenset(CompanyFilter.base_filters) - {"ordering", "deleted"}  # type: ignore[attr-defined]
    model, filters = Company, CompanyFilter
    shape_in, shape_of_changes = CompanyIn, CompanyChange
    serializer_class = CompanyOut
    company_column = "parent_id"

    def add_row(self, **fields: Any) -> Company:
        return add_company(**self.who_and_when, **fields)

    def edit_row(self, pk: int, **what: Any) -> Company:
        return customers.edit_company(company_id=pk, **self.who_and_when, **what)

    def delete_row(self, pk: int, *, version: int) -> Company:
        return delete_company(company_id=pk, version=version, **self.who_and_when)

    def restore_row(self, pk: int, *, version: int) -> Company:
        return customers.restore_company(company_id=pk, version=version, **self.who_and_when)
