/**
 * What may be shown of a person in logs and on screen.
 */

/** `+14155550134` becomes `+1 415 *** **34`; other countries keep four digits: `+4420 *** **23`. */
export function maskPhone(phone: string): string {
  const digits = phone.replace(/\D/g, '');
  const end = digits.slice(-2);
  if (digits.startsWith('1') && digits.length === 11) {
    return `+1 ${digits.slice(1, 4)} *** **${end}`;
  }
  return `+${digits.slice(0, 4)} *** **${end}`;
}

/** With a plus sign, or as North Americans write it; a plain row of digits is an id. */
const LOOKS_LIKE_A_NUMBER = /^\+\d[\d ().-]{6,20}$|^(1[-. ])?\(?\d{3}\)?[-. ]?\d{3}[-. ]\d{4}$/;

/** A contact's id as shown: an id that is a telephone number is masked like one. */
export function maskContactId(id: string): string {
  return LOOKS_LIKE_A_NUMBER.test(id) ? maskPhone(id) : id;
}

/** Masks every E.164 number in a text, also one that was made safe for a file name or a URL. */
export function maskNumbers(text: string): string {
  return text.replace(/(?:\+|%2B)\d{7,15}(?!\d)/gi, (number) =>
    maskPhone(number.replace(/^%2B/i, '+')),
  );
}
