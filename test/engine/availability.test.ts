import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/domain/words.ts';
import { Availability, type Gate, type Readiness } from '../../src/engine/availability.ts';
import { STAGES } from '../../src/engine/ports.ts';

const READY: Readiness = { state: 'ready' };
const away = (retryAfterMs: number): Readiness => ({ state: 'closed_until', retryAfterMs });
const probe = (permits: number, permitsMax = 1): Readiness => ({
  state: 'probe',
  permits,
  permitsMax,
});

interface FakeGate extends Gate {
  standing: Readiness;
}

function gate(service: string, role: Role, standing: Readiness = READY): FakeGate {
  return {
    service,
    role,
    opening: 1,
    standing,
    readiness() {
      return this.standing;
    },
    onChange: () => () => undefined,
  };
}

function world(over: Partial<Record<Role, readonly FakeGate[]>> = {}, looksUp = false) {
  const gates = { llm: [gate('l', 'llm')], tts: [gate('t', 'tts')], ...over };
  return new Availability(
    [
      ...gates.llm,
      ...gates.tts,
      ...(over.dialer ?? [gate('d', 'dialer')]),
      ...(over.crm ?? [gate('c', 'crm')]),
    ],
    looksUp,
  );
}

describe('who can get through', () => {
  it('everybody, where everything works', () => {
    expect(world().open()).toEqual(STAGES);
  });

  it('whoever waits for this service, and not for another of its role', () => {
    const held: Readiness = { state: 'ready', heldMs: 5_000 };
    const dialer = [gate('one', 'dialer', probe(1)), gate('other', 'dialer', away(1))];
    const availability = world({
      dialer,
      tts: [gate('t', 'tts', held)],
      crm: [gate('c', 'crm', held)],
    });
    expect(availability.isFree('dialer', 'one')).toBe(true);
    expect(availability.isFree('dialer', 'other')).toBe(false);
    expect(availability.isFree('dialer', 'no such')).toBe(false);
    // Lines wait out a pause; records do not.
    expect(availability.isFree('tts', 't')).toBe(true);
    expect(availability.isFree('crm', 'c')).toBe(false);
  });

  it('whoever does not need what is away', () => {
    const roles: readonly Role[] = ['llm', 'tts', 'dialer', 'crm'];
    const open = roles.map((role) => world({ [role]: [gate('x', role, away(1))] }).open());
    expect(open).toEqual([
      ['scripted', 'spoken', 'dialling', 'owed', 'doubted'],
      ['spoken', 'dialling', 'owed', 'doubted'],
      ['dialling', 'owed', 'doubted'],
      ['fresh', 'scripted', 'spoken', 'dialling', 'doubted'],
    ]);
  });

  it('whoever is spoken to by the dialer itself, where nobody speaks the texts', () => {
    const gates = [gate('l', 'llm'), gate('t', 'tts', away(1)), gate('d', 'dialer')];
    expect(new Availability([...gates, gate('c', 'crm')], false, false).open()).toEqual(STAGES);
    expect(new Availability([...gates, gate('c', 'crm')], false, true).open()).toEqual([
      'spoken',
      'dialling',
      'owed',
      'doubted',
    ]);
  });

  it('nobody new while a lookup that the script needs is away', () => {
    const crm = [gate('x', 'crm', away(1))];
    expect(world({ crm }, true).open()).toEqual(['scripted', 'spoken', 'dialling', 'doubted']);
  });

  it('everybody, while a fallback works', () => {
    const tts = [gate('first', 'tts', away(9_000)), gate('second', 'tts')];
    expect(world({ tts }).open()).toEqual(STAGES);
  });

  it('all but a record that is owed, while the CRM has asked for a pause', () => {
    const crm = [gate('x', 'crm', { state: 'ready', heldMs: 30_000 })];
    const availability = world({ crm }, true);
    expect(availability.open()).toEqual(['fresh', 'scripted', 'spoken', 'dialling', 'doubted']);
    expect(availability.blocked('owed')).toMatchObject([{ role: 'crm', retryAfterMs: 30_000 }]);
  });

  it('says who is away, and when the earliest may be asked', () => {
    const tts = [gate('first', 'tts', away(9_000)), gate('second', 'tts', away(4_000))];
    expect(world({ tts }).blocked('fresh')).toEqual([
      {
        role: 'tts',
        services: ['first', 'second'],
        retryAfterMs: 4_000,
        isTried: false,
        opening: 'first:1 second:1',
      },
    ]);
  });
});

describe('a service that is being tried', () => {
  it('may be back long before the other one of its role', () => {
    const tts = [gate('first', 'tts', away(60_000)), gate('second', 'tts', probe(1, 1))];
    const availability = world({ tts });
    availability.enter('fresh');
    expect(availability.blocked('fresh')[0]).toMatchObject({ retryAfterMs: 60_000, isTried: true });
  });

  it('gets as many contacts as it has permits, counted from the moment they are taken', () => {
    const availability = world({ tts: [gate('t', 'tts', probe(2, 2))] });
    const first = availability.enter('fresh');
    expect(availability.blocked('fresh')).toEqual([]);
    const second = availability.enter('scripted');
    expect(availability.blocked('fresh')).toHaveLength(1);
    // Nothing but the result of the trial can tell when.
    expect(availability.blocked('fresh')[0]).toMatchObject({
      retryAfterMs: undefined,
      isTried: true,
    });
    expect(availability.blocked('spoken')).toEqual([]);
    second.release();
    second.release();
    expect(availability.blocked('fresh')).toEqual([]);
    first.release();
    expect(availability.blocked('fresh')).toEqual([]);
  });

  it('gets nobody while somebody else holds its only permit', () => {
    const availability = world({ tts: [gate('t', 'tts', probe(0))] });
    expect(availability.blocked('fresh')).toHaveLength(1);
  });

  it('is tried by the next once a trial is lost, whoever is still on the way', () => {
    const tts = gate('t', 'tts', probe(1));
    const those = world({ tts: [tts] });
    those.enter('fresh');
    tts.standing = { state: 'probe', permits: 0, permitsMax: 1, lapseMs: 8_000 };
    expect(those.blocked('fresh')).toMatchObject([{ isTried: true, lapseMs: 8_000 }]);
    tts.standing = { state: 'probe', permits: 1, permitsMax: 1, lost: 1 };
    expect(those.blocked('fresh')).toEqual([]);
    const next = those.enter('fresh');
    expect(those.blocked('fresh')).toHaveLength(1);
    next.release();
    expect(those.blocked('fresh')).toEqual([]);
  });

  it('is not tried by those who need nothing of it', () => {
    const tts = gate('t', 'tts', probe(1));
    const availability = world({ tts: [tts] });
    availability.enter('spoken');
    expect(availability.blocked('fresh')).toEqual([]);
  });
});
