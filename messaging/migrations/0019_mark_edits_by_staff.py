"""Mark the stored edits by staff, in batches that keep nobody waiting; not atomic, and each step may be repeated."""

from django.db import migrations, transaction

BATCH_SIZE = 5_000  # histories of which an editor is known

NEXT = """
SELECT MAX(id) FROM (
    SELECT id FROM {histories} WHERE id > %s AND edited_by_id IS NOT NULL ORDER BY id LIMIT %s
) next
"""
MARK = """
UPDATE {histories} SET by_staff = TRUE
WHERE id > %s AND id <= %s AND NOT by_staff AND edited_by_id IS NOT NULL
    AND edited_by_id <> (SELECT sender_id FROM {messages} WHERE {messages}.id = {histories}.message_id)
"""


def mark(apps, schema_editor):
    """Mark the histories whose editor is known and is not the sender of their message."""
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
                cursor.execute(MARK.format(**names), [after, upto])
            after = upto


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0018_histories_by_staff")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop, atomic=False)]
