/**
 * What the operator should know of the CRM before the first call, though nothing is wrong.
 */
import type { Config } from './settings.ts';

export function crmNotices({ services, providers }: Config): readonly string[] {
  const notices: string[] = [];
  const [first, ...others] = services.crm;
  if (services.crm.includes('hubspot') && providers.hubspot.callIdProperty === undefined) {
    notices.push(
      'hubspot logs each call at least once: after a lost answer or a crash it may stand there ' +
        'twice, because its search lags. With providers.hubspot.call_id_property it is exactly ' +
        'once; docs/guide/vendors.md says how to make that property',
    );
  }
  if (services.crm.includes('webhook') && providers.webhook.secret === undefined) {
    notices.push(
      'webhook sends unsigned: without providers.webhook.secret the receiver cannot tell who ' +
        'calls it',
    );
  }
  if (others.length > 0) {
    notices.push(`${others.join(', ')} in services.crm gets only what ${first} cannot take`);
  }
  return notices;
}
