# syntax=docker/dockerfile:1
#
#   docker build --tag digits .                                       for the CPU
#   docker build --tag digits-gpu --build-arg LOCK=service-gpu .      with tensorflow[and-cuda], for NVIDIA GPUs
#   docker build --tag digits-trainer --target trainer .              the trainer, which is never part of the service
#
# Dependencies come before code: a change of code leaves their layers as they are.

FROM python:3.11-slim AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TF_CPP_MIN_LOG_LEVEL=2
WORKDIR /app


FROM base AS service-dependencies
ARG LOCK=service
COPY requirements/ requirements/
RUN python -m venv /opt/venv
RUN pip install --no-cache-dir --require-hashes --requirement requirements/${LOCK}.txt


FROM base AS trainer-dependencies
COPY requirements/ requirements/
RUN python -m venv /opt/venv
RUN pip install --no-cache-dir --require-hashes --requirement requirements/train.txt


FROM base AS trainer
COPY --from=trainer-dependencies /opt/venv /opt/venv
COPY service/ service/
COPY trainer/ trainer/
USER 10001:10001
ENTRYPOINT ["python", "-m", "trainer"]
CMD ["--help"]


FROM base AS service
COPY --from=service-dependencies /opt/venv /opt/venv
COPY service/ service/
COPY models/ models/
ENV DIGITS_HOST=0.0.0.0 \
    DIGITS_PORT=8000
# A number, not a name: orchestrators that insist on a non-root user can check it without reading /etc/passwd.
USER 10001:10001
EXPOSE 8000
# Ready, not live: traffic should come only when every model has repeated its golden outputs. urlopen raises on 503.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from os import environ; from urllib.request import urlopen; \
    urlopen('http://127.0.0.1:' + environ['DIGITS_PORT'] + '/health/ready', timeout=2)"]
CMD ["python", "-m", "service"]
