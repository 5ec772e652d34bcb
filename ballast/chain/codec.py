"""ABI decoding that refuses short data: Ape changes eth_abi's own so that a missing number reads as zero."""

from collections.abc import Sequence
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import UnsignedIntegerDecoder
from eth_abi.encoding import UnsignedIntegerEncoder
from eth_abi.registry import BaseEquals, registry

_strict = registry.copy()  # type: ignore[no-untyped-call]  # eth_abi's registry is not annotated
_strict.unregister("uint")
_uint = BaseEquals("uint")  # type: ignore[no-untyped-call]
_strict.register(_uint, UnsignedIntegerEncoder, UnsignedIntegerDecoder, label="uint")
_codec = ABICodec(_strict)


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values in the data. eth_abi.exceptions.DecodingError when they are not all there."""
    return _codec.decode(types, data)
