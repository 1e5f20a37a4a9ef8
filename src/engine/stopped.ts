/**
 * The run is to end: work in progress is left as the journal has it, for the next run to go on
 * with. The reason of the run's stop signal, and what keeps a call from beginning after its hour.
 */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

export function tooLate(): Stopped {
  return new Stopped('no call begins after the hour at which the run ends');
}
