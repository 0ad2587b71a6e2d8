from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path

urlpatterns = [
    path("messages/", include("messaging.urls")),
    path("sign-in/", LoginView.as_view(), name="login"),
    path("admin/", admin.site.urls),
]
