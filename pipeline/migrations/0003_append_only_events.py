"""A deal's history takes no corrections other than further events."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION pipeline_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'pipeline_dealevent is append-only';
END
$$;
CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE ON pipeline_dealevent FOR EACH ROW EXECUTE FUNCTION pipeline_event_refuse_change();
"""
ALLOW = """
DROP TRIGGER event_is_append_only ON pipeline_dealevent;
DROP FUNCTION pipeline_event_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0002_relations")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
