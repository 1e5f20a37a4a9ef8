import { generateKeyPairSync, sign } from 'node:crypto';

/** One element of DER: tag, length, contents. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts);
  const { length } = contents;
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), contents]);
}

/** A certificate (X.509, version 1, Ed25519) for 127.0.0.1 that nobody vouches for, in PEM. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const algorithm = der(0x30, Buffer.from('06032b6570', 'hex'));
  const commonName = Buffer.from('0603550403', 'hex');
  const text = der(0x0c, Buffer.from('127.0.0.1'));
  const name = der(0x30, der(0x31, der(0x30, commonName, text)));
  const time = (digits: string): Buffer => der(0x17, Buffer.from(`${digits}000000Z`));
  const serial = der(0x02, Buffer.from([1]));
  const validity = der(0x30, time('250101'), time('491231'));
  const subjectKey = publicKey.export({ type: 'spki', format: 'der' });
  const signed = der(0x30, serial, algorithm, name, validity, name, subjectKey);
  const signature = der(0x03, Buffer.from([0]), sign(null, signed, privateKey));
  const base64 = der(0x30, signed, algorithm, signature).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  };
}
