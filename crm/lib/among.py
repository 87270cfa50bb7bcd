"""A condition on what another question finds, which an index answers even beside others in an OR."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Lookup, Q, QuerySet


class _AnyOf(Lookup):  # type: ignore[type-arg]
    lookup_name = "any_of"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        found, more = compiler.compile(self.rhs)
        return f"{column} = ANY({found})", (*parameters, *more)


def among(column: str, found: "QuerySet[Any, Any]") -> Q:
    """Rows whose column holds one of the values found, a queryset of one column that does not refer to the outer one.

    For `owner = 1 OR id IN (SELECT …)` PostgreSQL reads every row of the table. An array is filled once,
    before the rows are sought, and then each side of the OR has its index.
    """
    return Q(_AnyOf(F(column), ArraySubquery(found)))
