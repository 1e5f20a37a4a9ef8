import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/domain/alert.ts';
import {
  type AlertMoment,
  type AlertState,
  alertsAfter,
  alertsFound,
  type FoundOpen,
  isHeard,
  NO_ALERTS,
} from '../../src/domain/alert-rules.ts';
import { elsewhereText } from '../../src/domain/alert-sheet-text.ts';
import { alertText } from '../../src/domain/alert-text.ts';
import type { CampaignEvent, RunEnd } from '../../src/domain/event.ts';
import { breakersAfter, type RunBreakers } from '../../src/domain/run-breakers.ts';
import type { Role } from '../../src/domain/words.ts';
import { EVERY_EVENT } from '../support/every-event.ts';

const START_MS = Date.UTC(2026, 2, 2, 3);

function opened(service = 'elevenlabs', change: object = {}): CampaignEvent {
  const why = { kind: 'transient', code: 'http_503', message: 'the service is down' } as const;
  return { type: 'breaker.opened', service, role: 'tts', openMs: 60_000, ...why, ...change };
}

function closed(service = 'elevenlabs', outageMs = 7_500_000): CampaignEvent {
  return { type: 'breaker.closed', service, role: 'tts', outageMs };
}

/** Of one service in one role: what opens and closes its breaker. */
function breaker(service: string, role: Role) {
  return {
    down: (change: object = {}) => opened(service, { role, ...change }),
    back: (outageMs = 1_000): CampaignEvent => {
      return { type: 'breaker.closed', service, role, outageMs };
    },
    found: (isOpen: boolean) => ({ service, role, isOpen }),
  };
}

function failedCall(service?: string, contact = 'c1'): CampaignEvent {
  const why = { kind: 'transient', code: 'http_503', message: 'down' } as const;
  return { type: 'call.failed', contact, call: 'x', service, ...why };
}

function putOff(waitsFor?: readonly string[]): CampaignEvent {
  const reason = 'waits for somebody';
  return { type: 'contact.put_off', contact: 'c1', reason, delayMs: 1, waitsFor };
}

const contacts = { total: 3, done: 1, calling: 0, queued: 2, put_off: 0, uncertain: 0 };

function started(isSpent: boolean): CampaignEvent {
  return { type: 'run.started', lines: 1, contacts, isSpent };
}

function finished(end: RunEnd): CampaignEvent {
  return { type: 'run.finished', end, contacts, durationMs: 1_800_000 };
}

/** One campaign after the other, a second apart. */
class Judge {
  readonly told: Alert[] = [];
  state: AlertState = NO_ALERTS;
  wallMs = START_MS;
  breakers: RunBreakers = [];

  /** A run begins and finds these. */
  begin(campaign: string, ...breakers: RunBreakers): this {
    this.breakers = breakers;
    const open = breakers.filter(({ isOpen }) => isOpen);
    const found = open.map(({ service, role }): FoundOpen => {
      const why = { kind: 'transient', code: 'http_503', message: 'found down' } as const;
      const event = { type: 'breaker.opened', service, role, openMs: 0, ...why } as const;
      return { event, sinceMs: START_MS - 5_000 };
    });
    const { state, news } = alertsFound(this.state, found, this.moment(campaign));
    this.state = state;
    this.told.push(...news);
    this.wallMs += 1_000;
    return this;
  }

  moment(campaign = 'spring'): AlertMoment {
    const { wallMs, breakers } = this;
    return { campaign, wallMs, breakers, outageWaitMs: 1_800_000 };
  }

  take(...events: readonly CampaignEvent[]): this {
    for (const event of events) this.takeOf('spring', event);
    return this;
  }

  takeOf(campaign: string, event: CampaignEvent): this {
    this.breakers = breakersAfter(this.breakers, event);
    const { state, news } = alertsAfter(this.state, event, this.moment(campaign));
    this.state = state;
    this.told.push(...news);
    this.wallMs += 1_000;
    return this;
  }

  get brief(): string[] {
    return this.told.map(({ kind, key }) => `${kind} ${key}`);
  }
}

