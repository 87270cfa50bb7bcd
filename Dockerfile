# The files for the browser.
FROM node:24-slim AS browser
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

# The Python packages, catalogues and collected static files.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements/base.txt requirements/uv.txt requirements/
RUN python -m venv --without-pip .venv \
 && pip install --require-hashes -r requirements/uv.txt \
 && uv pip sync --require-hashes --no-cache --compile-bytecode --python .venv/bin/python requirements/base.txt
COPY . .
COPY --from=browser /app/node_modules node_modules
RUN python -m crm.devstack assets \
 && KONTOR_ENV=production SECRET_KEY=only-for-collecting STATIC_ROOT=/app/static-collected \
    .venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
 && .venv/bin/python -m compileall -q crm teams pipeline reporting \
 && rm -rf node_modules build/bytecode

# What runs.
FROM python:3.11-slim
ENV KONTOR_ENV=production \
    PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    STATIC_ROOT=/app/static-collected \
    DATA=/data
RUN useradd --system --uid 10001 --home-dir /app kontor && install -d -o kontor -g kontor /data
COPY --from=build /app /app
WORKDIR /app
USER kontor
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s CMD ["python", "-m", "crm.probe"]
CMD ["uvicorn", "crm.server:application", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--timeout-graceful-shutdown", "5", "--no-proxy-headers", "--no-server-header", "--no-access-log"]
