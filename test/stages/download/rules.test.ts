import assert from 'node:assert/strict';
import {connectionFault} from '../../../pipeline/stages/download/connection-fault.js';
import {judge} from '../../../pipeline/stages/download/judge.js';
import {shownUrl} from '../../../pipeline/stages/download/places.js';
import {backOffMs} from '../../../pipeline/stages/download/wait.js';

const FILE = {name: 'f.tgz', url: new URL('https://h.org/f.tgz'), sha256: '0'.repeat(64), bytes: null};

/** What is done with an answer to a request for what follows 40 of 100 bytes, `"v1"`. */
function verdict(status: number, headers: Readonly<Record<string, string>>): string {
  const head = {url: FILE.url, status, header: (name: string) => headers[name] ?? null};
  const judged = judge(
    head,
    {offset: 40, etag: '"v1"', total: 100},
    {file: FILE, nowMs: Date.UTC(2026, 0, 1)},
  );
  if (judged.do !== 'give-up') return 'because' in judged ? `${judged.do}: ${judged.because}` : judged.do;
  const {fault} = judged;
  if (fault.is === 'passing') return `again after ${fault.retryAfterMs} ms`;
  return fault.is === 'stopped' ? '' : `${fault.is}: ${fault.message}; ${fault.hint}`;
}

describe('an answer to a request for the rest of a file', () => {
  it('is added when it is the rest', () => {
    assert.equal(verdict(206, {'content-range': 'bytes 40-99/100'}), 'append');
    assert.equal(verdict(206, {'content-range': 'bytes 40-99/*', etag: '"v1"'}), 'append');
    assert.equal(verdict(206, {'content-range': 'bytes 40-99/100', etag: 'W/"v2"'}), 'append');
  });

  it('is not added when it is of another file', () => {
    const changed = 'ask-for-all: the file has changed on the server';
    assert.equal(verdict(206, {'content-range': 'bytes 40-99/100', etag: '"v2"'}), changed);
    assert.equal(verdict(206, {'content-range': 'bytes 40-119/120'}), changed);
  });

  it('is not added when it is another part, or does not say which', () => {
    const instead = 'instead of bytes from 40 on';
    const unnamed = `ask-for-all: the server sent a part that it does not name ${instead}`;
    assert.equal(verdict(206, {}), unnamed);
    assert.equal(verdict(206, {'content-type': 'multipart/byteranges'}), unnamed);
    assert.equal(verdict(206, {'content-range': 'bytes 40-99'}), unnamed);
    assert.equal(
      verdict(206, {'content-range': 'bytes 0-99/100'}),
      `ask-for-all: the server sent bytes from 0 on ${instead}`,
    );
  });

  it('may be the whole file, for one of two reasons', () => {
    assert.equal(verdict(200, {}), 'begin: the server sends files only as a whole (no Range)');
    assert.equal(verdict(200, {etag: '"v2"'}), 'begin: the file has changed on the server');
    assert.equal(verdict(200, {'accept-ranges': 'bytes'}), 'begin: the file has changed on the server');
  });

  it('may ask to wait, in seconds or until a date, which is obeyed within reason', () => {
    assert.equal(verdict(503, {}), 'again after null ms');
    assert.equal(verdict(503, {'retry-after': '7'}), 'again after 7000 ms');
    assert.equal(verdict(429, {'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT'}), 'again after 60000 ms');
    assert.equal(verdict(503, {'retry-after': 'Thu, 01 Jan 2020 00:00:00 GMT'}), 'again after 0 ms');
    assert.equal(
      verdict(429, {'retry-after': '86400'}),
      'lasting: https://h.org/f.tgz answers 429 (too many requests); the server asks to come back in 1,440 minutes',
    );
  });

  it('may be final', () => {
    assert.match(
      verdict(401, {}),
      /answers 401 \(a name and a password are needed\); give them in the url: .*\$\{env:NAME\}$/,
    );
    for (const status of [204, 304, 400, 403, 410, 451]) assert.match(verdict(status, {}), /^lasting: /);
    for (const status of [408, 425, 429, 500, 502, 504])
      assert.equal(verdict(status, {}), 'again after null ms');
  });
});

describe('waiting before the next attempt', () => {
  it('doubles up to a minute, less up to a half by chance', () => {
    const waits = (random: number) =>
      [1, 2, 3, 7, 40].map((failures) => backOffMs(failures, {firstMs: 1000, retryAfterMs: null, random}));
    assert.deepEqual(waits(1), [1000, 2000, 4000, 60_000, 60_000]);
    assert.deepEqual(waits(0), [500, 1000, 2000, 30_000, 30_000]);
  });

  it('is never shorter than the server asks', () => {
    assert.equal(backOffMs(1, {firstMs: 1000, retryAfterMs: 20_000, random: 0}), 20_500);
  });
});

describe('a connection that cannot be made', () => {
  const url = new URL('https://h.org/f.tgz');
  const failing = (code: string, message: string): string => {
    const fault = connectionFault(Object.assign(new Error(message), {code}), url);
    return fault.is === 'stopped' ? '' : `${fault.is}: ${fault.message}`;
  };

  it('may be made later, unless the server is not to be trusted or the proxy refuses', () => {
    const unknown = 'getaddrinfo ENOTFOUND h.org';
    assert.equal(failing('ENOTFOUND', unknown), `passing: h.org cannot be reached: ${unknown}`);
    assert.equal(failing('ECONNRESET', 'read ECONNRESET'), 'passing: the connection to h.org broke off');
    const text = 'self-signed certificate in certificate chain';
    assert.equal(failing('SELF_SIGNED_CERT_IN_CHAIN', text), `lasting: h.org is not trusted: ${text}`);
    const refused = (status: number) => `Proxy response (${status}) !== 200 when HTTP Tunneling`;
    assert.equal(
      failing('UND_ERR_ABORTED', refused(407)),
      'lasting: the proxy refuses to connect to h.org (407)',
    );
    assert.equal(
      failing('UND_ERR_ABORTED', refused(502)),
      'passing: the proxy refuses to connect to h.org (502)',
    );
  });

  it('is told by its last attempt where a host has several addresses', () => {
    const attempts = ['::1', '127.0.0.1'].map((address) => new Error(`connect ECONNREFUSED ${address}:443`));
    const fault = connectionFault(new AggregateError(attempts), url);
    assert.ok(fault.is === 'passing');
    assert.equal(fault.message, 'h.org cannot be reached: connect ECONNREFUSED 127.0.0.1:443');
  });
});

describe('an address, as it is shown', () => {
  it('has no name, no password, no query and no long ticket', () => {
    const ticket = 'b1!'.padEnd(90, 'x');
    assert.equal(
      shownUrl(new URL(`https://anna:pw@h.org:8443/d/${ticket}/download?token=t#x`)),
      'https://h.org:8443/d/b1!xxxxxxxxxxxxx…/download?…',
    );
    const static_ = 'https://nihcc.box.com/shared/static/vfk49d74nhbxq3nqjg0900w5nvkorp5c.gz';
    assert.equal(shownUrl(new URL(static_)), static_);
  });
});