describe('a service that is down', () => {
  it('raises one alert, however often its breaker opens, and one recovery', () => {
    const judge = new Judge().take(opened(), opened(), opened(), closed(), closed());
    expect(judge.brief).toEqual(['raised service:elevenlabs', 'recovered service:elevenlabs']);
    expect(judge.state.size).toBe(0);
    expect(judge.told[1]).toMatchObject({
      severity: 'info',
      sinceMs: START_MS,
      durationMs: 7_500_000,
      service: 'elevenlabs',
      role: 'tts',
    });
    expect(judge.take(opened()).brief[2]).toBe('raised service:elevenlabs');
  });

  it('counts what follows from it, and tells the count with the recovery', () => {
    const judge = new Judge().take(failedCall('elevenlabs'), putOff(['elevenlabs']), opened());
    expect(judge.told[0]?.affected).toBe(0);
    judge.take(failedCall('elevenlabs'), putOff(['openai', 'elevenlabs']));
    // Neither is about it: another service, the record that was refused.
    judge.take(failedCall('hubspot'), failedCall(), putOff());
    expect(judge.brief).toHaveLength(1);
    expect(judge.state.get('service:elevenlabs')?.affected).toBe(2);
    expect(judge.take(closed()).told[1]?.affected).toBe(2);
  });

  it('changes nothing, not even the object, where nothing is to be said', () => {
    const judge = new Judge().take(opened());
    const { state } = judge;
    const moment = judge.moment();
    for (const event of [failedCall('hubspot'), putOff(), closed('hubspot'), finished('stopped')]) {
      expect(alertsAfter(state, event, moment).state).toBe(state);
    }
  });

  it('is told in words for three in the morning', () => {
    const [alert] = new Judge().take(opened()).told as [Alert];
    expect(alertText(alert)).toBe(
      [
        'elevenlabs, which speaks the texts, does not work',
        '',
        'What happened: the service is down (http_503).',
        'Since: 2026-03-02 03:00 UTC',
        'Affected so far: nobody',
        'What the program does: elevenlabs is left alone, and tried again in 1 min and then less ' +
          'and less often. Contacts who need it wait in the queue. Nobody is lost, and no ' +
          'call is used up. If nothing gets through for 30 min, the run ends, and the next one ' +
          'goes on where it stopped.',
        'What you can do: Nothing, if it comes back by itself: one more message says so. If it ' +
          'lasts, see whether others have trouble with elevenlabs too, whether this machine ' +
          'reaches it, or name another service for the same work in config.yml.',
        'Campaign: spring',
        '',
      ].join('\n'),
    );
  });

  it('says of a dialer whose audio is not heard that people were rung for nothing', () => {
    const about = { service: 'asterisk-ami', role: 'dialer', kind: 'permanent' } as const;
    const why = { ...about, code: 'no_audio', message: 'could not play the audio' } as const;
    const judge = new Judge().take(opened('asterisk-ami', why));
    const [alert] = judge.told as [Alert];
    const text = alertText(alert);
    // Those who were on the line by then heard nothing either.
    for (const contact of ['c1', 'c2', 'c2']) {
      const tried = { contact, attempt: 1, scope: 'service', durationMs: 0 } as const;
      judge.take({ type: 'attempt.failed', ...why, ...tried });
    }
    expect(judge.state.get('service:asterisk-ami')?.contacts).toBe(2);
    expect(text).toMatch(/^asterisk-ami, which makes the calls, cannot play the audio/);
    expect(text).toContain('picked up heard nothing, and has the outcome failed');
    expect(text).toContain('in 1 min, and then less and less often, one more is rung to try it');
    expect(text).toContain('"campaign settle NAME CONTACT again"');
    expect(text).not.toMatch(/Nobody is lost|no call is used up|credit/);
  });

  it('says of one whose health check is good that it may be what it is asked', () => {
    const failing = { sinceMs: START_MS, isWell: true };
    const { news } = alertsAfter(NO_ALERTS, opened(), { ...new Judge().moment(), failing });
    expect(news[0]?.toDo).toMatch(/^Its health check is good all the same\. .*"campaign status"/);
  });

  it('says when it is back what had happened, for how long, and to how many', () => {
    const judge = new Judge().take(opened(), failedCall('elevenlabs'), closed());
    const text = alertText(judge.told[1] as Alert);
    expect(text).toContain('elevenlabs, which speaks the texts, works again\n');
    expect(text).toContain('It was away for 2 h 5 min. Last heard of it: the service is down');
    expect(text).toContain('Lasted: 2 h 5 min');
    expect(text).toContain('Affected in all: 1 contact\n');
  });

  it('counts each contact once, and says how often where that is more', () => {
    const again = [failedCall('elevenlabs'), failedCall('elevenlabs')];
    const one = new Judge().take(opened(), ...again, closed());
    expect(alertText(one.told[1] as Alert)).toContain('Affected in all: 1 contact, 2 times\n');
    const more = new Judge().take(opened(), ...again, failedCall('elevenlabs', 'c2'), closed());
    expect(alertText(more.told[1] as Alert)).toContain(
      'Affected in all: 2 contacts, some more than once: 3 times\n',
    );
    expect(more.told[1]).toMatchObject({ contacts: 2, affected: 3 });
    expect(more.told[1]?.contactNames).toBeUndefined();
  });

  it('tells contacts of two campaigns apart', () => {
    const judge = new Judge().take(opened(), failedCall('elevenlabs'));
    judge.takeOf('summer', failedCall('elevenlabs'));
    expect(judge.state.get('service:elevenlabs')).toMatchObject({ contacts: 2, affected: 2 });
  });

  it('tells no more than a thousand contacts apart, and says so', () => {
    const many = Array.from({ length: 1_001 }, (_, at) => failedCall('elevenlabs', `c${at}`));
    const full = new Judge().take(opened(), ...many.slice(1));
    const text = (judge: Judge) => alertText(judge.state.get('service:elevenlabs') as Alert);
    expect(text(full)).toContain('Affected so far: 1,000 contacts\n');
    expect(text(full.take(...many.slice(0, 2)))).toContain(
      'Affected so far: more than 1,000 contacts, some more than once: 1,002 times\n',
    );
  });

  it('says nothing of contacts where an earlier version did not keep them', () => {
    const judge = new Judge().take(opened());
    const {
      contacts: _,
      contactNames: __,
      ...old
    } = judge.state.get('service:elevenlabs') as Alert;
    judge.state = new Map([[old.key, { ...old, affected: 4 }]]);
    judge.take(failedCall('elevenlabs'), closed());
    expect(judge.told[1]).toMatchObject({ affected: 5 });
    expect(alertText(judge.told[1] as Alert)).not.toContain('Affected');
  });

  it('is told apart from one that refuses us', () => {
    const refusal = { kind: 'permanent', code: 'http_401', message: 'invalid api key' };
    const judge = new Judge().take(opened('openai', refusal));
    expect(judge.told[0]).toMatchObject({
      severity: 'critical',
      title: 'openai, which speaks the texts, refuses to work for us',
      what: 'invalid api key (http_401).',
    });
    expect(judge.told[0]?.toDo).toContain('key');
    // The cause of an open alert is kept up to date.
    judge.take(opened('flite'), opened('flite', refusal));
    expect(judge.told).toHaveLength(2);
    expect(judge.state.get('service:flite')?.title).toContain('refuses to work for us');
  });

  it('never tells a number, nor a whole page of what a vendor answered', () => {
    const page = `no route to +14155550134\n\n<html>${'x'.repeat(5_000)}`;
    const [alert] = new Judge().take(opened('twilio', { message: page })).told as [Alert];
    expect(alert.what).toMatch(/^no route to \+1 415 \*\*\* \*\*34 <html>x+…/);
    expect(alertText(alert).length).toBeLessThan(1_200);
    expect(alertText(alert)).not.toContain('4155550134');
  });

  it('says who does its work meanwhile, where anybody does', () => {
    const judge = new Judge();
    const [first, second] = [breaker('elevenlabs', 'tts'), breaker('flite', 'tts')];
    judge.begin('spring', first.found(false), second.found(false));
    judge.take(first.down(), second.down());
    expect(judge.told[0]?.doing).toMatch(/often\. Calls go on: its work is done by flite\.$/);
    expect(judge.told[1]?.doing).toContain('Contacts who need it wait in the queue.');
    expect(judge.told[1]?.doing).not.toContain('Calls go on');
  });

  it('says of records that calls go on', () => {
    const [alert] = new Judge().take(breaker('hubspot', 'crm').down()).told;
    expect(alert?.doing).toContain('Calls go on. What became of them is on disk here');
  });
});

