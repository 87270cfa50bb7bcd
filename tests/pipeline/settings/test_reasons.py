"""The reasons for which deals are won and lost."""

import pytest
from django.urls import reverse

from crm.lib.errors import Refused
from pipeline.models import CloseReason
from pipeline.stages import reason_actions as actions
from teams.models import AuditEntry, Role
from tests.factories import NOW, make_reason, make_user

pytestmark = pytest.mark.django_db
URL = "/stages/reasons/"


def offered(outcome="lost"):
    return [reason.name for reason in CloseReason.objects.offered(outcome)]


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.REP, 403), (Role.MANAGER, 403), (Role.ADMIN, 200), (Role.CONTENT, 403), (Role.READ_ONLY, 403)],
)
def test_only_admins_open_them(client, workspace, role, status):
    client.force_login(make_user(role))
    assert client.get(URL).status_code == status
    assert client.post(reverse("reason-move", args=[1])).status_code == (404 if status == 200 else 403)


def test_reasons_are_added_renamed_ordered_and_archived(client, admin, workspace):
    client.force_login(admin)
    add, move = reverse("reason-add"), "reason-move"
    for name in ("Price", "Timing"):
        assert client.post(add, {"outcome": "lost", "name": name, "counts_in_win_rate": "on"}).status_code == 302
    price, timing = CloseReason.objects.offered("lost")
    client.post(reverse(move, args=[timing.pk]), {"to": "up"})
    assert offered() == ["Timing", "Price"]
    wanted = {"version": 1, "name": "Too expensive", "name_de": "Zu teuer"}
    assert client.post(reverse("reason-edit", args=[price.pk]), wanted).status_code == 302
    price.refresh_from_db()
    assert (price.name_de, price.counts_in_win_rate) == ("Zu teuer", False)
    assert AuditEntry.objects.get(action="closereason.edited").changes["name"] == ["Price", "Too expensive"]
    client.post(reverse("reason-archive", args=[price.pk]))
    assert offered() == ["Timing"]
    client.post(reverse("reason-unarchive", args=[price.pk]))
    assert set(offered()) == {"Timing", "Too expensive"}


def test_the_last_reason_to_lose_a_deal_stays(admin, workspace):
    only = make_reason()
    with pytest.raises(Refused, match="only reason"):
        actions.archive_reason(by=admin, at=NOW, reason_id=only.pk)
    won = make_reason("won")
    assert actions.archive_reason(by=admin, at=NOW, reason_id=won.pk).archived_at == NOW


def test_a_name_is_given_once_for_each_outcome(client, admin, workspace):
    make_reason("lost", "Price")
    client.force_login(admin)
    answer = client.post(reverse("reason-add"), {"outcome": "lost", "name": "Price"})
    assert answer.status_code == 409
    assert answer.context["form"].errors["name"] == ["There is a reason of this name already."]
    assert client.post(reverse("reason-add"), {"outcome": "won", "name": "Price"}).status_code == 302


def test_the_reason_of_imports_has_no_place_here(client, admin, workspace):
    seeded = CloseReason.objects.get(code="not_recorded", outcome="lost")
    client.force_login(admin)
    assert client.get(reverse("reason-edit", args=[seeded.pk])).status_code == 404
    assert seeded.name not in client.get(URL).content.decode()
    with pytest.raises(Refused):
        actions.archive_reason(by=admin, at=NOW, reason_id=seeded.pk)
