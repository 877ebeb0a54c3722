"""Stable 64-bit hashes of text: FarmHash's fingerprint, SipHash-2-4, and crosses of them."""

from collections.abc import Callable

_MASK = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CROSS_KEY, _CROSS_FACTOR = 0xDECAFCAFFE, 0xC6A4A7935BD1E995
_SIP_KEYS = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)

_Pair = tuple[int, int]


def hasher(salt: list[int] | None) -> Callable[[bytes], int]:
    """Return the hash that a layer uses: a fingerprint, or SipHash if there is a salt."""
    if salt is None:
        return fingerprint
    first, second = (number & _MASK for number in salt)
    return lambda text: siphash(text, first, second)


def cross(fingerprints: tuple[int, ...]) -> int:
    """Return one hash for several, whose order counts."""
    result = _CROSS_KEY
    for value in fingerprints:
        result ^= _CROSS_FACTOR
        result ^= _mixed(value * _CROSS_FACTOR & _MASK) * _CROSS_FACTOR & _MASK
        result = result * _CROSS_FACTOR & _MASK
        result = _mixed(_mixed(result) * _CROSS_FACTOR & _MASK)
    return result


# FarmHash


def fingerprint(text: bytes) -> int:
    """Return FarmHash's 64-bit fingerprint.

    Source:
        Pike and Alakuijala, FarmHash (2014), `farmhashna`.
    """
    size = len(text)
    if size <= 16:
        return _up_to_16(text, size)
    if size <= 32:
        return _up_to_32(text, size)
    return _up_to_64(text, size) if size <= 64 else _longer(text, size)


def _word(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 8], "little")


def _turned(value: int, bits: int) -> int:
    """Rotate to the right."""
    value &= _MASK
    return (value >> bits) | (value << (64 - bits) & _MASK)


def _mixed(value: int) -> int:
    return value ^ (value >> 47)


def _joined(u: int, v: int, factor: int) -> int:
    u, v = u & _MASK, v & _MASK
    a = _mixed((u ^ v) * factor & _MASK)
    return _mixed((v ^ a) * factor & _MASK) * factor & _MASK


def _up_to_16(text: bytes, size: int) -> int:
    factor = _K2 + size * 2
    if size >= 8:
        a, b = _word(text, 0) + _K2, _word(text, size - 8)
        return _joined(_turned(b, 37) * factor + a, (_turned(a, 25) + b) * factor, factor)
    if size >= 4:
        first = int.from_bytes(text[:4], "little")
        return _joined(size + (first << 3), int.from_bytes(text[-4:], "little"), factor)
    if not size:
        return _K2
    y, z = text[0] + (text[size >> 1] << 8), size + (text[-1] << 2)
    return _mixed((y * _K2 & _MASK) ^ (z * _K0 & _MASK)) * _K2 & _MASK


def _ends(text: bytes, size: int, first_factor: int) -> tuple[int, int, int, int]:
    """Return a factor, the first word and two sums over both ends of a text."""
    factor = _K2 + size * 2
    a, b = _word(text, 0) * first_factor & _MASK, _word(text, 8)
    c, d = _word(text, size - 8) * factor, _word(text, size - 16) * _K2
    return factor, a, _turned(a + b, 43) + _turned(c, 30) + d, a + _turned(b + _K2, 18) + c


def _up_to_32(text: bytes, size: int) -> int:
    factor, _, u, v = _ends(text, size, _K1)
    return _joined(u, v, factor)


def _up_to_64(text: bytes, size: int) -> int:
    factor, a, y, v = _ends(text, size, _K2)
    z = _joined(y, v, factor)
    e, f = _word(text, 16) * factor, _word(text, 24)
    g, h = (y + _word(text, size - 32)) * factor, (z + _word(text, size - 24)) * factor
    return _joined(_turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, factor)


def _seeded(text: bytes, at: int, a: int, b: int) -> _Pair:
    """Mix four words of a text into a pair of numbers."""
    first, second, third, fourth = (_word(text, at + step) for step in (0, 8, 16, 24))
    a += first
    c = a
    b = _turned(b + a + fourth, 21)
    a += second + third
    return (a + fourth) & _MASK, (b + _turned(a, 44) + c) & _MASK


def _longer(text: bytes, size: int) -> int:
    y = 81 * _K1 + 113 & _MASK
    z = _mixed(y * _K2 + 113 & _MASK) * _K2 & _MASK
    x = 81 * _K2 + _word(text, 0)
    v: _Pair = (0, 0)
    w: _Pair = (0, 0)
    last = (size - 1) // 64 * 64
    for at in range(0, last, 64):
        x, y, z, v, w = _step(text, at, (x, y, z, v, w), _K1, 1)
    factor = _K1 + ((z & 0xFF) << 1)
    first = w[0] + (size - 1 & 63)
    v = (v[0] + first & _MASK, v[1])
    w = (first + v[0] & _MASK, w[1])
    x, y, z, v, w = _step(text, size - 64, (x, y, z, v, w), factor, 9)
    return _joined(
        _joined(v[0], w[0], factor) + _mixed(y) * _K0 + z,
        _joined(v[1], w[1], factor) + x,
        factor,
    )


_State = tuple[int, int, int, _Pair, _Pair]


def _step(text: bytes, at: int, state: _State, factor: int, weight: int) -> _State:
    """Mix 64 bytes into the state; `weight` is greater for the last of them."""
    x, y, z, v, w = state
    x = _turned(x + y + v[0] + _word(text, at + 8), 37) * factor & _MASK
    y = _turned(y + v[1] + _word(text, at + 48), 42) * factor
    x ^= w[1] * weight & _MASK
    y = y + v[0] * weight + _word(text, at + 40) & _MASK
    z = _turned(z + w[0], 33) * factor & _MASK
    v = _seeded(text, at, v[1] * factor, x + w[0])
    w = _seeded(text, at + 32, z + w[1], y + _word(text, at + 16))
    return z, y, x, v, w


# SipHash


def siphash(text: bytes, first_key: int, second_key: int) -> int:
    """Return SipHash-2-4 of a text under a key of two 64-bit numbers.

    Source:
        Aumasson and Bernstein, SipHash: a fast short-input PRF (2012).
    """
    keys = (first_key, second_key, first_key, second_key)
    state = tuple(start ^ key for start, key in zip(_SIP_KEYS, keys, strict=True))
    full = len(text) // 8 * 8
    last = int.from_bytes(text[full:], "little") | (len(text) & 0xFF) << 56
    for word in (*(_word(text, at) for at in range(0, full, 8)), last):
        a, b, c, d = state
        a, b, c, d = _sip_rounds(a, b, c, d ^ word, 2)
        state = (a ^ word, b, c, d)
    a, b, c, d = state
    a, b, c, d = _sip_rounds(a, b, c ^ 0xFF, d, 4)
    return a ^ b ^ c ^ d


def _sip_rounds(a: int, b: int, c: int, d: int, count: int) -> tuple[int, int, int, int]:
    for _ in range(count):
        a, c = a + b & _MASK, c + d & _MASK
        b, d = _turned(b, 51) ^ a, _turned(d, 48) ^ c
        a, c = _turned(a, 32) + d & _MASK, c + b & _MASK
        b, d = _turned(b, 47) ^ c, _turned(d, 43) ^ a
        c = _turned(c, 32)
    return a, b, c, d