describe('a service that is down for two kinds of work', () => {
  const [writer, speaker] = [breaker('openai', 'llm'), breaker('openai', 'tts')];

  it('has one alert, which is over only with the last of them', () => {
    const judge = new Judge().take(writer.down(), speaker.down(), writer.back());
    expect(judge.brief).toEqual(['raised service:openai']);
    expect(judge.take(writer.down(), writer.back(), speaker.back(2_000)).brief).toEqual([
      'raised service:openai',
      'recovered service:openai',
    ]);
    expect(judge.told[1]).toMatchObject({
      title: 'openai, which writes the texts and speaks the texts, works again',
      durationMs: 5_000,
    });
    expect(judge.state.size).toBe(0);
  });

  it('is named with what it does not do at the moment', () => {
    const judge = new Judge().take(writer.down());
    const title = () => judge.state.get('service:openai')?.title;
    expect(title()).toBe('openai, which writes the texts, does not work');
    judge.take(speaker.down({ kind: 'permanent', message: 'no voice for us', code: 'http_403' }));
    expect(title()).toBe(
      'openai, which writes the texts and speaks the texts, refuses to work for us',
    );
    expect(judge.state.get('service:openai')?.what).toBe(
      'the service is down (http_503). no voice for us (http_403).',
    );
    judge.take(speaker.back());
    expect(title()).toBe('openai, which writes the texts, does not work');
    expect(judge.told).toHaveLength(1);
  });

  it('is not over with what was never down', () => {
    const judge = new Judge().take(writer.down());
    const { state } = judge;
    expect(judge.take(speaker.back()).state).toBe(state);
  });

  it('keeps what an earlier version has kept of it, and joins it', () => {
    const judge = new Judge().take(writer.down());
    const { troubles: _, ...kept } = judge.state.get('service:openai') as Alert;
    judge.state = new Map([[kept.key, kept]]);
    judge.take(speaker.down(), writer.back());
    expect(judge.brief).toEqual(['raised service:openai']);
    expect(judge.take(speaker.back()).brief[1]).toBe('recovered service:openai');
    judge.state = new Map([[kept.key, kept]]);
    expect(judge.take(writer.back()).brief[2]).toBe('recovered service:openai');
  });
});

