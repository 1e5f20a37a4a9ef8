/**
 * The key file of a Google service account, looked over before Google is asked: what is wrong with
 * it is said here in better words than a signature that fails.
 */
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ServiceFailure } from '../../domain/failure.ts';

export interface ServiceAccount {
  /** Whom a sheet has to be shared with. */
  readonly email: string;
  /** PEM. */
  readonly privateKey: string;
  readonly keyId: string | undefined;
  readonly project: string | undefined;
}

const FILE_BYTES_MAX = 100_000;
const MAKE_ONE = 'make a key for the service account in the Google Cloud console, as JSON';

/**
 * @param path absolute
 * @throws ServiceFailure that names the file, and never what is in it
 */
export async function readServiceAccount(path: string): Promise<ServiceAccount> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw wrong(path, code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`);
  }
  const found = text.length > FILE_BYTES_MAX ? undefined : jsonOf(text);
  if (found === undefined) throw wrong(path, `it is not JSON; ${MAKE_ONE}`);
  return accountOf(found, path);
}

function accountOf(found: Readonly<Record<string, unknown>>, path: string): ServiceAccount {
  const { type, client_email: email, private_key: privateKey } = found;
  if (type !== 'service_account') {
    throw wrong(path, `it is ${kindOf(found)}, not the key of a service account; ${MAKE_ONE}`);
  }
  if (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw wrong(path, `it has no client_email; ${MAKE_ONE}`);
  }
  if (typeof privateKey !== 'string' || !isRsaKey(privateKey)) {
    throw wrong(path, `its private_key is not a whole key (cut off, or edited?); ${MAKE_ONE}`);
  }
  return {
    email,
    privateKey,
    keyId: word(found['private_key_id']),
    project: word(found['project_id']),
  };
}

/** What people take for it. */
function kindOf(found: Readonly<Record<string, unknown>>): string {
  if ('installed' in found || 'web' in found) return 'the key of an OAuth client';
  if (found['type'] === 'authorized_user') return "a person's own login";
  return 'some other JSON';
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function wrong(path: string, what: string): ServiceFailure {
  const message = `google_sheets.service_account: ${path}: ${what}`;
  return new ServiceFailure(message, { kind: 'permanent', scope: 'service', code: 'key_file' });
}
