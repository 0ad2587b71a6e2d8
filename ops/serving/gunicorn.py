"""Settings of gunicorn, the web server: ``gunicorn --config python:ops.serving.gunicorn ops.wsgi``.

Command-line options take precedence. The number of processes is WEB_CONCURRENCY, which gunicorn reads itself.
"""

worker_class = "ops.serving.worker.BufferingWorker"
threads = 8
timeout = 30  # seconds that a client has to send a request
graceful_timeout = 3  # honcho kills it after five
# Django decides whose forwarding headers to trust (BEHIND_PROXY); gunicorn would trust every client on this machine.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
control_socket_disable = True
accesslog = "-"
# Without the query string: searches hold names.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(L)s'
