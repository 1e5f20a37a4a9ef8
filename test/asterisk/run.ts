/**
 * Campaigns on a real Asterisk that is set up by docs/guide/asterisk.md, with the carrier's own
 * call records and what each callee heard as the witnesses. It takes half an hour, so it is run by
 * hand:
 *
 *     npm run test:asterisk                              (both dialers, everything)
 *     npm run test:asterisk -- asterisk-ari crash load   (one dialer, some of it)
 *
 * It needs the bed of `../shared/asterisk-bed`, or of ASTERISK_BED_SCRIPT; without, it says that it
 * skipped.
 */
import { AlertDesk } from './alert-desk.ts';
import { Bed, bedScript } from './bed.ts';
import type { DialerName } from './campaign.ts';
import { ONLY_BY_ARI, SCENARIOS } from './scenarios.ts';

const DIALERS = ['asterisk-ari', 'asterisk-ami'] as const;

async function main(): Promise<void> {
  const script = bedScript();
  if (script === undefined) {
    process.stdout.write(
      'test:asterisk skipped: there is no ../shared/asterisk-bed, and no ASTERISK_BED_SCRIPT\n',
    );
    return;
  }
  const asked = process.argv.slice(2);
  const dialers = DIALERS.filter((name) => asked.includes(name));
  const names = Object.keys(SCENARIOS).filter((name) => asked.includes(name));
  const unknown = asked.filter((word) => ![...DIALERS, ...Object.keys(SCENARIOS)].includes(word));
  if (unknown.length > 0) {
    const known = [...DIALERS, ...Object.keys(SCENARIOS)].join(', ');
    throw new Error(`unknown: ${unknown.join(', ')}; there are ${known}`);
  }
  await using desk = await AlertDesk.open();
  const bed = new Bed(script, desk);
  let failures = 0;
  for (const dialer of dialers.length === 0 ? DIALERS : dialers) {
    for (const name of names.length === 0 ? Object.keys(SCENARIOS) : names) {
      failures += await judge(bed, dialer, name);
    }
  }
  await bed.run('down');
  process.exitCode = failures === 0 ? 0 : 1;
}

async function judge(bed: Bed, dialer: DialerName, name: string): Promise<number> {
  if (dialer !== 'asterisk-ari' && ONLY_BY_ARI.has(name)) {
    process.stdout.write(`${dialer} ${name}: skipped, only asterisk-ari has it\n`);
    return 0;
  }
  // A fresh one each time: the witness counts from nothing.
  await bed.run('down');
  await bed.up();
  const startMs = performance.now();
  const figures: string[] = [];
  const note = (figure: string) => void figures.push(figure);
  const findings = await SCENARIOS[name]?.(bed, dialer, note).catch((error: unknown) => [
    String(error),
  ]);
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  const told = [...figures, ...(findings ?? [])].map((line) => `\n    ${line}`).join('');
  const verdict = findings?.length === 0 ? 'ok' : 'FAILED';
  process.stdout.write(`${dialer} ${name}: ${verdict}, ${seconds} s${told}\n`);
  return findings?.length ?? 0;
}

await main();
