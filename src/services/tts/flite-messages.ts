/**
 * What the embedded voice and its thread say to each other.
 */
import type { TelephoneSound } from './wav.ts';

export interface FliteRequest {
  readonly voice: string;
  /** ASCII. */
  readonly text: string;
  /** Where text and sound lie while they are worked on. Made if it is not there. */
  readonly folder: string;
}

export type FliteAnswer =
  | TelephoneSound
  /** The program broke over this text, and would again. */
  | { readonly type: 'trapped'; readonly found: string }
  /** The program could not be loaded. */
  | { readonly type: 'unusable'; readonly found: string }
  | { readonly type: 'failed'; readonly code: string; readonly found: string };
