"""Printed lines in a picture of a number: the rule it stands on, the frame around it, the walls between its cells.

In a number of several digits no stroke is level for half the picture, so what is, was printed. Upright strokes are
many, every 1 is one; only those that join a printed line above to one below, and are as fine as these, are walls.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from service.recognition.lines import Mask, printed_lines, widened
from service.recognition.rules import Rule, find_rules
from service.recognition.table_cell import beyond_cell, is_divided, written_in_cell
from service.recognition.wipe import Surroundings

SQUARE = 1.5  # pictures narrower than this many heights may hold a single digit
LENGTH_SHARE = 0.5  # of the picture's width that a rule runs along at least
LONG = 1.5  # heights of the picture that a rule is as long as, where the picture is not much wider
FINE = 0.06  # of the picture's height, that a wall is thick where there is no rule to compare it with
MAX_THICKNESS = 0.14  # of the picture's height
WALL_SHARE = 0.9  # of the space between two rules that a wall takes up at least
WALL_BEYOND = 0.12  # of that space, by which it goes on beyond the rules at most
LEAST_PAST = 0.08  # of the picture's height, by which what crosses a single rule goes on beyond it
LEAST_SPACE = 0.3  # of the picture's height; rules nearer to each other have no walls between them


@dataclass(frozen=True, slots=True)
class Ruled:
    """What is printed in a picture of a number.

    Attributes:
        lines: uint8 (height, width), 1 on and next to printed lines, but for those pixels where a stroke crosses them.
        table: what is around the one cell that the picture shows; None where it is of no table.
        is_divided: whether it may show parts of two cells, of which nobody can tell that they are two.
    """

    lines: Mask
    table: Surroundings | None = None
    is_divided: bool = False


def may_hold_one_digit(shape: tuple[int, ...]) -> bool:
    """Whether a picture, (height, width), is so narrow that its only line may be a digit's own stroke."""
    return shape[1] < SQUARE * shape[0]


def ruled_lines(strokes: Mask, *, least_share: float) -> Ruled:
    """Find printed lines.

    Args:
        strokes: uint8 (height, width), 1 where there is ink.
        least_share: of a piece that hangs together, which a line is at least where the picture may hold a single digit.
    """
    is_narrow = may_hold_one_digit(strokes.shape)
    likely = printed_lines(strokes, least_share=least_share) if is_narrow else np.zeros_like(strokes)
    if is_narrow and not likely.any():
        return Ruled(likely)
    rules = _find_rules(strokes)
    walls = _find_walls(np.ascontiguousarray(strokes.T), rules)
    printed = _pixels_of(rules, walls, strokes)
    table = _table_around(strokes, printed, rules, walls)
    if table is not None:
        return Ruled(printed, table)
    divided = is_divided(strokes & ~printed, walls)
    if is_narrow:
        return Ruled(likely, is_divided=divided)  # what is no stroke of a digit
    # Without a second rule, what goes from edge to edge is a wall in a table only; else it may be a 1.
    return Ruled(printed if len(rules) >= 2 else _pixels_of(rules, [], strokes), is_divided=divided)


def table_around(strokes: Mask) -> Surroundings | None:
    """What is around the one cell of a table that a picture shows; None where it is of no table.

    Args:
        strokes: uint8 (height, width), 1 where there is ink.
    """
    rules = _find_rules(strokes)
    walls = _find_walls(np.ascontiguousarray(strokes.T), rules)
    return _table_around(strokes, _pixels_of(rules, walls, strokes), rules, walls) if walls else None


def _table_around(strokes: Mask, printed: Mask, rules: list[Rule], walls: list[Rule]) -> Surroundings | None:
    ink = strokes & ~printed
    beyond = beyond_cell(ink, rules, walls)
    if beyond is None:
        return None
    # Where a line crosses another one, each of them looks like a stroke to the other.
    whole_lines = _pixels_of(rules, walls, strokes, part=_with_crossings)
    return Surroundings(printed | beyond, written_in_cell(ink, beyond, whole_lines))


def _find_rules(strokes: Mask) -> list[Rule]:
    height, width = strokes.shape
    length = max(LENGTH_SHARE * width, min(LONG * height, 0.9 * width))
    return find_rules(strokes, length=length, thickest=max(4, round(MAX_THICKNESS * height)))


