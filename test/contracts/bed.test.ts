import { expect, it } from 'vitest';
import { FREE_SERVICES, SERVICE_NAMES } from '../../src/cli/service-names.ts';
import { UNHELD, VENDORS } from './bed.ts';

it('every service is held against a contract, or the run of the contracts says why not', () => {
  const told = [...VENDORS, ...Object.keys(UNHELD), ...FREE_SERVICES];
  expect(told.toSorted()).toEqual([...SERVICE_NAMES].toSorted());
});
