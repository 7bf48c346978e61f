"""The contract frames, which the TypeScript side reads too."""

import json
from pathlib import Path
from typing import Any

import pytest

from chexnet.runtime.protocol import (
    MAX_FRAME_BYTES,
    ProtocolError,
    decode_agent_message,
    decode_driver_message,
    encode,
    encode_event,
)

CONTRACT = Path(__file__).parents[2] / "test" / "contract"
MESSAGES: list[dict[str, Any]] = json.loads((CONTRACT / "messages.json").read_text(encoding="utf-8"))
FAULTS: list[dict[str, Any]] = json.loads((CONTRACT / "faults.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message["name"])
def test_a_contract_frame_is_read_and_written_back_equal(message: dict[str, Any]) -> None:
    frame = json.dumps(message["frame"]).encode()
    decoded = decode_driver_message(frame) if message["from"] == "driver" else decode_agent_message(frame)
    assert json.loads(encode(decoded)) == message["frame"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['to']}: {fault['name']}")
def test_a_faulty_frame_is_refused_with_its_code(fault: dict[str, Any]) -> None:
    decode = decode_driver_message if fault["to"] == "agent" else decode_agent_message
    with pytest.raises(ProtocolError) as caught:
        decode(fault["text"].encode())
    assert (caught.value.code, caught.value.request) == (fault["code"], fault["id"])


def test_a_frame_above_the_limit_is_refused() -> None:
    with pytest.raises(ProtocolError, match="above the limit"):
        decode_driver_message(b" " * (MAX_FRAME_BYTES + 1))


def test_a_deeply_nested_frame_is_refused() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_driver_message(b'{"v":1,"type":"hello","id":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    assert caught.value.code == "malformed"


def test_a_journal_line_is_passed_on_byte_for_byte() -> None:
    line = '{"at":1.50,"type":"log","rank":0,"stream":"stderr","line":"ä"}'.encode()
    frame = encode_event('job "x"', 7, line)
    assert line in frame
    assert json.loads(frame) == {"v": 1, "type": "event", "job": 'job "x"', "seq": 7, "event": json.loads(line)}
