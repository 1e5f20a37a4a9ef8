/**
 * Why a list cannot be used. `not_found`, `is_folder` and `unreadable` are about the file;
 * `not_text`, `empty`, `no_phone_column`, `ambiguous_header` and `no_valid_row` about what it
 * holds; `rejects_unwritable` about the file that the refused rows go to.
 */
export type ListErrorCode =
  | 'not_found'
  | 'is_folder'
  | 'unreadable'
  | 'not_text'
  | 'empty'
  | 'no_phone_column'
  | 'ambiguous_header'
  | 'no_valid_row'
  | 'rejects_unwritable';

/** The message says which list, what was found, what is allowed; the hint what to do about it. */
export class ListError extends Error {
  override readonly name = 'ListError';
  readonly code: ListErrorCode;
  readonly hint: string | undefined;

  constructor(code: ListErrorCode, message: string, hint?: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }
}
