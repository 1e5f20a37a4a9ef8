/**
 * What the engine needs from the world, in its own words. Everyone else implements these, and comes
 * in by this door.
 */
export type * from './ports/alerts.ts';
export type * from './ports/journal.ts';
export { STAGES } from './ports/journal.ts';
export type * from './ports/rows.ts';
export type * from './ports/services.ts';
export type * from './ports/world.ts';
