"""The URLs of the console, of participants' pages and of signing in."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from ops.accounts.kept.views import KeptFormsView
from ops.accounts.preferences.language import ParticipantLanguageView
from ops.accounts.signing_in.ending import SessionView
from ops.accounts.signing_in.forms import SignInForm
from ops.accounts.signing_in.views import ConfirmView, home
from ops.accounts.time_zone import OfferedZoneView, ParticipantTimeZoneView
from ops.audit.refusals import went_wrong
from ops.console import refusals
from ops.console.theme import images
from ops.dashboard.metrics.view import metrics

sign_in = LoginView.as_view(authentication_form=SignInForm, next_page="home", redirect_authenticated_user=True)

handler400, handler403, handler404 = refusals.bad_request, refusals.not_allowed, refusals.not_found
handler500 = went_wrong

urlpatterns = [
    path("", home, name="home"),
    path("console/", admin.site.urls),
    path("messages/", include("messaging.urls")),
    path("sign-in/", sign_in, name="login"),
    path("confirm/", ConfirmView.as_view(), name="confirm"),
    path("session/", SessionView.as_view(), name="session"),
    path("kept/", KeptFormsView.as_view(), name="kept_forms"),
    path("language/", ParticipantLanguageView.as_view(), name="language"),
    path("time-zone/", ParticipantTimeZoneView.as_view(), name="time_zone"),
    path("time-zone/offered/", OfferedZoneView.as_view(), name="offered_time_zone"),
    path("media/admin-interface/<str:kind>/<str:name>", images.image, name="theme_image"),
    path("metrics/", metrics, name="metrics"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
]
