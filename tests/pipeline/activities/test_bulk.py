"""Many activities at once leave what single actions would leave."""

from datetime import date, timedelta

import pytest

from crm.lib.errors import Refused
from pipeline.activities import actions
from pipeline.activities.bulk import add_activities_in_bulk, add_notes_in_bulk
from pipeline.activities.models import Activity, Note
from pipeline.contacts.bulk import add_contacts_in_bulk
from pipeline.models import Contact, Deal, ScheduledReminder
from tests.factories import NOW, make_company, make_deal

pytestmark = pytest.mark.django_db
TOMORROW = date(2026, 11, 24)
KEPT_BY_ACTIVITIES = (
    *("last_contact_at", "stalled_from", "next_step_subject", "next_step_kind", "next_step_due_on"),
    *("next_step_due_at", "next_step_today_from", "next_step_late_at"),
)


def unsaved(deal, **fields):
    shared = {"assignee": deal.owner, "created_by": deal.owner, "created_at": NOW, "changed_at": NOW}
    return Activity(deal=deal, **shared, **fields)


def test_a_deal_ends_up_as_after_single_actions(workspace, rep):
    one, other = make_deal(rep, at=NOW - timedelta(days=9)), make_deal(rep, at=NOW - timedelta(days=9))
    contacted = NOW - timedelta(days=2)
    actions.log(by=rep, at=NOW, kind="call", subject="Called", deal=one, done_at=contacted)
    actions.plan(by=rep, at=NOW, kind="task", subject="Send offer", deal=one, due_on=TOMORROW, reminder_offsets=[0])

    done = unsaved(other, kind="call", subject="Called", done_at=contacted, done_by=rep)
    earlier = unsaved(other, kind="email", subject="Wrote", done_at=contacted - timedelta(days=1), done_by=rep)
    planned = unsaved(other, kind="task", subject="Send offer", due_on=TOMORROW, reminder_offsets=[0])
    assert add_activities_in_bulk([done, planned, earlier], at=NOW) == [planned]

    facts = [Deal.objects.filter(pk=deal.pk).values(*KEPT_BY_ACTIVITIES).get() for deal in (one, other)]
    assert facts[0] == facts[1]
    assert Deal.objects.get(pk=other.pk).next_step == planned
    assert other.activities.done().count() == 2
    reminders = ScheduledReminder.objects.order_by("pk").values_list("recipient", "fire_at", "activity__deal")
    assert [row[:2] for row in reminders if row[2] == one.pk] == [row[:2] for row in reminders if row[2] == other.pk]


def test_what_is_past_reminds_nobody(workspace, rep):
    deal = make_deal(rep)
    late = unsaved(deal, kind="task", subject="Send offer", due_on=date(2026, 11, 20), reminder_offsets=[0])
    add_activities_in_bulk([late], at=NOW)
    assert not ScheduledReminder.objects.filter(activity__isnull=False).exists()


def test_an_invalid_one_stops_all(workspace, rep):
    deal = make_deal(rep)
    fine = unsaved(deal, kind="call", subject="Called", done_at=NOW, done_by=rep)
    with pytest.raises(Refused):
        add_activities_in_bulk([fine, unsaved(deal, kind="call", subject="two\nlines", done_at=NOW)], at=NOW)
    assert not Activity.objects.exists()
    with pytest.raises(Refused):
        add_notes_in_bulk([Note(body="", author=rep, deal=deal, created_at=NOW, changed_at=NOW)])
    with pytest.raises(Refused):
        add_contacts_in_bulk([Contact(last_name="", created_at=NOW, changed_at=NOW)])
    assert not Note.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("text", ['"quoted", and\nbroken', r"\N", "", "a, b\ttab", r"back\slash", "ümläut 🙂"])
def test_any_text_comes_back_as_it_was_written(workspace, rep, text):
    done = unsaved(make_deal(rep), kind="call", subject="Called", text=text, done_at=NOW, done_by=rep)
    done.reminder_offsets = [15, 60]
    add_activities_in_bulk([done], at=NOW)
    stored = Activity.objects.get()
    assert (stored.text, stored.reminder_offsets, stored.outcome, stored.due_on) == (text, [15, 60], "", None)


def test_contacts_can_be_found(workspace, rep):
    row = Contact(first_name="Ida", last_name="Immergrün", company=make_company(), created_at=NOW, changed_at=NOW)
    add_contacts_in_bulk([row])
    assert Contact.objects.matching("immergrun").get() == row
