"""Number the stored texts, in batches that keep nobody waiting; not atomic, and each step may be repeated."""

from django.db import migrations, models, transaction

from messaging.database.constraints import AddIndexBesideWriters, ValidateConstraint

BATCH_SIZE = 5_000  # messages with older texts

NEXT = """
SELECT MAX(message_id) FROM (
    SELECT DISTINCT message_id FROM {histories} WHERE message_id > %s AND revision IS NULL ORDER BY message_id LIMIT %s
) next
"""
# In the order in which their edits are shown; an earlier text has an earlier number.
NUMBER_HISTORIES = """
UPDATE {histories} SET revision = numbered.number
FROM (
    SELECT id, ROW_NUMBER() OVER (PARTITION BY message_id ORDER BY edited_at, id) AS number
    FROM {histories} WHERE message_id > %s AND message_id <= %s
) numbered
WHERE {histories}.id = numbered.id
"""
NUMBER_MESSAGES = """
UPDATE {messages} SET revision = counted.number + 1
FROM (
    SELECT message_id, COUNT(*) AS number FROM {histories}
    WHERE message_id > %s AND message_id <= %s GROUP BY message_id
) counted
WHERE {messages}.id = counted.message_id
"""


def number_texts(apps, schema_editor):
    """Give the histories of each message the numbers from 1, and the message the one after them."""
    connection = schema_editor.connection
    names = {
        name: connection.ops.quote_name(apps.get_model("messaging", model)._meta.db_table)
        for name, model in (("messages", "Message"), ("histories", "MessageHistory"))
    }
    after = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(NEXT.format(**names), [after, BATCH_SIZE])
            upto = cursor.fetchone()[0]
            if upto is None:
                return
            with transaction.atomic(using=connection.alias):
                # The messages first: whoever edits one locks it before its histories.
                cursor.execute(NUMBER_MESSAGES.format(**names), [after, upto])
                cursor.execute(NUMBER_HISTORIES.format(**names), [after, upto])
            after = upto


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0008_revisions_and_hidden")]

    operations = [
        migrations.RunPython(number_texts, migrations.RunPython.noop, atomic=False),
        ValidateConstraint("message", "message_revision_from_one"),
        AddIndexBesideWriters(
            model_name="message",
            index=models.Index(condition=models.Q(("hidden", True)), fields=["timestamp", "id"], name="message_hidden"),
        ),
    ]
