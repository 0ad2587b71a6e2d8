"""What the console shows of imports and exports."""

from ops.transfers import export_admin, import_admin

__all__ = ["export_admin", "import_admin"]
