"""A printable form from a template alone: boxes, labels and marks in the corners.

Drawn at 200 dots per inch and saved as PDF or PNG. The drawing is also the blank page that photographs of the printed
form are registered to, so the same template always gives the same drawing.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from service.forms.marks import MARKS_PER_PAGE, MAX_MARKED_PAGES, mark_image
from service.forms.template import Field, FieldKind, PageBox, PageSize, Template
from service.recognition.image import GrayImage

DOTS_PER_MM = 8.0
DOTS_PER_INCH = DOTS_PER_MM * 25.4
MARK_MM = 8.0  # found on photographs in which the page is 600 px high
MARK_MARGIN_MM = 6.0  # printers leave 4 to 5 mm of the sheet's edge white
SMALLEST_MARKED_MM = 60.0  # on smaller pages the marks would lie on the fields
LABEL_MM = 3.2
LINE_MM = 0.25
BOX_LEVEL = 70  # gray: dark enough to stay in a scan in black and white, still paler than most ink
BLACK, WHITE = 0, 255


def draw_page(template: Template, page: int) -> GrayImage:
    """Draw one page of a form; uint8 (height, width), black and gray on white, 8 pixels per millimeter.

    Args:
        template: of the form.
        page: 1 for the first.
    """
    size = template.pages[page - 1]
    sheet = Image.new("L", (round(size.width_mm * DOTS_PER_MM), round(size.height_mm * DOTS_PER_MM)), WHITE)
    pen = ImageDraw.Draw(sheet)
    for field in template.fields_on(page):
        _draw_field(pen, sheet.size, field)
    drawn = np.array(sheet)
    if page <= MAX_MARKED_PAGES and min(size.width_mm, size.height_mm) >= SMALLEST_MARKED_MM:
        _draw_marks(drawn, size, page)
    return drawn


def draw_pdf(template: Template) -> bytes:
    """All pages of a form as a PDF that prints at its true size."""
    sheets = [Image.fromarray(draw_page(template, page)) for page in range(1, len(template.pages) + 1)]
    file = io.BytesIO()
    # Without dates, so that the same template gives the same bytes.
    sheets[0].save(
        file, "PDF", resolution=DOTS_PER_INCH, save_all=True, append_images=sheets[1:], creationDate=None, modDate=None
    )
    return file.getvalue()


def draw_png(template: Template, page: int = 1) -> bytes:
    """One page of a form as a PNG that knows its true size."""
    file = io.BytesIO()
    Image.fromarray(draw_page(template, page)).save(file, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return file.getvalue()


def _draw_marks(drawn: GrayImage, size: PageSize, page: int) -> None:
    side = round(MARK_MM * DOTS_PER_MM)
    near = round(MARK_MARGIN_MM * DOTS_PER_MM)
    right, bottom = drawn.shape[1] - near - side, drawn.shape[0] - near - side
    for corner, (left, top) in enumerate([(near, near), (right, near), (right, bottom), (near, bottom)]):
        image = mark_image((page - 1) * MARKS_PER_PAGE + corner, side)
        place = drawn[top : top + side, left : left + side]
        np.minimum(place, image, out=place)


def _draw_field(pen: ImageDraw.ImageDraw, size: tuple[int, int], field: Field) -> None:
    thickness = max(1, round(LINE_MM * DOTS_PER_MM))
    boxes = field.cells if field.kind is FieldKind.BOXED_DIGITS else (field.box,)
    for box in boxes:
        pen.rectangle(_corners(box, size), outline=BOX_LEVEL, width=thickness)
    label = field.label or field.name
    font = ImageFont.load_default(LABEL_MM * DOTS_PER_MM)
    left, top, _, bottom = _corners(field.box, size)
    gap = round(1.0 * DOTS_PER_MM)
    text_left, text_top, text_right, text_bottom = pen.textbbox((0, 0), label, font=font)
    width, height = text_right - text_left, text_bottom - text_top
    if left - gap - width >= 0:  # beside the field, or above it where there is no room
        place = (left - gap - width - text_left, (top + bottom - height) / 2 - text_top)
    else:
        place = (left - text_left, max(0, top - gap - height) - text_top)
    pen.text(place, label, fill=BLACK, font=font)


def _corners(box: PageBox, size: tuple[int, int]) -> tuple[int, int, int, int]:
    return (
        round(box.x * size[0]),
        round(box.y * size[1]),
        round((box.x + box.width) * size[0]) - 1,
        round((box.y + box.height) * size[1]) - 1,
    )
