import type { AlertPolicies } from './alert-policy.ts';
import type { AlertWords } from './alert-text.ts';

/** What a figure says of an alert. */
export type Sign =
  | {
      readonly type: 'raised';
      readonly rule: keyof AlertPolicies;
      readonly key: string;
      readonly words: AlertWords;
      /** Milliseconds since the epoch. */
      readonly sinceMs: number;
      readonly service?: string | undefined;
      readonly affected?: number | undefined;
    }
  | { readonly type: 'cleared'; readonly key: string; readonly words: AlertWords }
  /** One thing more that happened because of it. */
  | { readonly type: 'joined'; readonly key: string }
  /** Worth telling, and over at once. */
  | {
      readonly type: 'noticed';
      readonly rule: keyof AlertPolicies;
      readonly key: string;
      readonly words: AlertWords;
    };
