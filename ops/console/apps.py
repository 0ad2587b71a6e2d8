from ops.console.rooms import Room


class ConsoleRoom(Room):
    """The frame in which all rooms stand."""

    name = "ops.console"
    label = "console"
    verbose_name = "Console"
