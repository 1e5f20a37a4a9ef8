/**
 * Alerts that a channel has yet to take: whoever reads the status has not been told of them.
 */
import { type AlertSeverity, bySeverity } from '../domain/alert.ts';
import { counted, spanText } from '../domain/text.ts';
import type { OwedAlert } from '../engine/ports.ts';
import type { AlertSettings } from './config-alerts.ts';
import { isoTime } from './run-document.ts';

export interface OwedAlertsLine {
  readonly channel: string;
  readonly alerts: number;
  /** The oldest. */
  readonly since: string;
  /** Of the most severe one. */
  readonly severity: AlertSeverity;
  readonly title: string;
  /** Whether config.yml has this channel on: else no run sends them. */
  readonly enabled: boolean;
  /** Of those, how many it has refused; of the runs that are on, none offers them again. */
  readonly refused: number;
}

/** @param runsMs since when the runs are on; milliseconds since the epoch */
export function owedAlertsLines(
  owed: readonly OwedAlert[],
  settings: AlertSettings,
  runsMs: readonly number[],
): readonly OwedAlertsLine[] {
  const isRefused = ({ refusedMs }: OwedAlert): boolean =>
    refusedMs !== undefined && runsMs.every((runMs) => runMs <= refusedMs);
  const byChannel = Map.groupBy(owed, ({ channel }) => channel);
  return [...byChannel].flatMap(([channel, its]) => {
    const [worst] = its.toSorted((one, other) =>
      bySeverity(one.alert.severity, other.alert.severity),
    );
    if (worst === undefined) return [];
    const { severity, title } = worst.alert;
    const since = isoTime(Math.min(...its.map(({ owedMs }) => owedMs)));
    const alerts = its.length;
    const refused = its.filter(isRefused).length;
    return [{ channel, alerts, since, severity, title, enabled: isOn(channel, settings), refused }];
  });
}

function isOn(channel: string, { email, telegram, webhook }: AlertSettings): boolean {
  const channels: Readonly<Record<string, { readonly enabled: boolean }>> = {
    email,
    telegram,
    webhook,
  };
  return channels[channel]?.enabled === true;
}

/** @param isRunning a run is on, which tries by itself */
export function owedAlertsText(line: OwedAlertsLine, isRunning: boolean, wallMs: number): string {
  const { channel, alerts, since, severity, title, enabled } = line;
  const span = spanText(Math.max(0, wallMs - Date.parse(since)));
  const who = isRunning ? whileRunning(line) : 'the next run tries again';
  const then = enabled ? who : `alerts.${channel} is not on in config.yml, so no run sends them`;
  const worst = `${alerts === 1 ? '' : 'the worst: '}${severity}: ${title}`;
  return (
    `${channel} has not taken ${counted(alerts, 'alert')} (${worst}) since ${since} (${span}); ` +
    then
  );
}

/** What was refused is refused again, until somebody has mended what a run reads as it begins. */
function whileRunning({ alerts, refused }: OwedAlertsLine): string {
  if (refused === 0) return 'the run that is on tries again';
  const tried = '"campaign alert-test" says what is wrong';
  return refused === alerts
    ? `it refused ${alerts === 1 ? 'it' : 'them'}: only the next run tries again; ${tried}`
    : `it refused ${refused} of them, which only the next run tries again; ${tried}`;
}
