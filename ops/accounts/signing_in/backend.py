"""What an account may do: its own permissions and those of its groups, read at once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission


class AccountBackend(ModelBackend):
    """Django's backend, with one query on each page for what Django asks two for."""

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
        own, of_groups = (
            permissions.order_by().values_list("content_type__app_label", "codename")
            for permissions in (
                Permission.objects.filter(user=user),
                Permission.objects.filter(group__user=user),
            )
        )
        # Without an order: newer Djangos would take over that of permissions, which neither of these columns has.
        return {f"{app}.{code}" for app, code in own.union(of_groups).order_by()}