describe('a run that begins', () => {
  const [writer, speaker] = [breaker('openai', 'llm'), breaker('openai', 'tts')];
  const flite = breaker('flite', 'tts');

  it('ends what is open of services that are not down', () => {
    const judge = new Judge().take(opened('flite'), opened('openai'));
    const table = breaker('csv', 'crm').found(false);
    judge.begin('autumn', flite.found(false), speaker.found(true), table);
    expect([...judge.state.keys()]).toEqual(['service:openai']);
    expect(judge.told.slice(2)).toMatchObject([
      { kind: 'recovered', key: 'service:flite', durationMs: 2_000, campaign: 'autumn' },
    ]);
    judge.begin('autumn', flite.found(false), speaker.found(true), table);
    expect(judge.told).toHaveLength(3);
  });

  it('ends it only where all is back that was down', () => {
    const judge = new Judge().take(writer.down(), speaker.down());
    judge.begin('spring', writer.found(true), speaker.found(false));
    expect(judge.told).toHaveLength(1);
    expect(judge.state.get('service:openai')?.title).toContain('which writes the texts, does not');
    judge.begin('spring', writer.found(false), speaker.found(false));
    expect(judge.brief[1]).toBe('recovered service:openai');
  });

  it('ends what its campaign does not use any more, and says so', () => {
    const judge = new Judge().take(speaker.down(), flite.down());
    judge.begin('spring', speaker.found(true));
    expect(judge.brief.slice(2)).toEqual(['recovered service:flite']);
    expect(judge.told[2]?.title).toBe('flite, which speaks the texts, is not in use any more');
    // The same service, for other work.
    judge.begin('spring', writer.found(false), flite.found(false));
    expect(judge.told[3]?.title).toBe('openai, which speaks the texts, is not in use any more');
  });

  it("leaves what another campaign's services are at to that campaign's runs", () => {
    const judge = new Judge().take(flite.down());
    judge.begin('autumn', speaker.found(false));
    expect(judge.told).toHaveLength(1);
    judge.begin('spring', flite.found(false));
    expect(judge.brief[1]).toBe('recovered service:flite');
  });

  it('tells what is down and nobody was told of, once', () => {
    const judge = new Judge().begin('spring', writer.found(true), speaker.found(true));
    expect(judge.brief).toEqual(['raised service:openai']);
    expect(judge.told[0]).toMatchObject({
      sinceMs: START_MS - 5_000,
      what: 'found down (http_503).',
    });
    expect(judge.state.get('service:openai')?.title).toContain('writes the texts and speaks');
    judge.begin('spring', writer.found(true), speaker.found(true));
    expect(judge.told).toHaveLength(1);
  });
});

