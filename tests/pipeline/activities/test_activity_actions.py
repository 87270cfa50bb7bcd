"""Planning, doing, moving and dropping activities."""

from datetime import UTC, date, datetime, timedelta

import pytest

from crm.lib.errors import Conflict, Forbidden, Refused
from pipeline.activities import actions, note_actions
from pipeline.models import Activity
from teams.models import AuditEntry, User
from tests.factories import make_company

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def berta():
    return User.objects.create_user("berta@example.com", time_zone="Europe/Berlin")


@pytest.fixture
def call(berta):
    return actions.plan(by=berta, at=NOW, kind="call", subject="Call", due_at=NOW + timedelta(hours=2))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 23), 24)],
)
def test_an_all_day_activity_lasts_its_day_in_the_assignees_zone(berta, day, hours):
    activity = actions.plan(by=berta, at=NOW, kind="task", subject="Send offer", due_on=day)
    assert activity.late_at - activity.today_from == timedelta(hours=hours)
    assert activity.today_from.astimezone(berta.zone).date() == day


def test_a_timed_activity_is_late_at_its_time_and_due_from_midnight(call):
    assert call.late_at == NOW + timedelta(hours=2)
    assert call.today_from == datetime(2026, 11, 22, 23, tzinfo=UTC)


def test_a_move_to_another_zone_takes_all_day_along_and_leaves_instants(berta, call):
    task = actions.plan(by=berta, at=NOW, kind="task", subject="Send offer", due_on=date(2026, 11, 24))
    berta.time_zone = "America/New_York"
    berta.save()
    assert actions.move_to_zone(berta, NOW) == 2
    task.refresh_from_db()
    call.refresh_from_db()
    assert task.today_from == datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert call.late_at == NOW + timedelta(hours=2)


def test_done_twice_is_done_once(berta, call):
    first = actions.complete(activity_id=call.pk, by=berta, at=NOW, version=1, outcome="connected")
    again = actions.complete(activity_id=call.pk, by=berta, at=NOW + timedelta(hours=1), version=1)
    assert (again.done_at, again.version) == (first.done_at, 2)


def test_an_outdated_version_changes_nothing(berta, call):
    actions.reschedule(activity_id=call.pk, by=berta, at=NOW, version=1, due_on=date(2026, 12, 1))
    with pytest.raises(Conflict):
        actions.cancel(activity_id=call.pk, by=berta, at=NOW, version=1)
    call.refresh_from_db()
    assert call.is_open


def test_changes_of_different_fields_merge(berta, call):
    actions.edit_activity(activity_id=call.pk, by=berta, at=NOW, version=1, changes={"subject": "Call Ada"})
    merged = actions.edit_activity(activity_id=call.pk, by=berta, at=NOW, version=1, changes={"text": "About colours"})
    assert (merged.subject, merged.text, merged.version) == ("Call Ada", "About colours", 3)
    with pytest.raises(Conflict) as conflict:
        actions.edit_activity(activity_id=call.pk, by=berta, at=NOW, version=1, changes={"subject": "Call Eve"})
    assert (conflict.value.conflicts[0].theirs, conflict.value.newest) == ("Call Ada", 3)


def test_what_was_said_on_completion_is_not_overwritten(berta, call):
    actions.complete(activity_id=call.pk, by=berta, at=NOW, version=1, text="They signed")
    with pytest.raises(Conflict) as conflict:
        actions.edit_activity(activity_id=call.pk, by=berta, at=NOW, version=1, changes={"text": "About colours"})
    assert conflict.value.conflicts[0].theirs == "They signed"


def test_a_record_that_was_left_as_it_was_read_merges_too(berta, call):
    User.objects.filter(pk=berta.pk).update(role="admin")
    admin = User.objects.get(pk=berta.pk)
    first, second = make_company(owner=admin), make_company(owner=admin)
    actions.edit_activity(activity_id=call.pk, by=admin, at=NOW, version=1, changes={"company": first})
    actions.edit_activity(activity_id=call.pk, by=admin, at=NOW, version=2, changes={"company": second})
    both = {"company": first, "subject": "Call Ada"}
    merged = actions.edit_activity(activity_id=call.pk, by=admin, at=NOW, version=2, changes=both)
    assert (merged.company, merged.subject) == (second, "Call Ada")


def test_what_an_activity_said_is_in_the_audit_trail(berta, call):
    adam = User.objects.create_user("adam@example.com", role="rep")
    User.objects.filter(pk=berta.pk).update(role="admin")
    admin = User.objects.get(pk=berta.pk)
    actions.edit_activity(activity_id=call.pk, by=admin, at=NOW, version=None, changes={"subject": "Call Ada"})
    actions.edit_activity(activity_id=call.pk, by=admin, at=NOW, version=None, changes={"subject": "Call Ada"})
    actions.reschedule(activity_id=call.pk, by=admin, at=NOW, version=None, due_on=date(2026, 12, 1))
    actions.reassign_activity(activity_id=call.pk, by=admin, at=NOW, version=None, assignee=adam)
    edited, moved, given = AuditEntry.objects.filter(subject_type="activity").order_by("pk")
    assert edited.changes == {"subject": ["Call", "Call Ada"], "version": [1, 2]}
    assert moved.changes["due_on"] == [None, "2026-12-01"]
    assert given.changes["assignee"] == [berta.pk, adam.pk]


def test_a_snooze_keeps_the_due_time_and_ends_at_five(berta, call):
    for _ in range(5):
        actions.snooze(activity_id=call.pk, by=berta, at=NOW, until=NOW + timedelta(hours=1))
    with pytest.raises(Refused):
        actions.snooze(activity_id=call.pk, by=berta, at=NOW, until=NOW + timedelta(hours=1))
    call.refresh_from_db()
    assert (call.late_at, call.snooze_count) == (NOW + timedelta(hours=2), 5)


def test_what_others_do_is_out_of_reach_and_not_theirs_to_assign(call, berta):
    other = User.objects.create_user("carl@example.com")
    with pytest.raises(Activity.DoesNotExist):
        actions.complete(activity_id=call.pk, by=other, at=NOW, version=1)
    with pytest.raises(Forbidden):
        actions.plan(by=other, at=NOW, kind="task", subject="Do this", assignee=berta)


def test_the_next_step_is_logged_with_what_was_done(berta):
    actions.log(
        by=berta,
        at=NOW,
        kind="call",
        subject="Call",
        next_step={"kind": "task", "subject": "Send offer", "due_on": date(2026, 11, 25)},
    )
    assert list(Activity.objects.order_by("pk").values_list("subject", "done_at")) == [
        ("Call", NOW),
        ("Send offer", None),
    ]


def test_only_the_author_changes_a_note(berta):
    admin = User.objects.create_user("ada@example.com", role="admin")
    note = note_actions.add_note(by=berta, at=NOW, body="Wants blue", company=make_company(owner=berta))
    with pytest.raises(Forbidden):
        note_actions.edit_note(note_id=note.pk, by=admin, at=NOW, version=1, body="Wants red")
