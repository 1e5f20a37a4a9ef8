import { dirname, join, relative } from 'node:path';
import type { Config } from './settings.ts';

/** Where one campaign keeps its things. Absolute paths. */
export interface CampaignFolders {
  readonly output: string;
  readonly results: string;
  readonly rejected: string;
  /** Shared by all campaigns of a store: the same words are spoken once. */
  readonly audio: string;
}

export function campaignFolders(config: Config, campaign: string): CampaignFolders {
  const output = join(config.output.folder, campaign);
  return {
    output,
    results: join(output, 'results.csv'),
    rejected: join(output, 'rejected.csv'),
    audio: join(dirname(config.store.path), 'audio'),
  };
}

/** A path as a person in `folder` would type it. */
export function shownPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short === '' || short.startsWith('..') ? path : short;
}
