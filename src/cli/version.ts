/** Kept equal to package.json by a test: reading that file would cost every start. */
export const VERSION = '0.1.0';

/** What every server is told of the program. */
export const USER_AGENT = `campaign/${VERSION}`;
