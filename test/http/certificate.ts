import {createPrivateKey, generateKeyPairSync, sign} from 'node:crypto';

/** A key and a certificate for `localhost`, signed by itself, as PEM: for servers of tests, valid from 2020 to 2049. */
export function makeCertificate(): Readonly<{key: string; cert: string}> {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: {type: 'spki', format: 'der'},
    privateKeyEncoding: {type: 'pkcs8', format: 'pem'},
  });
  const algorithm = sequence(objectId('1.2.840.10045.4.3.2'));
  const name = sequence(set(sequence(objectId('2.5.4.3'), der(0x0c, Buffer.from('localhost')))));
  const validity = sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('490101000000Z')));
  const body = sequence(
    der(0xa0, integer(2)),
    integer(1),
    algorithm,
    ...[name, validity, name],
    pair.publicKey,
    der(0xa3, sequence(extension('2.5.29.17', sequence(der(0x82, Buffer.from('localhost')))), authority())),
  );
  const signature = sign('sha256', body, createPrivateKey(pair.privateKey));
  const certificate = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  const cert = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  return {key: pair.privateKey, cert};
}

/** That it may sign certificates: its own. */
function authority(): Buffer {
  return extension('2.5.29.19', sequence(der(0x01, Buffer.from([0xff]))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), der(0x04, value));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(0x31, ...parts);
}

function integer(value: number): Buffer {
  return der(0x02, Buffer.from([value]));
}

function objectId(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number);
  const bytes = rest.flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return der(0x06, Buffer.from([first! * 40 + second!, ...bytes]));
}

/** Tag, length, value: ITU-T X.690. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const {length} = value;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), value]);
  const head = length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), value]);
}
