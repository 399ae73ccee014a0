"""The pages of a TIFF."""

from service.recognition.errors import TooManyPages
from service.recognition.image import GrayImage, gray_frame, opened_image

STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")  # TIFF 6.0, and BigTIFF


class TiffDocument:
    """A TIFF whose pages are decoded one at a time.

    Args:
        data: the file.
        max_pages: that it may have.
        max_pixels: that a page may have.

    Raises:
        TooManyPages: it has more than `max_pages`.
        RequestError: see `decode_page`.
    """

    def __init__(self, data: bytes, *, max_pages: int, max_pixels: int) -> None:
        self._data = data
        self._max_pixels = max_pixels
        self.num_pages = self._count(max_pages)

    def page(self, index: int) -> GrayImage:
        """Decode a page.

        Args:
            index: from 0.

        Raises:
            RequestError: see `decode_page`. Other pages may still be decoded.
        """
        # Opened anew for each page: what Pillow knows of a file does not survive a broken page.
        with opened_image(self._data, max_pixels=self._max_pixels) as image:
            image.seek(index)
            return gray_frame(image, max_pixels=self._max_pixels)

    def close(self) -> None:
        """Nothing is held."""

    def _count(self, max_pages: int) -> int:
        with opened_image(self._data, max_pixels=self._max_pixels) as image:
            for num_pages in range(1, max_pages + 1):
                try:
                    image.seek(num_pages)
                except EOFError:
                    return num_pages
                # Its directory is damaged. It is counted, and so will be answered for; none after it can be found.
                except Exception:
                    return num_pages + 1
        raise TooManyPages(f"The TIFF has more than {max_pages} pages, which is the limit. Send it in parts.")
