/**
 * What a file system's refusal means to the operator.
 */
import { DiskFailure, ServiceFailure } from '../domain/failure.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of the path is a file',
  EISDIR: 'it is a folder',
  EEXIST: 'something else has this name',
  EFBIG: 'the file would be longer than the system allows',
  EIO: 'the disk reports an error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
};

/** These pass by themselves when other work ends. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY', 'EINTR', 'ENOMEM']);

/** Whether an error came from the operating system, as opposed to a bug. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** `/srv/out/a.wav: the disk is full (ENOSPC)`. */
export function fileProblem(error: NodeJS.ErrnoException & { code: string }, path: string): string {
  return `${path}: ${REASONS[error.code] ?? error.message} (${error.code})`;
}

/** Nothing that a run does can be kept any more: waiting for the service would be no use. */
const DISK_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** Like `fileFailure`, for what has to be kept: a `DiskFailure` where the disk takes nothing. */
export function writeFailure(error: unknown, doing: string, path: string): unknown {
  return isSystemError(error) && DISK_ERRORS.has(error.code)
    ? new DiskFailure(`${doing} ${fileProblem(error, path)}`, error)
    : fileFailure(error, doing, path);
}

/**
 * A service's failure where the operating system refused, which concerns every contact alike; any
 * other error comes back as it is.
 *
 * @param doing what failed, such as `preview: cannot write`
 */
export function fileFailure(error: unknown, doing: string, path: string): unknown {
  if (!isSystemError(error)) {
    return error;
  }
  return new ServiceFailure(`${doing} ${fileProblem(error, path)}`, {
    kind: PASSING.has(error.code) ? 'transient' : 'permanent',
    scope: 'service',
    code: error.code,
    cause: error,
  });
}
