/** Whether a dialer of that name makes a phone ring. */
export function rings(dialer: string): boolean {
  return dialer !== 'preview';
}

/**
 * What somebody about to ring real people must know of this version; undefined where no phone
 * rings.
 */
export function realDialerNotice(phonesRing: boolean): string | undefined {
  return phonesRing
    ? 'This version knows no calling hours, and rings nobody a second time after no answer; of ' +
        'who must not be rung it knows the numbers of `campaign opt-outs` and no other. Start it ' +
        'only within the hours, and with a list of people, that may be rung.'
    : undefined;
}
