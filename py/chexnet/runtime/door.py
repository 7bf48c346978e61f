"""The agent's socket: a ROUTER that lets one key in. The only import of zmq."""

import errno
import json
import logging
import socket as sockets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zmq
from zmq.utils import z85

from chexnet.runtime.protocol import MAX_FRAME_BYTES

log = logging.getLogger("agent")

_ZAP_DOMAIN = b"agent"
_MAX_QUEUED_FRAMES = 1000
_LOOPBACK = "127.0.0.1"
# Of ZeroMQ itself: a connection over a network that was cut looks alive for a quarter of an hour.
_PING_MS = 2000
_DEAD_MS = 6000
# Whoever connects and then says nothing is not kept.
_HANDSHAKE_MS = 5000


@dataclass(frozen=True, slots=True)
class Keys:
    """CURVE keys in Z85, from a file that only the user can read."""

    server_public: str
    server_secret: str
    client_public: str


def read_keys(path: Path) -> Keys:
    """Raises OSError, ValueError or KeyError."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    return Keys(fields["server"]["public"], fields["server"]["secret"], fields["client"]["public"])


@dataclass(slots=True)
class Door:
    """An open socket. `address` is host:port as it listens, `port` a part of it."""

    address: str
    port: int
    _keys: Keys
    _context: "zmq.Context[zmq.Socket[bytes]]"
    _socket: "zmq.Socket[bytes]"
    _zap: "zmq.Socket[bytes]"

    def wait(self, seconds: float) -> Iterator[tuple[bytes, bytes]]:
        """The frames that have come in, with the sender's identity; waits at most so long for the first."""
        timeout = seconds
        while ready := self._poll(timeout):
            if self._zap in ready:
                self._admit()
            if self._socket in ready:
                frames = self._socket.recv_multipart()
                if len(frames) == 2:
                    yield frames[0], frames[1]
                else:
                    log.warning("dropped a message of %d frames", len(frames))
            timeout = 0

    def send(self, identity: bytes, frame: bytes) -> bool:
        """False when the peer is gone or its queue is full; nothing is sent then."""
        try:
            self._socket.send_multipart([identity, frame], zmq.NOBLOCK)
            return True
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            return False

    def close(self) -> None:
        """The last replies get a moment to leave; what nobody takes is dropped."""
        self._context.destroy(linger=250)

    def _poll(self, seconds: float) -> list["zmq.Socket[bytes]"]:
        poller = zmq.Poller()
        poller.register(self._zap, zmq.POLLIN)
        poller.register(self._socket, zmq.POLLIN)
        return [socket for socket, _ in poller.poll(round(seconds * 1000)) if isinstance(socket, zmq.Socket)]

    def _admit(self) -> None:
        # ZAP 1.0 (RFC 27): version, request, domain, address, identity, mechanism, then the key as 32 raw bytes.
        version, request, _, address, _, mechanism, *credentials = self._zap.recv_multipart()
        known = mechanism == b"CURVE" and z85.encode(credentials[0]) == self._keys.client_public.encode()
        if not known:
            log.warning("refused a connection from %s: its key is not the driver's", address.decode())
        status = [b"200", b"OK", b"driver"] if known else [b"400", b"unknown key", b""]
        self._zap.send_multipart([version, request, *status, b""])


def open_door(keys: Keys, port: int, *, host: str = _LOOPBACK) -> Door:
    """Listen on any free port for 0. Raises OSError, with EADDRINUSE when the port is taken."""
    address, family = _resolve(host)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    # Without a handler CURVE lets every key in, so the handler is there before the socket is bound, and a
    # connection that it did not judge is refused.
    zap = context.socket(zmq.REP)
    zap.linger = 0
    zap.bind("inproc://zeromq.zap.01")
    socket = context.socket(zmq.ROUTER)
    socket.linger = 0
    socket.curve_server = True
    socket.curve_secretkey = keys.server_secret.encode()
    socket.zap_domain = _ZAP_DOMAIN
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
    # A driver that connects again keeps its identity.
    socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
    socket.setsockopt(zmq.SNDHWM, _MAX_QUEUED_FRAMES)
    socket.setsockopt(zmq.IPV6, int(family == sockets.AF_INET6))
    if host != _LOOPBACK:
        socket.setsockopt(zmq.HEARTBEAT_IVL, _PING_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, _DEAD_MS)
        socket.setsockopt(zmq.HANDSHAKE_IVL, _HANDSHAKE_MS)
    try:
        socket.bind(f"tcp://{address}:{port}")
    except zmq.ZMQError as error:
        context.destroy(linger=0)
        missing = error.errno in (errno.EADDRNOTAVAIL, errno.ENODEV)
        text = f"this machine has no address {host}" if missing else f"{host}:{port}: {error.strerror}"
        raise OSError(error.errno, text) from None
    endpoint = socket.getsockopt_string(zmq.LAST_ENDPOINT).removeprefix("tcp://")
    return Door(endpoint, int(endpoint.rpartition(":")[2]), keys, context, socket, zap)


def _resolve(host: str) -> tuple[str, int]:
    # ZeroMQ would take the name of a network interface too, and no name of a machine.
    try:
        family, _, _, _, address = sockets.getaddrinfo(host, None, type=sockets.SOCK_STREAM)[0]
    except sockets.gaierror as error:
        raise OSError(errno.EADDRNOTAVAIL, f"this machine has no address {host}: {error.strerror}") from None
    found = str(address[0])
    return (f"[{found}]" if family == sockets.AF_INET6 else found), family
