"""Celery with a scheduler whose ticks come fast enough for a test: `celery -A tests.hasty_celery beat`."""

from crm.celery import app

app.conf.beat_schedule = {
    "deliver-reminders": {"task": "pipeline.tasks.deliver_reminders", "schedule": 0.3, "options": {"expires": 5}}
}