def _with_crossings(strokes: Mask, rule: Rule) -> Mask:
    """The pixels of a rule and next to it."""
    return widened(_on_line(strokes, rule))


def _without_crossings(strokes: Mask, rule: Rule) -> Mask:
    """The pixels of a rule and next to it, less those that a stroke needs to go through, or to stand on."""
    line = _on_line(strokes, rule)
    cleared = widened(line)
    beside = np.where(cleared, 0, strokes).astype(np.uint8)
    gap = 2 * math.ceil(rule.thickness / 2) + 5
    crossing = cv2.morphologyEx(beside, cv2.MORPH_CLOSE, np.ones((gap, 1), np.uint8))
    feet = cv2.dilate(beside, np.ones((3, 1), np.uint8)) & ~line
    return np.where(crossing | feet, 0, cleared).astype(np.uint8)


def _pixels_of(
    rules: list[Rule], walls: list[Rule], strokes: Mask, *, part: Callable[[Mask, Rule], Mask] = _without_crossings
) -> Mask:
    """1 on level and upright lines, and next to them."""
    turned = np.ascontiguousarray(strokes.T)
    pixels = np.zeros_like(strokes)
    for rule in rules:
        pixels |= part(strokes, rule)
    for wall in walls:
        pixels |= part(turned, wall).T
    return pixels


def _find_walls(turned: Mask, rules: list[Rule]) -> list[Rule]:
    """Upright lines from the uppermost rule to the lowest one; past a single rule, from edge to edge.

    A stem of a 4 may go from rule to rule too, but is seldom as fine, as straight and as even as what is printed.

    Args:
        turned: uint8 (width, height), the strokes with rows and columns exchanged.
        rules: the level lines.
    """
    width, height = turned.shape
    if not rules:
        return _from_edge_to_edge(turned, thickest=max(2, round(FINE * height)))
    if len(rules) < 2:
        return [wall for rule in rules for wall in _walls_past(rule, turned)]
    upper = min(rules, key=lambda rule: rule.y(width / 2))
    lower = max(rules, key=lambda rule: rule.y(width / 2))
    space = lower.y(width / 2) - upper.y(width / 2)
    if space < LEAST_SPACE * height:
        return []
    thickest = max(2, round(1.25 * max(upper.thickness, lower.thickness) + 0.5))
    walls = []
    for wall in find_rules(turned, length=WALL_SHARE * space, thickest=thickest):
        x = wall.y((wall.start + wall.end) / 2)
        begins = wall.start - upper.y(x)
        ends = wall.end - lower.y(x)
        is_joined = begins <= 2 + upper.thickness and ends >= -2 - lower.thickness
        # In squared paper, and in a table, it goes on until it leaves the picture.
        starts_there = begins >= -WALL_BEYOND * space or wall.start <= 1
        if is_joined and starts_there and (ends <= WALL_BEYOND * space or wall.end >= height - 1):
            walls.append(wall)
    return walls


def _walls_past(rule: Rule, turned: Mask) -> list[Rule]:
    """Upright lines that cross a rule well inside the picture, and leave it above and below."""
    width, height = turned.shape
    thickest = max(2, round(1.25 * rule.thickness + 0.5))
    if not LEAST_PAST * height <= rule.y(width / 2) <= (1 - LEAST_PAST) * height:
        return []
    return _from_edge_to_edge(turned, thickest=thickest)


def _from_edge_to_edge(turned: Mask, *, thickest: int) -> list[Rule]:
    height = turned.shape[1]
    walls = find_rules(turned, length=WALL_SHARE * height, thickest=thickest)
    return [wall for wall in walls if wall.start <= 1 and wall.end >= height - 1]


def _on_line(strokes: Mask, rule: Rule) -> Mask:
    """The ink along a rule, as thick as that is."""
    height, width = strokes.shape
    reach = rule.thickness / 2 + max(1.0, 0.35 * rule.thickness)
    columns = np.arange(max(0, rule.start - 2), min(width, rule.end + 2))
    middles = rule.offset + rule.slope * columns
    top = max(0, math.floor(middles.min() - reach))
    bottom = min(height, math.ceil(middles.max() + reach) + 1)
    line = np.zeros_like(strokes)
    rows = np.arange(top, bottom)[:, np.newaxis]
    line[top:bottom, columns] = (np.abs(rows - middles) <= reach) & (strokes[top:bottom, columns] > 0)
    return line
