"""`uvicorn bench.bare_server:application`: the bare view on the same kind of server as Kontor."""

import os

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

THREADS = int(os.environ.get("WEB_THREADS", "4"))  # as many as `crm.server` has

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.bare_settings"
application = WSGIMiddleware(get_wsgi_application(), workers=THREADS)
