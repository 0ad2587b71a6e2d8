from ops.console.rooms import ON_DELETE, Audit, Room, Table


class JobsConfig(Room):
    name = "ops.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    menu = {"jobs.Job": 60}
    permissions = {"jobs.view_job": ()}
    tables = {"jobs.job": Table(Audit.VERBS, ON_DELETE)}
