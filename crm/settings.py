"""Settings of a deployment, each read once from the environment with its default beside it.

What an administrator may change while Kontor runs is a row of the workspace, not a setting.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from crm.database import database
from crm.logs import logging_config

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Which kind of installation -----------------------------------------------------------------

# `production` is what counts when nothing is said; `make run` says development, `make test` test.
KONTOR_ENV = env.str("KONTOR_ENV", default="production")
PRODUCTION = KONTOR_ENV == "production"
DEVELOPMENT = KONTOR_ENV == "development"
TESTING = KONTOR_ENV == "test"
if KONTOR_ENV not in {"production", "development", "test"}:
    raise ImproperlyConfigured(f"KONTOR_ENV is production, development or test, not {KONTOR_ENV!r}.")

DEVELOPMENT_KEY = "known-to-everybody-and-good-for-development-only"
SECRET_KEY = env.str("SECRET_KEY", default="" if PRODUCTION else DEVELOPMENT_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)

# Absolute links in mails and exports begin with this address, whatever the Host header says.
BASE_URL = env.str("BASE_URL", default="http://localhost:8000").rstrip("/")
BASE_HOST = urlsplit(BASE_URL).hostname or ""
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[BASE_HOST] if PRODUCTION else [*LOOPBACK, BASE_HOST])
IS_PUBLIC = not set(ALLOWED_HOSTS) <= {*LOOPBACK, "::1"}

if PRODUCTION and SECRET_KEY in {"", DEVELOPMENT_KEY}:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing. Production wants a long random one of its own; "
        "for development set KONTOR_ENV=development."
    )
if not PRODUCTION and SECRET_KEY == DEVELOPMENT_KEY and IS_PUBLIC and not TESTING:
    raise ImproperlyConfigured(f"The development key must not serve public addresses: ALLOWED_HOSTS={ALLOWED_HOSTS}.")
if DEBUG and IS_PUBLIC:
    raise ImproperlyConfigured(
        f"DEBUG shows secrets and must not serve public addresses: ALLOWED_HOSTS={ALLOWED_HOSTS}."
    )

# --- Applications -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "crm",
    "crm.notifications",
    "teams",
    "pipeline",
    "reporting",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "phonenumber_field",
    "rest_framework",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

# Applications that only a tool needs, such as the linter of migrations.
INSTALLED_APPS += env.list("EXTRA_APPS", default=[])

MIDDLEWARE = [
    "crm.middleware.request_log",
    "crm.middleware.readable_addresses",
    "crm.middleware.short_memory",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.middleware.personal_preferences",
    "crm.middleware.fresh_rail",
    "crm.middleware.second_factor",
    "crm.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "teams.User"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.context.shell",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "jinja",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "crm.jinja.environment"},
    },
]

# --- Database, cache, broker --------------------------------------------------------------------

DATABASES = {
    "default": database(
        env.db_url("DATABASE_URL", default="postgres:///kontor"),
        # What a statement may take: a person waits 5 s; worker and scheduler are given 60.
        statement_timeout_ms=env.int("DB_STATEMENT_TIMEOUT_MS", default=5_000),
        lock_timeout_ms=env.int("DB_LOCK_TIMEOUT_MS", default=2_000),
        keep_seconds=env.int("DB_CONN_MAX_AGE", default=60),
        test_template=env.str("TEST_DATABASE_TEMPLATE", default=""),
    )
}

REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
# Installations, or workers of the test run, that share a server keep apart by it.
REDIS_PREFIX = env.str("REDIS_PREFIX", default=env.str("PYTEST_XDIST_WORKER", default="kontor"))
CACHE_URL = env.str("CACHE_URL", default=REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "crm.cache.ForgivingRedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        # A page does without the cache rather than wait for it; tests count what a page asks and are never in a hurry.
        "OPTIONS": dict.fromkeys(("socket_timeout", "socket_connect_timeout"), 20 if TESTING else 1),
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- Background work ----------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A task that runs longer than the broker waits for its acknowledgement would run twice.
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 110
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_PREFIX}:",
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # Publishing to a broker that is down fails within a second: rows hold the truth, ticks find them.
    "max_retries": 2,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None

# Ticks in UTC. What a person schedules is a row that a tick finds; two schedulers do no harm.
# A tick that nobody took before the next one is dropped.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "deliver-reminders": {
        "task": "pipeline.tasks.deliver_reminders",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "refresh-rates": {"task": "teams.tasks.refresh_rates", "schedule": crontab(hour=17, minute=5)},
    "renew-benchmarks": {
        "task": "pipeline.tasks.renew_benchmarks",
        "schedule": 6 * 3600.0,
        "options": {"expires": 6 * 3600},
    },
    "take-snapshots": {"task": "reporting.tasks.take_snapshots", "schedule": 900.0, "options": {"expires": 900}},
    "send-mail": {"task": "pipeline.tasks.send_mail", "schedule": 15.0, "options": {"expires": 15}},
    "follow-memberships": {
        "task": "pipeline.tasks.follow_memberships",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}

# Reference rates of the last 90 days, fetched daily; empty to keep to the history that is shipped.
RATES_OF_THE_ECB = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist-90d.zip"
EXCHANGE_RATES_URL = env.str("EXCHANGE_RATES_URL", default=RATES_OF_THE_ECB if PRODUCTION else "")

# --- Signing in ---------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "crm.accounts.ClosedAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = None
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Kontor"
# How many proxies of ours stand in front; only their additions to X-Forwarded-For are believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PROXY_COUNT", default=0)

# --- Security -----------------------------------------------------------------------------------

SECURE_COOKIES = env.bool("SECURE_COOKIES", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if SECURE_COOKIES else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else "csrf"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[BASE_URL] if PRODUCTION else [])
CSRF_FAILURE_VIEW = "crm.views.csrf_failure"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
# The header in which the proxy tells that the browser came by https, for example X-Forwarded-Proto.
PROXY_SSL_HEADER = env.str("PROXY_SSL_HEADER", default="")
if PROXY_SSL_HEADER:
    SECURE_PROXY_SSL_HEADER = ("HTTP_" + PROXY_SSL_HEADER.upper().replace("-", "_"), "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- Language and time --------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"

# --- Files --------------------------------------------------------------------------------------

DATA = Path(env.str("DATA", default="") or BASE_DIR / ".data")
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(DATA / "media"))
STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "build" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / "build" / "vendor"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "crm.assets.SlimManifestStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION

# --- Mail ---------------------------------------------------------------------------------------

# For example smtp+tls://user:password@host:587. Development writes every mail into a folder.
EMAIL_DEFAULT_URL = "dummymail://" if PRODUCTION else f"filemail:///{DATA / 'mail'}"
EMAIL = env.email_url("EMAIL_URL", default=EMAIL_DEFAULT_URL)
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_FILE_PATH = EMAIL["EMAIL_FILE_PATH"] or None
EMAIL_HOST = EMAIL["EMAIL_HOST"] or "localhost"
EMAIL_PORT = EMAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER = EMAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("FROM_EMAIL", default=f"Kontor <kontor@{BASE_HOST}>")

# --- API ----------------------------------------------------------------------------------------

KNOX_TOKEN_MODEL = "teams.ApiToken"  # noqa: S105 - the name of a model
# The library's own table would stay beside ours, empty and pointing at our users.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"TOKEN_TTL": timedelta(days=365), "AUTH_HEADER_PREFIX": "Bearer"}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "teams.access.tokens.BearerToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["teams.access.api_doors.AtTheDoor"],
    "DEFAULT_PARSER_CLASSES": ["crm.lib.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "crm.lib.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("API_RATE", default="1200/min")},
    "EXCEPTION_HANDLER": "crm.lib.api.errors.problem_details",
    "NON_FIELD_ERRORS_KEY": "",
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Kontor API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["teams.access.api_doors.AtTheDoor"],
    "ENUM_NAME_OVERRIDES": {"CallOutcomeEnum": "pipeline.activities.models.CallOutcome.choices"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- Logs and errors ----------------------------------------------------------------------------

DJANGO_STRUCTLOG_CELERY_ENABLED = True
LOG_LEVEL = env.str("LOG_LEVEL", default="WARNING" if TESTING else "INFO")
LOG_JSON = env.bool("LOG_JSON", default=PRODUCTION)
LOGGING = logging_config(level=LOG_LEVEL, as_json=LOG_JSON)

SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    import sentry_sdk

    sentry_sdk.init(dsn=SENTRY_DSN, environment=KONTOR_ENV, send_default_pii=False)
