"""Adding many contacts at once, with the checks of single actions; for imports."""

from collections.abc import Sequence

from django.db import transaction

from crm.lib.text import sort_key
from pipeline.contacts.models import Contact

_BATCH = 2000
_RELATIONS = ["company", "owner", "created_by", "sort_key"]


@transaction.atomic
def add_contacts_in_bulk(contacts: Sequence[Contact]) -> list[Contact]:
    """Write unsaved contacts. The caller has checked that their companies may be seen."""
    for contact in contacts:
        contact.clean_fields(exclude=_RELATIONS)
        contact.sort_key = sort_key(f"{contact.last_name} {contact.first_name}")
    return Contact.objects.bulk_create(contacts, batch_size=_BATCH)
