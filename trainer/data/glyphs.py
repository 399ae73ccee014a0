"""Letters and signs of many scripts, from fonts, bent until they look like nobody's print.

Fonts: DejaVu Sans, its Mono and its Serif (Bitstream Vera licence), which matplotlib ships. The lists name what is
learned from, sign by sign. Left out is what can fairly be read as a digit, and every sign of the shape of a letter or
symbol that is kept unseen (`trainer/data/not_digits.py`): F, K, R, x, y and a lone dot, in any script.
"""

# ruff: noqa: RUF001  # signs that resemble Latin letters are what this file is about
from functools import cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from trainer.data.marks import INK_PX, Ink

_LEARNED = {
    "latin": "CEGHJLMNPTUVWcehmnptvwÆŒÞĦŊæœħŋ",
    "greek": "ΓΔΕΗΛΜΝΞΠΡΣΤΨΩαεηλμνπψωτ",
    "cyrillic": "ГДЖИЛПЦШЩЪЫЮЯЄЂЊЋдвжилпцшщъыюяђњћт",
    "armenian": "ԱԲԵԹԺԻԽՃՄՆՊՌՓՔՖաբդեթժիխծհղճմնպռվտփքֆ",
    "arabic": "بتثجحخسشصضطظعغفقكئؤأإيىء",
    "signs": "+±∓−÷=≠≈≡≤≥<>∧∨∩∪⊂⊃∈∋∀∃∇√∞∑∏#%&@*^~{}[]§¶†‡€£©→←↑↓↔☐☑☒★☆♥♦♣♠♪✓?",
}
# Never learned from: they say how well signs of a script that was not trained on are refused, while a gate is chosen.
_HELD_BACK = {
    "hebrew": "אגהחמעפצקשת",
    "georgian": "თლოქღჩ",
}
GLYPHS = {"fit": "".join(_LEARNED.values()), "held_back": "".join(_HELD_BACK.values())}

# Not every font has every sign, so the plain one comes up most.
_FONT_FILES = (
    *("DejaVuSans.ttf",) * 3,
    *(f"DejaVuSans-{style}.ttf" for style in ("Bold", "Oblique", "BoldOblique")),
    *(f"DejaVuSansMono{style}.ttf" for style in ("", "-Oblique")),
    *(f"DejaVuSerif{style}.ttf" for style in ("", "-Italic")),
)
_FONT_PX = 64
_BOX_PX = 60.0  # three times the 20 px that digits are scaled to
_NO_SUCH_GLYPH = chr(0x0378)  # assigned to nothing: fonts draw their sign for what they have not


def draw_glyph(part: Literal["fit", "held_back"], rng: np.random.Generator) -> Ink:
    """One sign of this part of the lists, as a hand might write it."""
    glyphs = GLYPHS[part]
    while True:
        character, file = glyphs[int(rng.integers(len(glyphs)))], _FONT_FILES[int(rng.integers(len(_FONT_FILES)))]
        glyph = _glyph(character, file)
        if glyph is not None:
            return _thinner(_bent(glyph, rng), rng)


@cache
def _glyph(character: str, file: str) -> Ink | None:
    """The sign scaled to the box; None where the font has it not."""
    # Imported here because matplotlib is needed for nothing but the place of its fonts.
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / file, _FONT_PX)
    if bytes(font.getmask(character)) == bytes(font.getmask(_NO_SUCH_GLYPH)):
        return None
    picture = Image.new("L", (3 * _FONT_PX, 2 * _FONT_PX), 0)
    ImageDraw.Draw(picture).text((_FONT_PX // 2, _FONT_PX // 4), character, font=font, fill=255)
    page = np.asarray(picture)
    x, y, width, height = cv2.boundingRect(page)
    scale = _BOX_PX / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    fitted = cv2.resize(page[y : y + height, x : x + width], size, interpolation=cv2.INTER_AREA)
    ink = np.zeros((INK_PX, INK_PX), np.uint8)
    top, left = (INK_PX - size[1]) // 2, (INK_PX - size[0]) // 2
    ink[top : top + size[1], left : left + size[0]] = fitted
    return ink


def _bent(ink: Ink, rng: np.random.Generator) -> Ink:
    """Turned, slanted, of other proportions, and pulled about as Simard et al. 2003 do, strongly."""
    angle = np.deg2rad(rng.uniform(-12, 12))
    aspect = np.exp(rng.uniform(-0.25, 0.25))
    matrix = np.array([[np.cos(angle) * aspect, -np.sin(angle)], [np.sin(angle), np.cos(angle) / aspect]])
    matrix = matrix @ np.array([[1.0, rng.uniform(-0.3, 0.3)], [0.0, 1.0]])
    pixels = np.stack(np.meshgrid(np.arange(INK_PX), np.arange(INK_PX)), axis=-1) - (INK_PX - 1) / 2
    source = pixels @ matrix.T * rng.uniform(1.0, 1.15) + (INK_PX - 1) / 2
    pull = cv2.GaussianBlur(rng.standard_normal((INK_PX, INK_PX, 2)), (0, 0), float(rng.uniform(7, 14)))
    source += pull / np.sqrt((pull**2).mean()) * rng.uniform(0.5, 4.0)
    return cv2.remap(ink, source.astype(np.float32), None, cv2.INTER_LINEAR)


def _thinner(ink: Ink, rng: np.random.Generator) -> Ink:
    """As it is, or with a stroke that is thinner than print."""
    num_steps = int(rng.choice([0, 1, 2], p=[0.5, 0.3, 0.2]))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    thin = cv2.erode(ink, disc, iterations=num_steps)
    # A hairline that would be gone stays as it was.
    return thin if np.count_nonzero(thin >= 128) > 0.3 * np.count_nonzero(ink >= 128) else ink
