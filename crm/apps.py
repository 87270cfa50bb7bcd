from django.apps import AppConfig

from crm.celery import app as celery_app

__all__ = ["CrmConfig", "celery_app"]


class CrmConfig(AppConfig):
    name = "crm"
