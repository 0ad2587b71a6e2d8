"""What an account may do: its own permissions and those of its groups, read at once."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db import DEFAULT_DB_ALIAS

from messaging.database.statements import Models, Statement, slot, written
from ops.accounts.models import User


@cache
def _account(using: str) -> Models:
    return Models(User._default_manager.filter(pk=slot("key")), using=using)


@cache
def _permissions(using: str) -> Statement:
    own, of_groups = (
        permissions.order_by().values_list("content_type__app_label", "codename")
        for permissions in (
            Permission.objects.filter(user=slot("user")),
            Permission.objects.filter(group__user=slot("user")),
        )
    )
    # Without an order: newer Djangos would take over that of permissions, which neither of these columns has.
    return written(own.union(of_groups).order_by(), using=using)


class AccountBackend(ModelBackend):
    """Django's backend, with one query on each page for what Django asks two for. Its statements are those of every
    request: they are written once."""

    def get_user(self, user_id: Any) -> Any:
        key = User._meta.pk.to_python(user_id)
        account = next(iter(_account(DEFAULT_DB_ALIAS).ask(key=key)), None)
        return account if self.user_can_authenticate(account) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """The codes, such as ``messaging.view_message``; none for who is inactive or a stranger, or for one object."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):  # the name under which Django keeps, and forgets, them
            user_obj._perm_cache = self._read(user_obj)
        return user_obj._perm_cache

    def _read(self, user: Any) -> set[str]:
        if user.is_superuser:
            return self.get_group_permissions(user)  # all there are: Django takes no account of groups
        rows = _permissions(DEFAULT_DB_ALIAS).ask(using=DEFAULT_DB_ALIAS, user=user.pk)
        return {f"{app}.{code}" for app, code in rows}
