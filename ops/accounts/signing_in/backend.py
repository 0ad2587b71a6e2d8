"""The authentication backend, which reads an account's own permissions and its groups' in one query."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db import DEFAULT_DB_ALIAS

from messaging.database.statements import CompiledQuerySet, Statement, compiled_statement, slot
from ops.accounts.models import User


@cache
def _account(using: str) -> CompiledQuerySet:
    return CompiledQuerySet(User._default_manager.filter(pk=slot("key")), using=using)


@cache
def _permissions(using: str) -> Statement:
    own, of_groups = (
        permissions.order_by().values_list("content_type__app_label", "codename")
        for permissions in (
            Permission.objects.filter(user=slot("user")),
            Permission.objects.filter(group__user=slot("user")),
        )
    )
    # No order: newer versions of Django would keep that of Permission, whose columns the union does not select.
    return compiled_statement(own.union(of_groups).order_by(), using=using)


class AccountBackend(ModelBackend):
    """Django's backend with one query for permissions instead of two. Its statements are cached, because every request
    runs them."""

    def get_user(self, user_id: Any) -> Any:
        key = User._meta.pk.to_python(user_id)
        account = next(iter(_account(DEFAULT_DB_ALIAS).ask(key=key)), None)
        return account if self.user_can_authenticate(account) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return names such as ``messaging.view_message``; none for inactive or anonymous users, or for one object."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):  # the attribute that Django itself uses as cache
            user_obj._perm_cache = self._read(user_obj)
        return user_obj._perm_cache

    def _read(self, user: Any) -> set[str]:
        if user.is_superuser:
            return self.get_group_permissions(user)  # all permissions: for superusers, Django ignores groups
        rows = _permissions(DEFAULT_DB_ALIAS).ask(using=DEFAULT_DB_ALIAS, user=user.pk)
        return {f"{app}.{code}" for app, code in rows}
