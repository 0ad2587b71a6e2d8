"""Where everything is: the console, what participants see, signing in."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("console/", admin.site.urls),
    path("messages/", include("messaging.urls")),
]
