/** Whom the bed has: what a callee does is in the last digits of the number. */
import { isValidPhoneNumber } from 'libphonenumber-js';

export const phone = (last: string, area = '202'): string => `+1${area}55501${last}`;

/** Different people of one kind: as many area codes as there are. */
export function people(count: number, last = '01'): string[] {
  const areas = Array.from({ length: 780 }, (_, index) => String(201 + index));
  return areas
    .map((area) => phone(last, area))
    .filter((number) => isValidPhoneNumber(number))
    .slice(0, count);
}

/** By the last two digits: how a call to such a callee ends. */
export const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  '01': ['answered'],
  '02': ['busy'],
  '03': ['no_answer'],
  '04': ['answered'],
  '05': ['failed'],
  '06': ['invalid_number'],
  '07': ['answered'],
  '08': ['no_answer'],
  '10': ['answered'],
  '11': ['answered'],
  '12': ['answered'],
  '13': ['failed'],
  '14': ['invalid_number'],
  '15': ['answered'],
  '16': ['answered'],
};
