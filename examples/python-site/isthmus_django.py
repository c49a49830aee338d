"""Isthmus in Django: a middleware, a decorator for members, and the view that takes logouts.

ISTHMUS in your settings: {"hub": "https://auth.example.com", "site": "shop"}, and what else the class Isthmus takes.
"""

from functools import lru_cache, wraps

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import Signal
from django.http import HttpResponse, JsonResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from isthmus import Isthmus, Refusal

# Connect to it to end sessions of your own: receivers get sid and sub, and where sid is None all of sub ended.
session_ended = Signal()


@lru_cache(maxsize=None)
def isthmus():
    return Isthmus(**settings.ISTHMUS)


setting_changed.connect(lambda **_: isthmus.cache_clear())


class IsthmusMiddleware:
    """request.isthmus_user: the claims of the user, or None. One user's page is nobody else's."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.isthmus_user = isthmus().user(request.headers)
        response = self.get_response(request)
        if "Cache-Control" not in response:
            patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Cookie", "Authorization"])
        return response


def members_only(view):
    """401 for others: a redirect to the login would come back for as long as the browser keeps no cookie."""

    @wraps(view)
    def guarded(request, *arguments, **named):
        if request.isthmus_user is None:
            return HttpResponse("Please sign in.", status=401)
        return view(request, *arguments, **named)

    return guarded


# The hub's server posts a form and has no token of yours: Django would answer 403, and only the hub's log would say so.
@csrf_exempt
@require_POST
@never_cache
def backchannel_logout(request):
    try:
        sid, sub = isthmus().receive_logout(request.POST.get("logout_token", ""))
    except Refusal as refusal:
        answer = {"error": "invalid_request", "error_description": str(refusal), "code": refusal.reason}
        # Without the hub's keys nothing is wrong with the token: the hub tries again.
        return JsonResponse(answer, status=503 if refusal.reason == "unreachable" else 400)
    session_ended.send(sender=None, sid=sid, sub=sub)
    return HttpResponse()