describe('a run that ended early', () => {
  it('joins the alert of the service that is down', () => {
    const judge = new Judge().take(opened(), finished('outage'));
    expect(judge.brief).toEqual(['raised service:elevenlabs']);
    const alert = judge.state.get('service:elevenlabs');
    expect(alert?.doing).toContain('The run of spring has ended');
    judge.take(opened());
    expect(judge.state.get('service:elevenlabs')?.doing).toContain('is left alone');
  });

  it('does not join what another run or another campaign lacks', () => {
    const judge = new Judge().take(opened());
    const { doing } = judge.state.get('service:elevenlabs') as Alert;
    judge.begin('autumn', breaker('flite', 'tts').found(false));
    judge.takeOf('autumn', finished('outage'));
    expect(judge.brief[1]).toBe('raised campaign:autumn');
    expect(judge.state.get('service:elevenlabs')?.doing).toBe(doing);
  });

  it('does not join a service whose work another one does', () => {
    const judge = new Judge();
    const [first, second] = [breaker('elevenlabs', 'tts'), breaker('flite', 'tts')];
    judge.begin('spring', first.found(false), second.found(false));
    judge.take(first.down(), finished('outage'));
    expect(judge.brief).toEqual(['raised service:elevenlabs', 'raised campaign:spring']);
    judge.take(second.down(), finished('outage'));
    expect(judge.brief.slice(2)).toEqual(['raised service:flite']);
    expect(judge.state.get('service:flite')?.doing).toContain('The run of spring has ended');
  });

  it('raises its own where no service is known to be down, until a run ends as planned', () => {
    const judge = new Judge().take(finished('outage'), finished('outage'), finished('stopped'));
    expect(judge.brief).toEqual(['raised campaign:spring']);
    judge.takeOf('autumn', finished('done'));
    judge.takeOf('autumn', finished('outage'));
    expect(judge.brief[1]).toBe('raised campaign:autumn');
    judge.take(finished('done'), finished('done'));
    expect(judge.brief.slice(2)).toEqual(['recovered campaign:spring']);
    expect(judge.told[2]).toMatchObject({ durationMs: 5_000, severity: 'info' });
  });

  it.each(['done', 'limit', 'until'] as const)('is over with the end %s', (end) => {
    const judge = new Judge().take(finished('outage'), finished(end));
    expect(judge.brief).toEqual(['raised campaign:spring', 'recovered campaign:spring']);
  });
});

describe('a run that gave up with nothing left to do but records', () => {
  const contacts = { total: 3, done: 2, calling: 0, queued: 0, put_off: 0, uncertain: 1 };
  const over = { ...finished('outage'), contacts } as CampaignEvent;

  it('does not say that nobody got through, nor that anybody is to be called', () => {
    const [alert] = new Judge().take(over).told;
    expect(alert?.title).toBe('The run of spring ended early: the CRM took no more records');
    expect(alert?.what).toContain('Every contact has an outcome');
    expect(alert?.doing).toContain('Nobody is left to call. The records that are still owed');
  });

  it('says so in the alert of the CRM that is down', () => {
    const judge = new Judge().take(opened(), over);
    const { doing } = judge.state.get('service:elevenlabs') as Alert;
    expect(doing).toContain('The run of spring has ended. Every contact has an outcome.');
    expect(doing).not.toContain('Nobody is called');
  });
});

describe('a budget that is spent', () => {
  it('is told once, over several runs, and once that the campaign may spend again', () => {
    const judge = new Judge().take(started(false), finished('budget'));
    judge.take(started(true), finished('budget'));
    expect(judge.brief).toEqual(['raised campaign:spring:budget']);
    judge.takeOf('autumn', started(false));
    expect(judge.brief).toHaveLength(1);
    judge.take(started(false), finished('done'));
    expect(judge.brief.slice(1)).toEqual(['recovered campaign:spring:budget']);
  });

  it('is critical, and says what is spent and what there is to do', () => {
    const reason = '50.02 of 50.00 USD are spent';
    const [alert] = new Judge().take({ ...finished('budget'), reason } as CampaignEvent).told;
    expect(alert).toMatchObject({
      severity: 'critical',
      title: 'The budget of the campaign spring is spent',
      what: '50.02 of 50.00 USD are spent.',
    });
    expect(alert?.toDo).toContain('raise campaign.budget');
  });
});

