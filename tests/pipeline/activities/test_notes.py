"""Changing, pinning and deleting notes where they stand."""

import pytest

from crm.lib.errors import Refused
from pipeline.activities.note_actions import add_note, edit_note
from pipeline.models import Note
from teams.models import AuditEntry
from tests.factories import NOW, make_deal


@pytest.fixture
def deal(rep, pipeline):
    return make_deal(rep)


@pytest.fixture
def note(rep, deal):
    return add_note(by=rep, at=NOW, body="Wants blue", deal=deal)


def act(client, user, note, verb, **data):
    client.force_login(user)
    return client.post(f"/notes/{note.pk}/{verb}/", data)


def test_the_author_changes_it_from_the_version_she_read(client, rep, note):
    assert act(client, rep, note, "edit", body="Wants red", version=1).status_code == 302
    note.refresh_from_db()
    assert note.body == "Wants red"
    client.force_login(rep)
    stale = client.post(
        f"/notes/{note.pk}/edit/", {"body": "Wants green", "version": 1}, headers={"HX-Request": "true"}
    )
    assert stale.status_code == 409


def test_a_conflict_keeps_what_was_typed_and_sent_again_it_means_it(client, rep, note):
    act(client, rep, note, "edit", body="Wants red", version=1)
    refused = act(client, rep, note, "edit", body="Wants green", version=1)
    assert refused.status_code == 422
    form = refused.context["form"]
    assert (form["body"].value(), form["version"].value()) == ("Wants green", "2")
    assert "Wants red" in form.errors["body"][0]
    assert act(client, rep, note, "edit", body=form["body"].value(), version="2").status_code == 302
    note.refresh_from_db()
    assert note.body == "Wants green"


def test_what_a_note_said_is_in_the_audit_trail_unless_it_is_private(client, rep, deal, note):
    secret = add_note(by=rep, at=NOW, body="He is leaving", deal=deal, is_private=True)
    act(client, rep, note, "edit", body="Wants red")
    act(client, rep, secret, "edit", body="He has left")
    open_entry, private = AuditEntry.objects.filter(action="note.edited").order_by("pk")
    assert open_entry.changes["body"] == ["Wants blue", "Wants red"]
    assert (private.subject_label, private.changes) == ("Private note", {})


def test_a_note_that_was_changed_meanwhile_is_not_deleted(client, rep, note):
    act(client, rep, note, "edit", body="Wants red", version=1)
    act(client, rep, note, "delete", version=1)
    note.refresh_from_db()
    assert note.deleted_at is None
    act(client, rep, note, "delete", version=2)
    note.refresh_from_db()
    assert note.deleted_at is not None


@pytest.mark.parametrize("body", ["\u200b\u200b", "a\x07", " \u2060 "])
def test_a_note_that_nobody_could_read_is_not_written(client, rep, note, body):
    with pytest.raises(Refused):
        edit_note(note_id=note.pk, by=rep, at=NOW, version=None, body=body)
    assert act(client, rep, note, "edit", body=body).status_code == 422


def test_only_the_author_changes_it(client, manager, other_rep, note):
    assert act(client, manager, note, "edit", body="Wants red").status_code == 403
    assert act(client, other_rep, note, "edit", body="Wants red").status_code == 404


def test_one_note_is_on_top(client, rep, deal, note):
    other = add_note(by=rep, at=NOW, body="Call after ten", deal=deal)
    act(client, rep, note, "pin", pinned="1")
    act(client, rep, other, "pin", pinned="1")
    assert Note.objects.get(pinned_at__isnull=False) == other
    act(client, rep, other, "pin", pinned="0")
    assert not Note.objects.filter(pinned_at__isnull=False).exists()


def test_a_deleted_note_comes_back(client, rep, deal, note):
    client.force_login(rep)
    page = client.post(f"/notes/{note.pk}/delete/", {"next": f"/deals/{deal.pk}/"}, follow=True).content.decode()
    assert "Wants blue" not in page
    assert f"/notes/{note.pk}/restore/" in page
    assert client.post(f"/notes/{note.pk}/restore/", headers={"HX-Request": "true"}).status_code == 204
    assert "Wants blue" in client.get(f"/deals/{deal.pk}/").content.decode()


def test_who_leads_the_author_may_delete_and_a_stranger_finds_nothing(client, manager, other_rep, note):
    assert act(client, other_rep, note, "delete").status_code == 404
    assert act(client, manager, note, "delete").status_code == 302
    assert Note.objects.get().deleted_at


def test_a_private_note_is_its_authors_alone(client, rep, manager, deal):
    private = add_note(by=rep, at=NOW, body="Birthday in May", deal=deal, is_private=True)
    for verb in ("edit", "pin", "delete"):
        assert act(client, manager, private, verb, body="Mine").status_code == 404


def test_a_note_about_nothing_is_refused(client, rep, workspace):
    client.force_login(rep)
    client.post("/notes/new/", {"body": "Wants blue"})
    assert not Note.objects.exists()
