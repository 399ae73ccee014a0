"""Whether the words beside a page's fields are those of the blank page.

Another edition may have the same boxes under other words: they are all found, and what stands in one is read as the
value of another. So the words are held against the picture, label by label. The same words have a correlation of 0.5
and more, photocopied, blurred and stained too; others, in the same place and type, have a third. Short words are more
alike, some up to 0.66, so the page is judged by all of them together.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.page import BlankPage
from service.forms.patches import find_patch
from service.forms.registration import Registration

REACH_MM = 2.5  # how far off a label may be, as its field may
OTHER_LIKENESS = 0.4  # correlation below which other words stand there
SEEN_SHARE = 0.5  # of the contrast that labels usually have on the page; with less, there is nothing to be compared
LEAST_CONTRAST = 0.15  # times a label's own; grain of paper has less
MIDDLE_LIKENESS = 0.5  # the same of the middle label of a page; of the worst copies it was 0.62
OTHER_SHARE = 0.25  # of the labels, that are others where all of the page is another edition
LEAST_LABELS = 3  # from which a page can be judged: one or two may have been written over


def has_other_words(registration: Registration, page: BlankPage) -> NDArray[np.bool_]:
    """Of each field, whether other words stand beside it than on the blank page; bool (num_fields,).

    Where that is so beside many, the page is another edition, and none of its fields is what it seems to be.

    Args:
        registration: of the page.
        page: the blank page.
    """
    is_other = np.zeros(len(page.boxes), bool)
    # A strip of a page is held coarser than labels are.
    if not page.labels or registration.flat.shape != (page.height // 2, page.width // 2):
        return is_other
    reach = round(REACH_MM * page.px_per_mm / 2)
    framed = cv2.copyMakeBorder(registration.flat, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    likeness, contrast = np.zeros((2, len(page.labels)))
    for number, label in enumerate(page.labels):
        rows, columns = label.print.shape
        top, left = label.top // 2, label.left // 2
        around = framed[top : top + rows + 2 * reach, left : left + columns + 2 * reach]
        x, y, likeness[number] = find_patch(label.print, around)
        top, left = reach + round(y), reach + round(x)
        contrast[number] = around[top : top + rows, left : left + columns].std() / label.print.std()
    is_seen = contrast >= max(LEAST_CONTRAST, SEEN_SHARE * float(np.median(contrast)))
    others = np.flatnonzero(is_seen & (likeness < OTHER_LIKENESS))
    if np.count_nonzero(is_seen) >= LEAST_LABELS:
        is_many = len(others) >= max(LEAST_LABELS, OTHER_SHARE * np.count_nonzero(is_seen))
        is_other[:] = is_many or float(np.median(likeness[is_seen])) < MIDDLE_LIKENESS
    for other in others.tolist():
        is_other[list(page.labels[other].fields)] = True
    return is_other
