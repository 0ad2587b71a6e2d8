"""Export: what may be taken out of the console, in which formats, and the job that makes the files."""
