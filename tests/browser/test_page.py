"""The page as people meet it: with a mouse, with fingers on a phone, and with an API key to be typed."""

import pytest

from service.settings import Settings

pytestmark = pytest.mark.slow

KEY = "open sesame"
PHONE = {"width": 375, "height": 667, "is_phone": True}  # 375 x 800 less the browser's own bars
SMALL_PHONE = {"width": 320, "height": 568, "is_phone": True}
PHONE_ON_ITS_SIDE = {"width": 667, "height": 375, "is_phone": True}

SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.8)]  # a stroke, in shares of the drawing area
LONG_NUMBER = "314159265358979323846264"


def draw(page, stroke=SEVEN):
    page.mouse([page.middle_of("#canvas", across=across, down=down) for across, down in stroke])


def wait_for_reading(page, reading):
    page.wait_for(f"byId('reading').textContent === '{reading}'")


def choose(page, kind):
    page.mouse([page.middle_of(f"[value={kind}]")])


def ink(page):
    """The box of what is drawn, in shares of the drawing area: left, top, right, bottom; None where nothing is."""
    return page.evaluate(
        """(() => {
            const { width, height } = canvas;
            const { data } = pen.getImageData(0, 0, width, height);
            const [xs, ys] = [[], []];
            for (let at = 0; at < width * height; at += 1) {
                if (data[4 * at] < 128) { xs.push(at % width); ys.push(Math.floor(at / width)); }
            }
            const least = (list) => list.reduce((one, other) => Math.min(one, other));
            const most = (list) => list.reduce((one, other) => Math.max(one, other));
            return xs.length ? [least(xs) / width, least(ys) / height, most(xs) / width, most(ys) / height] : null;
        })()"""
    )


def show_long_number(page):
    """An answer of 24 digits, with all that can stand in it."""
    page.evaluate(
        f"""showReading({{
            text: "{LONG_NUMBER}", confidence: 0.98, decision: "accepted",
            alternatives: [{{ text: "{LONG_NUMBER}", confidence: 0.98 }}, {{ text: "31415926", confidence: 0.01 }}],
            digits: Array.from("{LONG_NUMBER}", (digit) => ({{
                digit, confidence: 0.99999, box: {{ x: 0, y: 0, width: 9, height: 9 }},
                alternatives: [{{ digit: 4, confidence: 0.1 }}, {{ digit: 9, confidence: 0.1 }}],
            }})),
            model: {{ name: "crnn", version: 9 }}, image: {{ width: 1120, height: 400 }},
        }}, 12)"""
    )


def test_what_is_drawn_is_read(open_page):
    page = open_page()
    draw(page)

    wait_for_reading(page, 7)


def test_key_is_asked_for_before_anything_is_drawn(open_page):
    page = open_page(Settings(api_key=KEY))

    assert not page.evaluate("byId('key-row').hidden")


def test_typed_key_opens_the_choice_and_reads_what_was_drawn(open_page):
    page = open_page(Settings(api_key=KEY))
    draw(page)
    page.wait_for("byId('verdict').textContent === 'Type the API key of this service into the field below.'")

    page.mouse([page.middle_of("#key")])
    page.type(KEY)

    wait_for_reading(page, 7)
    page.wait_for("!byId('kinds').hidden && byId('about').textContent.startsWith('Model cnn 1')")
    assert page.evaluate("byId('key-row').hidden")


@pytest.mark.parametrize("key", ["wrong", "w\N{HORIZONTAL ELLIPSIS}"])  # the second is nothing that a header can hold
def test_wrong_key_is_called_wrong(open_page, key):
    page = open_page(Settings(api_key=KEY))
    draw(page)

    page.mouse([page.middle_of("#key")])
    page.type(key)

    page.wait_for("byId('verdict').textContent.startsWith('This key is wrong. Type')")


def test_field_for_the_key_is_below_the_message(open_page):
    page = open_page(Settings(api_key=KEY), **PHONE)

    assert page.middle_of("#key")[1] > page.middle_of("#verdict", down=1)[1]


def test_palm_beside_the_finger_draws_nothing(open_page):
    page = open_page(**PHONE)
    first, second, third = (page.middle_of("#canvas", across=0.2, down=down) for down in (0.2, 0.3, 0.4))
    palm, moved_palm = (page.middle_of("#canvas", across=0.8, down=down) for down in (0.8, 0.7))

    page.touch("touchStart", {1: first})
    page.touch("touchStart", {1: first, 2: palm})
    page.touch("touchMove", {1: second, 2: moved_palm})
    page.touch("touchEnd", {1: second})  # the palm is gone, and the finger goes on
    page.touch("touchMove", {1: third})
    page.touch("touchEnd", {})

    wait_for_reading(page, 7)
    assert ink(page) == pytest.approx([0.2, 0.2, 0.2, 0.4], abs=0.05)


