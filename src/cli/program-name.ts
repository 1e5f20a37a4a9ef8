import type { World } from './world.ts';

/**
 * How the program was called, for the commands that a person is shown to copy. In a fresh clone it
 * is not on the PATH: there npx (or a script of npm's) starts it, and says so in the environment.
 */
export function programName({ env }: Pick<World, 'env'>): 'campaign' | 'npx campaign' {
  const isNpm = [env['npm_command'], env['npm_execpath']].some(
    (value) => value !== undefined && value !== '',
  );
  return isNpm ? 'npx campaign' : 'campaign';
}
