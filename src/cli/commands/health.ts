/**
 * `campaign health`: asks every service in use once whether it would work, as the health checker
 * of a run does. Rings nobody.
 */
import { resolve } from 'node:path';
import { counted, listed } from '../../domain/text.ts';
import { checkServices, isWell, serviceCheckDocuments, serviceLines } from '../check-online.ts';
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
  const checks = await checkServices(world, config);
  const ill = checks.filter((one) => !isWell(one)).map(({ key }) => key);
  const output = options.json === true ? world.stderr : world.stdout;
  output.write(`${serviceLines(checks).join('\n')}\n`);
  if (ill.length > 0) {
    const count = counted(checks.length, 'service');
    world.stderr.write(`campaign: ${ill.length} of ${count} would not work: ${listed(ill)}\n`);
  }
  if (options.json === true) {
    const status = ill.length === 0 ? 'healthy' : 'unhealthy';
    const document = { status, services: serviceCheckDocuments(checks) };
    world.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  return ill.length === 0 ? EXIT.ok : EXIT.unavailable;
}
