# Dependencies are a layer of their own, so that a change of code installs nothing anew.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r requirements.txt

FROM python:3.12-slim-bookworm
# 10001 is nobody on the host; /data is the only place that is written, so the root may be read-only.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin clapper \
    && install --directory --owner clapper --mode 700 /data
COPY --from=build /venv /venv
WORKDIR /app
COPY bot.py logs.py metrics.py settings.py web.py catalogue.toml ./
COPY acedata acedata
COPY assembly assembly
COPY cogs cogs
COPY domain domain
COPY locales locales
COPY media media
COPY operate operate
COPY service service
COPY storage storage
COPY ui ui
# Compiled now: the running bot could not keep it.
RUN python -m compileall -q .
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL=sqlite:////data/clapper.db
USER 10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ.get('ADMIN_PORT') or 9090}/livez\", timeout=4)"]
# The exec form: SIGTERM reaches Python itself, which then closes in order.
CMD ["python", "bot.py"]
