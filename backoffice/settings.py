"""Settings of Weidai, read from the environment; ``.env.example`` lists every name."""

import os
import re
from pathlib import Path
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# The real environment wins, then the operator's file. What the launcher wrote of its embedded
# services counts only where neither names a database: never half of one and half of the other.
if (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"))
if (BASE_DIR / ".run" / "env").is_file() and "DATABASE_URL" not in os.environ:
    env.read_env(str(BASE_DIR / ".run" / "env"))


def _required(name: str, example: str) -> str:
    """Return a variable without a safe default; an empty one counts as missing."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Put it into the environment or .env, for example {name}={example}"
        )
    return value


def _check(name: str, good: bool, what: str, example: str) -> None:
    """Refuse a variable without showing its value: it may hold a password."""
    if not good:
        raise ImproperlyConfigured(f"{name}: {what}, for example {name}={example}")


def _switch(name: str) -> bool:
    """Return a variable that is on or off, off when missing; refuse any other value."""
    value: str = env.str(name, default="").lower()
    _check(name, value in {"", "0", "1", "false", "true"}, "it is 1 or 0", "1")
    return value in {"1", "true"}


_NEW_KEY = (
    "<key>. Make one with: "
    'python -c "import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())"'
)

SECRET_KEY = _required("SECRET_KEY", "<50 random characters>")
DEBUG = _switch("DEBUG")
SANDBOX = _switch("SANDBOX")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "backoffice",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "risk",
    "loans",
]

MIDDLEWARE = [
    "backoffice.web.api.requests.assign_request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "backoffice.web.readable.refuse_unreadable",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"
ASGI_APPLICATION = "backoffice.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


# Solid state disks: a lookup of a few rows by id is cheaper than a sequential scan.
PLANNER = "-c random_page_cost=1.1"


def _database(name: str, url: str) -> dict[str, object]:
    """Return Django's database settings for a PostgreSQL URL."""
    is_postgresql = url.startswith(("postgres://", "postgresql://"))
    example = "postgres://weidai_app:password@localhost/weidai"
    _check(name, is_postgresql, "Weidai needs PostgreSQL; SQLite cannot serve it", example)
    config = env.db_url_config(url)
    config.setdefault("OPTIONS", {}).setdefault("options", PLANNER)
    return {**config, "ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0}


# Two roles: one serves requests and owns nothing, the other owns and migrates the tables.
_url = _required("DATABASE_URL", "postgres://weidai_app:password@localhost/weidai")
DATABASES = {
    "default": _database("DATABASE_URL", _url),
    "owner": _database("DATABASE_OWNER_URL", env.str("DATABASE_OWNER_URL", default="") or _url),
}
DATABASES["owner"]["TEST"] = {"MIRROR": "default"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Nothing is cached between requests: unfold would keep the results of its search for five minutes,
# in the language and with the rights of the first answer.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

AUTH_USER_MODEL = "accounts.Staff"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="zh-hans")
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
_check("LANGUAGE_CODE", LANGUAGE_CODE in dict(LANGUAGES), "it is zh-hans or en", "zh-hans")
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "backoffice.formats"
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")
_check("TIME_ZONE", TIME_ZONE in available_timezones(), "no such time zone", "Asia/Shanghai")
USE_TZ = True

STATIC_URL = "/static/"
# Static files come from the installed packages: no collectstatic step is needed.
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not SANDBOX
SECURE_HSTS_SECONDS = 0 if SANDBOX else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not SANDBOX
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# Sealed fields: "version:base64 key" pairs, the last one seals; the blind key makes search indexes.
FIELD_KEYS = _required("FIELD_KEYS", f"1:{_NEW_KEY}").split(",")
BLIND_KEY = _required("BLIND_KEY", _NEW_KEY)

# Errors of requests go to standard error, with their traceback and without values of customers.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "backoffice.core.log_lines.LogLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # Scanners send any host; each is answered 400.
        "django.security.DisallowedHost": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}

# Endpoints of customers. Each declares its authentication; one that does not is closed.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["backoffice.web.api.rendering.Renderer"],
    "DEFAULT_SCHEMA_CLASS": "backoffice.web.api.description.Description",
    "EXCEPTION_HANDLER": "backoffice.web.api.problems.handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Weidai",
    "DESCRIPTION": "Endpoints for customers: onboarding, credit line, loans, bills, payments, "
    "privacy, complaints; and for partners. Every refusal is a problem document (RFC 9457); its "
    "`type` is the address of its code in the [error catalogue](/api/errors/).",
    "EXTERNAL_DOCS": {"description": "Error catalogue 错误码一览", "url": "/api/errors/"},
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "OAS_VERSION": "3.1.1",
    # The description itself and its pages are not part of the API.
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "CustomerState": "accounts.models.CustomerState",
        "CardState": "accounts.models.BankCardState",
        "VerificationState": "accounts.models.VerificationState",
        "AssessmentState": "risk.models.AssessmentState",
        "AppealState": "risk.models.AppealState",
        "AppealKind": "risk.models.CONTESTED",
        "CutReviewState": "risk.lines.api.REVIEW_STATES",
        "BillState": "loans.models.bill.BILL_STATES",
        "ProofKind": "accounts.models.ProofKind",
        "GrantPurpose": "accounts.models.GrantPurpose",
        "Plan": "loans.models.loan.PLANS",
        "ConvertedPlan": "loans.contracts.api.quotes.CONVERTED_PLANS",
        "ConversionState": "loans.models.ConversionState",
        "QuoteState": "loans.models.quote.QUOTE_STATES",
        "QuotePurpose": "loans.models.quote.PURPOSES",
        "Scenario": "loans.models.quote.SCENARIOS",
        "LoanPurpose": "loans.models.loan.PURPOSES",
        "LoanState": "loans.models.loan.LOAN_STATES",
        "PaymentState": "loans.models.DebitOrderState",
        "PaymentPurpose": "loans.models.debit.PURPOSES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "backoffice.web.api.description.add_components",
        "backoffice.web.api.health.add_operations",
        "backoffice.web.api.examples.add",
    ],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": f"{STATIC_URL}backoffice/icon.svg",
}

