import { basename, extname } from 'node:path';
import { CommandFailure, EXIT } from './exit.ts';

const LENGTH_MAX = 100;

/**
 * The campaign a list belongs to: `--name`, else the list's file name without its ending. It names
 * a folder, so it has no slashes, no control characters and no leading dot.
 */
export function campaignName(list: string, given: string | undefined): string {
  const name = given ?? basename(list, extname(list));
  if (isCampaignName(name)) {
    return name;
  }
  const from = given === undefined ? `the list's file name gives the campaign "${name}"` : `--name`;
  throw new CommandFailure(
    EXIT.usage,
    `${from}: found "${name}", allowed: 1 to ${LENGTH_MAX} characters, no slash, no backslash, ` +
      'no colon, no control character, not beginning with a dot or a hyphen',
    given === undefined ? 'Give the campaign a name with --name.' : undefined,
  );
}

export function isCampaignName(name: string): boolean {
  return name.length <= LENGTH_MAX && /^[^.\-/\\:\p{Cc}][^/\\:\p{Cc}]*$/u.test(name);
}
