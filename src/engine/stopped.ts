/**
 * The reason of the run's stop signal: work in progress is left as the journal has it, for the
 * next run to go on with.
 */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}
