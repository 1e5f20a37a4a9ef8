/** Why a row of the list is not taken. */
export type RefusalCode =
  | 'unclosed_quote'
  | 'bad_quote'
  | 'too_long'
  | 'too_few_cells'
  | 'too_many_cells'
  | 'no_number'
  | 'not_a_number'
  | 'impossible_number'
  | 'extension'
  | 'no_id'
  | 'bad_id'
  | 'bad_language'
  | 'bad_timezone'
  | 'same_id'
  | 'same_number';

export interface Refusal {
  readonly code: RefusalCode;
  /** For people and logs: says nothing that identifies the contact. */
  readonly reason: string;
}
