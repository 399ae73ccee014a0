"""Stacks: pictures a second, pages a second, and memory over a long document.

    python -m benchmarks.stacks [--pages 200]

256 PNGs of 28 x 28 pixels in a request, one request after the other, and `/predict` beside them; then a PDF of forms of
60 boxes, drawn from a template, during which the memory of all processes of the service is noted.
"""

import argparse
import http.client
import io
import json
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.load import closed_loop, predict_request
from benchmarks.machine import describe_machine
from benchmarks.pictures import CONTENT_TYPE, digit_pngs, multipart
from benchmarks.processes import HOST, ROOT, Server
from benchmarks.servers import SERVICE_WITHOUT_LOG, serving
from benchmarks.tables import markdown_table, write_results
from service.forms.draw import DOTS_PER_INCH, draw_page
from service.forms.template import parse_template
from trainer.golden import draw_digit

NUM_PICTURES = 256
NUM_ROUNDS = 20
NUM_ROWS, NUM_CELLS = 12, 5  # 60 boxes
CELL_MM = 8.0
MIB = 2**20
PATIENT = replace(SERVICE_WITHOUT_LOG, settings={**SERVICE_WITHOUT_LOG.settings, "DIGITS_BATCH_TIMEOUT_MS": "3600000"})

TEMPLATE = {
    "pages": [{"width_mm": 210, "height_mm": 297}],
    "fields": [
        {
            "name": f"row{row}",
            "kind": "boxed_digits",
            "cells": NUM_CELLS,
            "box": {"x": 0.5, "y": 0.1 + 0.06 * row, "width": NUM_CELLS * CELL_MM / 210, "height": CELL_MM / 297},
        }
        for row in range(NUM_ROWS)
    ],
}


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    with serving(PATIENT, arguments.models_dir) as server:
        document: dict[str, Any] = {
            "machine": describe_machine(),
            "pictures": read_pictures(server),
            "pages": read_pages(server, arguments.pages),
        }
    pictures, pages = document["pictures"], document["pages"]
    table = markdown_table(
        ("figure", "value"),
        [
            (f"pictures/s, {NUM_PICTURES} to a request", pictures["per_s"]),
            ("p99 of /predict beside stacks, ms", pictures["predict_p99_ms"]),
            (f"pages/s, {NUM_ROWS * NUM_CELLS} boxes, 200 dpi, one PDF", pages["per_s"]),
            *[(f"memory after page {number}, MiB", size) for number, size in pages["rss_mib"].items()],
            ("pages that were not read", pages["num_failed"]),
        ],
    )
    if arguments.results:
        write_results("stacks", document, table, folder=arguments.results)
    print(table)


def read_pictures(server: Server) -> dict[str, float]:
    """Stacks of small pictures, alone, and again with a client of `/predict` beside them."""
    pngs = digit_pngs()
    body = multipart([("files", pngs[index % len(pngs)]) for index in range(NUM_PICTURES)])
    seconds = [_timed_post(server, body) for _ in range(NUM_ROUNDS)]
    is_over = threading.Event()

    def stack_on() -> None:
        while not is_over.is_set():
            _timed_post(server, body)

    beside = threading.Thread(target=stack_on)
    beside.start()
    answers = closed_loop(server.port, [predict_request(png) for png in pngs], num_connections=1, duration_s=5.0)
    is_over.set()
    beside.join()
    waits_ms = [(answer.done_s - answer.due_s) * 1e3 for answer in answers]
    return {
        "per_s": round(NUM_PICTURES / statistics.median(seconds)),
        "predict_p99_ms": round(float(np.percentile(waits_ms, 99)), 1),
    }


def read_pages(server: Server, num_pages: int) -> dict[str, Any]:
    """A PDF of forms, read line by line."""
    parts = [("kind", b"form"), ("template", json.dumps(TEMPLATE).encode()), ("files", filled_pdf(num_pages))]
    rss_mib: dict[int, float] = {}
    num_failed = 0
    began = time.monotonic()
    for number, entry in enumerate(_lines(server, multipart(parts)), start=1):
        num_failed += entry["status"] != "ok"
        if number in (1, 10) or number % max(1, num_pages // 4) == 0:
            rss_mib[number] = round(server.rss_bytes() / MIB, 1)
    return {
        "per_s": round(num_pages / (time.monotonic() - began), 2),
        "rss_mib": rss_mib,
        "num_failed": num_failed,
    }


def filled_pdf(num_pages: int) -> bytes:
    """The template's form, each cell filled with a drawn digit, so many times."""
    template = parse_template(TEMPLATE)
    page = draw_page(template, 1)
    height, width = page.shape
    for index, field in enumerate(template.fields):
        for place, cell in enumerate(field.cells):
            digit = 255 - draw_digit((index + place) % 10, stroke_px=2)[..., 0]
            left, top = round(cell.x * width), round(cell.y * height)
            side = round(cell.width * width * 0.7)
            ink = np.asarray(Image.fromarray(digit).resize((side, side)))
            inset = round(cell.width * width * 0.15)
            target = page[top + inset : top + inset + side, left + inset : left + inset + side]
            np.minimum(target, ink, out=target)
    sheet, file = Image.fromarray(page), io.BytesIO()
    sheet.save(file, "PDF", resolution=DOTS_PER_INCH, save_all=True, append_images=[sheet] * (num_pages - 1))
    return file.getvalue()


def _timed_post(server: Server, body: bytes) -> float:
    began = time.monotonic()
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=600)) as connection:
        connection.request("POST", "/batch", body, {"Content-Type": CONTENT_TYPE})
        answer = json.loads(connection.getresponse().read())
    if answer["summary"]["failed"]:
        raise SystemExit(f"a stack was not read: {answer['summary']}")
    return time.monotonic() - began


def _lines(server: Server, body: bytes) -> Iterator[Mapping[str, Any]]:
    headers = {"Content-Type": CONTENT_TYPE, "Accept": "application/x-ndjson"}
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=600)) as connection:
        connection.request("POST", "/batch", body, headers)
        for line in connection.getresponse():
            yield json.loads(line)


if __name__ == "__main__":
    main()
