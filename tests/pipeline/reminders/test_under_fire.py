"""Real workers and schedulers, killed and flushed while 2,000 reminders are due."""

import os
import signal
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from redis import Redis

from crm.devstack import processes
from crm.notifications.models import Delivery, Notification
from pipeline.models import Activity, ReminderKind, ReminderState, ScheduledReminder
from tests.factories import make_user

REMINDERS, PEOPLE, KILLS = 2_000, 4, 5


@pytest.fixture
def celery(test_database_url, tmp_path):
    """Start a part of Celery over the test database, as a process of its own."""
    running = []
    env = os.environ | {"DATABASE_URL": test_database_url, "LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}

    def start(*part):
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.hasty_celery", *part, "--loglevel", "ERROR"]
        if part[0] == "beat":
            command += ["--schedule", str(tmp_path / f"schedule-{len(running)}")]
        running.append(processes.spawn(command, name="celery", env=env))
        return running[-1]

    yield start
    processes.stop(*running, with_signal=signal.SIGKILL, patience=5)


def make_due_reminders():
    now = timezone.now()
    people = [make_user() for _number in range(PEOPLE)]
    activities = Activity.objects.bulk_create(
        Activity(subject=f"Call {number}", due_at=now, assignee=people[number % PEOPLE], created_at=now, changed_at=now)
        for number in range(REMINDERS)
    )
    ScheduledReminder.objects.bulk_create(
        ScheduledReminder(
            kind=ReminderKind.ACTIVITY_DUE,
            activity=activity,
            recipient=activity.assignee,
            fire_at=now - timedelta(minutes=1),
        )
        for activity in activities
    )


def wait_until(condition, *, patience):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def flush_broker():
    """What FLUSHALL does, for the keys of this test run only."""
    with Redis.from_url(settings.REDIS_URL) as redis:
        for key in redis.scan_iter(f"{settings.REDIS_PREFIX}:*"):
            redis.delete(key)


@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
def test_killed_workers_two_schedulers_and_a_flushed_broker_lose_and_double_nothing(workspace, celery):
    make_due_reminders()
    for _scheduler in range(2):
        celery("beat")
    for number in range(KILLS):
        told = Notification.objects.count()
        worker = celery("worker", "-P", "threads", "-c", "1")
        wait_until(lambda told=told: Notification.objects.count() > told, patience=30)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        if number == KILLS // 2:
            flush_broker()
    assert Notification.objects.count() < REMINDERS, "the workers were killed too late to prove anything"
    celery("worker", "-P", "threads", "-c", "2")
    celery("worker", "-P", "threads", "-c", "2")
    due = ScheduledReminder.objects.filter(state=ReminderState.PLANNED)
    wait_until(lambda: not due.exists(), patience=90)
    assert Notification.objects.count() == REMINDERS
    assert Notification.objects.values("cause", "recipient").distinct().count() == REMINDERS
    assert Delivery.objects.filter(channel="email").count() == REMINDERS
