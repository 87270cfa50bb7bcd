"""The bare view R: 20 rows of deals behind a session, nothing else."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import path

from pipeline.models import Deal

ROWS = 20
TABLE = """<!doctype html><title>Deals</title><table>
{% for deal in deals %}
  <tr><td>{{ deal.name }}</td><td>{{ deal.company.name }}</td><td>{{ deal.stage.name }}</td><td>{{ deal.value }}</td>
      <td>{{ deal.expected_close_date }}</td></tr>
{% endfor %}
</table>"""

table = Engine().from_string(TABLE)


@login_required
def rows(request: HttpRequest) -> HttpResponse:
    deals = Deal.objects.filter(owner_id=request.user.pk, status="open", deleted_at=None)
    page = deals.select_related("company", "stage").order_by("expected_close_date", "pk")[:ROWS]
    return HttpResponse(table.render(Context({"deals": page})))


urlpatterns = [path("", rows)]
