from ops.console.rooms import ON_DELETE, Audit, Room, Table


class JobsConfig(Room):
    name = "ops.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    menu = {"jobs.Job": 60}
    permissions = {"jobs.view_job": ()}  # to see everybody's; everybody sees their own
    # Cancelling and retrying are recorded. Who wrote a person's name into a title or an error erases it there.
    tables = {"jobs.job": Table(Audit.VERBS, ON_DELETE)}
    events = "ops.jobs.events.JobEvent"