describe('a sheet that takes no rows', () => {
  const away = (code: string): CampaignEvent => {
    return { type: 'sheet.away', kind: 'transient', code, message: 'no answer', waiting: 3 };
  };
  const works: CampaignEvent = { type: 'sheet.works', rows: 3 };

  it('is a warning, once until it takes some again, whatever campaign notices', () => {
    const judge = new Judge().takeOf('spring', works).takeOf('spring', away('timeout'));
    judge.takeOf('autumn', away('http_503')).takeOf('autumn', works).takeOf('spring', works);
    expect(judge.told).toMatchObject([
      { key: 'sheets', kind: 'raised', severity: 'warning', what: 'no answer (timeout).' },
      { key: 'sheets', kind: 'recovered', severity: 'info', ends: 'warning' },
    ]);
    expect(judge.told[0]?.doing).toContain('Calls go on');
    expect(judge.told[0]?.doing).toContain('disk here (so far 3 rows of spring) and are');
    expect(judge.told[1]?.toDo).toBe('Nothing.');
  });
});

describe('rows of other campaigns', () => {
  it('are named by campaign, as many as anybody reads', () => {
    expect(elsewhereText([{ campaign: 'w1', rows: 1 }])).toBe(
      '1 row of w1 waits for a run of its own campaign',
    );
    const many = Array.from({ length: 7 }, (_, at) => ({ campaign: `w${at}`, rows: at + 1 }));
    expect(elsewhereText(many)).toBe(
      '1 row of w0, 2 rows of w1, 3 rows of w2, 4 rows of w3, 5 rows of w4 and 13 rows of ' +
        '2 more campaigns wait for a run of their own campaign',
    );
  });
});

describe('whatever happens', () => {
  it('alerts about alerts, and most other events, are not listened to', () => {
    const heard = EVERY_EVENT.map(({ type }) => type).filter(isHeard);
    expect(heard).toEqual([
      'run.started',
      'attempt.failed',
      'fallback.used',
      'breaker.opened',
      'breaker.closed',
      'service.stalled',
      'service.resumed',
      'call.failed',
      'contact.put_off',
      'sheet.works',
      'sheet.away',
      'run.finished',
    ]);
  });

  const services = fc.constantFrom('a', 'b');
  const anyEvent: fc.Arbitrary<CampaignEvent> = fc.oneof(
    services.map((service) => opened(service)),
    services.map((service) => opened(service, { kind: 'permanent', code: 'http_401' })),
    services.map((service) => closed(service)),
    services.map((service) => breaker(service, 'llm').down()),
    services.map((service) => breaker(service, 'llm').back()),
    services.map(failedCall),
    fc.subarray(['a', 'b', 'c']).map(putOff),
    fc.constantFrom<RunEnd>('done', 'limit', 'outage', 'until', 'budget', 'stopped').map(finished),
    fc.boolean().map(started),
    fc.constantFrom(...EVERY_EVENT),
  );

  it('a cause is raised and recovered by turns, and what is open was raised', () => {
    const turns = fc.array(fc.tuple(fc.constantFrom('spring', 'autumn'), anyEvent));
    fc.assert(
      fc.property(turns, (events) => {
        const judge = new Judge();
        for (const [campaign, event] of events) judge.takeOf(campaign, event);
        const open = new Set<string>();
        for (const { kind, key } of judge.told) {
          expect(open.has(key)).toBe(kind === 'recovered');
          if (kind === 'raised') open.add(key);
          else open.delete(key);
        }
        expect(new Set(judge.state.keys())).toEqual(open);
        for (const alert of judge.state.values()) expect(alert.kind).toBe('raised');
      }),
    );
  });

  it('what is open survives being written down', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), anyEvent, (events, next) => {
        const judge = new Judge().take(...events);
        const { state } = judge;
        const kept = JSON.parse(JSON.stringify([...state])) as [string, Alert][];
        const moment = judge.moment();
        expect(alertsAfter(new Map(kept), next, moment)).toEqual(alertsAfter(state, next, moment));
      }),
    );
  });
});
