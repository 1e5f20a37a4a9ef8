/**
 * What is said of a call of which a part went unheard.
 */

/** Nobody of ours heard how it ended. */
export const LOST_BEFORE_END = 'the connection was lost before its end';
export const HUNG_UP_BEFORE = 'hung up before the message began';
export const HUNG_UP_DURING = 'hung up before the message was over';
export const UNKNOWN_LENGTH = 'it is not known whether the message was heard to its end';
export const LACKS_KEY = 'a key pressed while nobody of ours was connected may have been missed';