def test_second_finger_draws_after_the_first(open_page):
    page = open_page(**PHONE)
    for finger, across in ((1, 0.2), (2, 0.8)):
        page.touch("touchStart", {finger: page.middle_of("#canvas", across=across)})
        page.touch("touchEnd", {})

    left, _, right, _ = ink(page)
    assert (left, right) == pytest.approx((0.2, 0.8), abs=0.05)


@pytest.mark.parametrize("button", ["right", "middle"])
def test_other_buttons_draw_nothing(open_page, button):
    page = open_page()
    page.mouse([page.middle_of("#canvas", across=across) for across in (0.3, 0.7)], button=button)

    assert ink(page) is None


def test_cleared_in_the_middle_of_a_stroke_nothing_comes_back(open_page):
    page = open_page(**PHONE)
    page.touch("touchStart", {1: page.middle_of("#canvas", across=0.2)})
    page.evaluate("clear()")
    page.touch("touchMove", {1: page.middle_of("#canvas", across=0.8)})
    page.touch("touchEnd", {})

    assert ink(page) is None
    assert page.evaluate("strokes.length") == 0


@pytest.mark.parametrize("kind", ["digit", "number"])
@pytest.mark.parametrize("screen", [PHONE, SMALL_PHONE, PHONE_ON_ITS_SIDE])
def test_reading_is_seen_on_a_phone_without_scrolling(open_page, screen, kind):
    page = open_page(**screen)
    choose(page, kind)
    draw(page, [(0.5, 0.3), (0.5, 0.7)])
    wait_for_reading(page, {"digit": 7, "number": 1}[kind])

    assert page.evaluate("scrollY") == 0  # and a next stroke meets the drawing area where it was
    for part in ("#canvas", "#reading"):
        assert page.middle_of(part, down=1)[1] < screen["height"], part


@pytest.mark.parametrize("screen", [PHONE, SMALL_PHONE, {"width": 720, "height": 800}])
def test_long_number_keeps_to_the_width(open_page, screen):
    page = open_page(**screen)
    show_long_number(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
    bars = page.evaluate("[...document.querySelectorAll('meter')].map((bar) => bar.clientWidth)")
    assert min(bars) >= 60
    # No share is broken in two, nor does it run into its neighbors.
    shares = page.evaluate(
        """[...document.querySelectorAll("td:nth-child(3)")].map((cell) => {
            const text = document.createRange();
            text.selectNodeContents(cell);
            const excess = cell.getBoundingClientRect().left - text.getBoundingClientRect().left;
            return [text.getClientRects().length, excess];
        })"""
    )
    assert len(shares) == len(LONG_NUMBER) + 2
    assert all(num_lines == 1 and excess <= 0 for num_lines, excess in shares), shares


def test_drawing_is_kept_when_the_kind_changes(open_page):
    page = open_page()
    draw(page)
    wait_for_reading(page, 7)
    before = ink(page)

    choose(page, "number")
    wait_for_reading(page, 1)
    left, top, right, bottom = ink(page)
    assert (left + right) / 2 == pytest.approx(0.5, abs=0.01)
    assert (top + bottom) / 2 == pytest.approx(0.5, abs=0.01)
    assert 0.7 < bottom - top < 0.9

    draw(page, [(0.9, 0.3), (0.9, 0.7)])  # and it can be gone on with
    wait_for_reading(page, 12)

    choose(page, "digit")
    wait_for_reading(page, 7)
    left, top, right, bottom = ink(page)
    assert 0.7 < right - left < 0.9
    assert bottom - top < before[3] - before[1]


def test_drawing_is_the_same_after_there_and_back(open_page):
    page = open_page()
    draw(page, [(0.25, 0.125), (0.75, 0.875)])  # in the middle, and as large as one that is set down
    before = ink(page)

    choose(page, "number")
    choose(page, "digit")

    assert ink(page) == pytest.approx(before, abs=0.01)


def test_tap_leaves_a_dot_and_it_stays_one(open_page):
    page = open_page()
    draw(page, [(0.1, 0.1)])
    assert ink(page) == pytest.approx([0.1, 0.1, 0.1, 0.1], abs=0.05)

    choose(page, "number")

    left, top, right, bottom = ink(page)
    assert right - left < 0.1
    assert bottom - top < 0.2


def test_nothing_is_rounded_to_certainty(open_page):
    shown = {
        0.0: "0.0 %",
        0.98: "98.0 %",
        0.99949: "99.9 %",
        0.9995: "99.95 %",
        0.99999: "99.99 %",
        0.9999999: "99.99 %",  # less than all of it
        1.0: "100.0 %",
    }
    page = open_page()

    percents = page.evaluate(f"{list(shown)}.map(percent)")
    assert percents == [text.replace(" ", "\N{NO-BREAK SPACE}") for text in shown.values()]
