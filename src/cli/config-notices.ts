/**
 * What the operator should know of the settings before the first call, though nothing is wrong with
 * them. `check` and `run` say the same.
 */
import { audioNotices } from './audio-address.ts';
import { answerNotices } from './config-answers.ts';
import { endpointNotices } from './config-asterisk.ts';
import { crmNotices } from './crm-notices.ts';
import { realDialerNotice, rings } from './dialer-notice.ts';
import type { Config } from './settings.ts';

export interface ConfigNotice {
  readonly code: 'settings' | 'real_calls';
  readonly message: string;
}

export function configNotices(config: Config): readonly ConfigNotice[] {
  const settings = [
    ...answerNotices(config),
    ...audioNotices(config),
    ...crmNotices(config),
    ...endpointNotices(config),
  ].map((message) => ({ code: 'settings' as const, message }));
  const real = realDialerNotice(config.services.dialer.some(rings));
  return real === undefined ? settings : [...settings, { code: 'real_calls', message: real }];
}
