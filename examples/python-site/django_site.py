"""A site in Django, in one file: HUB=https://auth.example.com SITE=news PORT=8082 python3 django_site.py"""

import os

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="of this example; it signs nothing",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "isthmus_django.IsthmusMiddleware",
    ],
    ISTHMUS={
        "hub": os.environ.get("HUB", "http://auth.localhost:4000"),
        "site": os.environ.get("SITE", "news"),
        "jwks": os.environ.get("JWKS"),
        "mirror": os.environ.get("MIRROR") or "cookie",
    },
)

from isthmus_django import backchannel_logout, members_only  # noqa: E402: it reads the settings.


@members_only
def members(request):
    return HttpResponse(f"For members: {request.isthmus_user['sub']}\n", content_type="text/plain")


urlpatterns = [
    path("members", members),
    path("isthmus/backchannel-logout", backchannel_logout),
]

if __name__ == "__main__":
    address = f"127.0.0.1:{os.environ.get('PORT', '8082')}"
    execute_from_command_line(["django_site.py", "runserver", "--noreload", address])
