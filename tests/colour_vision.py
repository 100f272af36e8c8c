"""How different two colours look, to normal eyes and to those that lack one kind of cone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import atan2, cos, degrees, exp, hypot, radians, sin
from types import MappingProxyType

Triple = tuple[float, float, float]

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB:
# https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html
SIGHTS: Mapping[str, tuple[Triple, Triple, Triple]] = MappingProxyType(
    {
        "protanopia": (
            (0.152286, 1.052583, -0.204868),
            (0.114503, 0.786281, 0.099216),
            (-0.003882, -0.048116, 1.051998),
        ),
        "deuteranopia": (
            (0.367322, 0.860646, -0.227968),
            (0.280085, 0.672501, 0.047413),
            (-0.011820, 0.042940, 0.968881),
        ),
        "tritanopia": (
            (1.255528, -0.076749, -0.178779),
            (-0.078411, 0.930809, 0.147602),
            (0.004733, 0.691367, 0.303900),
        ),
    }
)
_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)


def least_difference(first: str, second: str) -> float:
    """The least CIEDE2000 difference of two colours (#rrggbb) under the three kinds of colour blindness."""
    a, b = linear(first), linear(second)
    return min(ciede2000(lab(_times(m, a)), lab(_times(m, b))) for m in SIGHTS.values())


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    low, high = sorted(_times(_TO_XYZ, linear(colour))[1] for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def linear(colour: str) -> Triple:
    """The linear parts of an sRGB colour, 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _times(matrix: Sequence[Triple], vector: Sequence[float]) -> Triple:
    x, y, z = (min(max(sum(m * v for m, v in zip(row, vector, strict=True)), 0.0), 1.1) for row in matrix)
    return x, y, z


def lab(colour: Triple) -> Triple:
    """CIE L*a*b* of a linear colour, for D65."""
    fx, fy, fz = (_root(value / white) for value, white in zip(_times(_TO_XYZ, colour), _WHITE, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _root(value: float) -> float:
    return value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


def ciede2000(first: Triple, second: Triple) -> float:
    """The CIEDE2000 difference of two L*a*b* colours (Sharma, Wu, Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean = ((hypot(a1, b1) + hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * (mean / (mean + 25**7)) ** 0.5
    c1, c2 = hypot(a1 * stretch, b1), hypot(a2 * stretch, b2)
    h1, h2 = degrees(atan2(b1, a1 * stretch)) % 360, degrees(atan2(b2, a2 * stretch)) % 360
    turn = ((h2 - h1 + 180) % 360 - 180) if c1 * c2 else 0.0
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = 1 - 0.17 * cos(radians(hue - 30)) + 0.24 * cos(radians(2 * hue))
    t += 0.32 * cos(radians(3 * hue + 6)) - 0.20 * cos(radians(4 * hue - 63))
    dl = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / (20 + (light - 50) ** 2) ** 0.5)
    dc = (c2 - c1) / (1 + 0.045 * chroma)
    dh = 2 * (c1 * c2) ** 0.5 * sin(radians(turn / 2)) / (1 + 0.015 * chroma * t)
    turning = 60 * exp(-(((hue - 275) / 25) ** 2))
    twist = -2 * (chroma**7 / (chroma**7 + 25**7)) ** 0.5 * sin(radians(turning))
    return float((dl**2 + dc**2 + dh**2 + twist * dc * dh) ** 0.5)
