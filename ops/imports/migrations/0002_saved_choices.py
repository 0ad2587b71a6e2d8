from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("imports", "0001_initial")]

    operations = [
        migrations.RenameModel("RememberedColumn", "SavedColumn"),
        migrations.RenameModel("RememberedEncoding", "SavedEncoding"),
        migrations.RenameModel("RememberedPerson", "SavedPerson"),
    ]
