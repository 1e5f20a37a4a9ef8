/**
 * `campaign health`: asks every service in use once whether it would work, as the health checker
 * of a run does, and the Google spreadsheet where one is on. Rings nobody.
 */
import { resolve } from 'node:path';
import { counted, listed } from '../../domain/text.ts';
import { checkServices, isWell, serviceCheckDocuments, serviceLines } from '../check-online.ts';
import { checkSheet, sheetLines, sheetProblems } from '../check-sheets.ts';
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit.ts';
import type { World } from '../world.ts';

export interface HealthOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** Throws what ends a command: see `cli/exit.ts`. */
export async function health(world: World, options: HealthOptions): Promise<number> {
  const config = await loadConfig({
    file: resolve(world.folder, options.config),
    shownAs: options.config,
    env: world.env,
  });
  const [checks, sheet] = await Promise.all([
    checkServices(world, config),
    checkSheet(world, config, true),
  ]);
  const ill = checks.filter((one) => !isWell(one)).map(({ key }) => key);
  const problems = sheetProblems(sheet);
  const isHealthy = ill.length + problems.length === 0;
  const output = options.json === true ? world.stderr : world.stdout;
  const sheetText = sheet === undefined ? [] : ['', ...sheetLines(sheet)];
  output.write(`${[...serviceLines(checks), ...sheetText].join('\n')}\n`);
  if (ill.length > 0) {
    const count = counted(checks.length, 'service');
    world.stderr.write(`campaign: ${ill.length} of ${count} would not work: ${listed(ill)}\n`);
  }
  for (const { text } of problems) world.stderr.write(`campaign: ${text}\n`);
  if (options.json === true) {
    const status = isHealthy ? 'healthy' : 'unhealthy';
    const services = serviceCheckDocuments(checks);
    const document = { status, services, google_sheets: sheet };
    world.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  return isHealthy ? EXIT.ok : EXIT.unavailable;
}
