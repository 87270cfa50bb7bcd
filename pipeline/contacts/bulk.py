"""Adding many contacts at once, with the checks of single actions; for imports."""

from collections.abc import Sequence

from django.db import transaction

from crm.lib.text import sort_key
from pipeline.contacts.models import Contact
from teams.audit.merging import validate

_BATCH = 2000
_CHECKED = [field.name for field in Contact._meta.concrete_fields if not field.is_relation and field.name != "sort_key"]


@transaction.atomic
def add_contacts_in_bulk(contacts: Sequence[Contact]) -> list[Contact]:
    """Write unsaved contacts. The caller has checked that their companies may be seen. Raises Refused for a field."""
    for contact in contacts:
        validate(contact, _CHECKED)
        contact.sort_key = sort_key(f"{contact.last_name} {contact.first_name}")
    return Contact.objects.bulk_create(contacts, batch_size=_BATCH)