# WeChat login, and checks of identity, face and card. A sandbox without them uses its own.
WECHAT_URL = env.str("WECHAT_URL", default="")
WECHAT_APP_ID = env.str("WECHAT_APP_ID", default="")
WECHAT_SECRET = env.str("WECHAT_SECRET", default="")
TENCENT_SECRET_ID = env.str("TENCENT_SECRET_ID", default="")
TENCENT_SECRET_KEY = env.str("TENCENT_SECRET_KEY", default="")
TENCENT_REGION = env.str("TENCENT_REGION", default="")
TENCENT_RULE_ID = env.str("TENCENT_RULE_ID", default="")
TENCENT_ENDPOINT = env.str("TENCENT_ENDPOINT", default="")

PARTNER_SECRET_LENGTH_MIN = 32
# A sandbox without partners has one whose secret everybody may know.
_SANDBOX_PARTNER = "sandbox:secret-of-the-sandbox-partner-0123456789"


def _partners(text: str) -> dict[str, str]:
    """Return the secrets of the partners by name; refuse a bad entry without showing it."""
    partners: dict[str, str] = {}
    for number, entry in enumerate(filter(None, text.split(",")), start=1):
        name, _colon, secret = entry.strip().partition(":")
        is_good = (
            re.fullmatch("[a-z0-9-]{1,20}", name) is not None
            and len(secret) >= PARTNER_SECRET_LENGTH_MIN
            and name not in partners
        )
        what = f"entry {number} is no name of its own with : and a secret of 32 characters or more"
        _check("PARTNER_SECRETS", is_good, what, "pay:<secret>,fund:<secret>")
        partners[name] = secret
    return partners


# Who may send partner events, each with the secret that signs them.
PARTNER_SECRETS = _partners(
    env.str("PARTNER_SECRETS", default="") or (_SANDBOX_PARTNER if SANDBOX else "")
)

CHANNEL_URL = env.str("CHANNEL_URL", default="")
CHANNEL_SECRET = env.str("CHANNEL_SECRET", default="")

CELERY_BROKER_URL = _required("CELERY_BROKER_URL", "redis://localhost:6379/0")
_check("CELERY_BROKER_URL", "://" in CELERY_BROKER_URL, "it is no URL", "redis://localhost:6379/0")
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
# Without this the task of a killed prefork child is acknowledged and lost.
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Its queue is exclusive to a node name: on RabbitMQ a second worker on a machine ends one of them.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
if CELERY_BROKER_URL.startswith(("redis://", "rediss://")):
    # All three, else a killed worker's task returns after an hour.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    }
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "backoffice.platform.tasks.tick", "schedule": 60.0},
    "assessments": {"task": "risk.tasks.sweep_assessments", "schedule": 60.0},
    "appeals": {"task": "risk.tasks.sweep_appeals", "schedule": 60.0},
    "simulations": {"task": "risk.tasks.sweep_simulations", "schedule": 60.0},
    "quotes": {"task": "loans.tasks.expire_quotes", "schedule": 60.0},
    "payouts": {"task": "loans.tasks.ask_about_payouts", "schedule": 600.0},
    "payments": {"task": "loans.tasks.sweep_payments", "schedule": 60.0},
}

# The colour of links and buttons; red and amber mark what needs attention.
_BLUE = {
    "50": "oklch(97% .014 254.604)",
    "100": "oklch(93.2% .032 255.585)",
    "200": "oklch(88.2% .059 254.128)",
    "300": "oklch(80.9% .105 251.813)",
    "400": "oklch(70.7% .165 254.624)",
    "500": "oklch(62.3% .214 259.815)",
    "600": "oklch(54.6% .245 262.881)",
    "700": "oklch(48.8% .243 264.376)",
    "800": "oklch(42.4% .199 265.638)",
    "900": "oklch(37.9% .146 265.522)",
    "950": "oklch(28.2% .091 267.935)",
}
UNFOLD = {
    "SITE_TITLE": _("Weidai back office"),
    "SITE_HEADER": _("Weidai"),
    "SITE_SYMBOL": "account_balance",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_URL": None,  # there is no public site
    "SHOW_LANGUAGES": True,
    "LOGIN": {"form": "accounts.staff.admin.login_page.StaffLoginForm"},
    "ENVIRONMENT": "backoffice.dashboard.badge",
    "DASHBOARD_CALLBACK": "backoffice.dashboard.callback",
    "SIDEBAR": {"show_search": False, "navigation": "backoffice.dashboard.navigation"},
    "COLORS": {"primary": _BLUE},
    "STYLES": [f"{STATIC_URL}backoffice/staff.css"],
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": f"{STATIC_URL}backoffice/icon.svg"}
    ],
}
