"""The audit trail takes no corrections, whoever asks."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION teams_audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'teams_auditentry is append-only';
END
$$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON teams_auditentry FOR EACH ROW EXECUTE FUNCTION teams_audit_refuse_change();
"""
ALLOW = """
DROP TRIGGER audit_is_append_only ON teams_auditentry;
DROP FUNCTION teams_audit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
