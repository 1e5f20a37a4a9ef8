import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, STAGES } from '../../src/engine/ports.ts';
import { openStore, type Store } from '../../src/store/sqlite.ts';
import { openReports, type Reports } from '../../src/store/sqlite-reports.ts';
import {
  CAMPAIGN,
  claimed,
  contactOf,
  defer,
  entries,
  temporaryFolder,
} from '../store-conformance/subjects.ts';

describe('what the commands read', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: Store;
  let reports: Reports;
  let calls = 0;

  const claim = (nowMs = 0): Promise<Claim> => {
    calls += 1;
    return claimed(store.journal(CAMPAIGN).claim(STAGES, nowMs, `call-${calls}`));
  };
  const write = async (
    { key }: Claim,
    ...written: Parameters<ReturnType<Store['journal']>['write']>[1][]
  ): Promise<void> => {
    for (const entry of written) void store.journal(CAMPAIGN).write(key, entry);
    await store.journal(CAMPAIGN).settled();
  };
  const takeIn = (...ids: string[]) =>
    store.contacts(CAMPAIGN, { sameNumber: 'reject' }).add(ids.map((id) => contactOf(id)));

  beforeEach(() => {
    calls = 0;
    folder = temporaryFolder();
    const path = join(folder.path, 'campaign.db');
    store = openStore({ path, defer });
    store.journal(CAMPAIGN);
    reports = openReports({ path });
  });
  afterEach(() => {
    reports.close();
    store.close();
    folder.remove();
  });

  it('names the campaigns with their counts', async () => {
    takeIn('c1', 'c2');
    store.journal('autumn');
    await write(await claim(), entries.callEnded('uncertain'));
    const none = { total: 0, done: 0, calling: 0, queued: 0, put_off: 0, uncertain: 0 };
    expect(reports.campaigns()).toEqual([
      { campaign: 'autumn', contacts: none },
      { campaign: CAMPAIGN, contacts: { ...none, total: 2, queued: 1, uncertain: 1 } },
    ]);
    expect(reports.hasCampaign('autumn')).toBe(true);
    expect(reports.hasCampaign('winter')).toBe(false);
    expect(reports.counts('winter')).toEqual(none);
    expect(reports.lastRun('winter')).toBeUndefined();
  });

  it('cannot write', () => {
    expect(() => reports.consistent(() => reports.campaigns())).not.toThrow();
    takeIn('c1');
    const seen = reports.consistent(() => {
      const before = reports.counts(CAMPAIGN).total;
      takeIn('c2');
      return [before, reports.counts(CAMPAIGN).total];
    });
    expect(seen).toEqual([1, 1]);
    expect(reports.counts(CAMPAIGN).total).toBe(2);
  });

  it('counts those who were taken out apart', () => {
    takeIn('c1', 'c2', 'c3');
    const sink = store.contacts(CAMPAIGN, { sameNumber: 'reject' });
    sink.add([contactOf('c1')]);
    sink.finish();
    expect(reports.removed(CAMPAIGN)).toBe(2);
    expect(reports.counts(CAMPAIGN).total).toBe(1);
  });

  it('says what the waiting wait for', async () => {
    takeIn('c1', 'c2', 'c3');
    await write(await claim(), entries.putOff(500));
    await write(await claim(), { ...entries.putOff(300), reason: 'no voice speaks tlh' });
    await write(await claim(), entries.putOff(400));
    expect(reports.waiting(CAMPAIGN)).toEqual([
      { reason: 'no voice speaks tlh', count: 1, dueMs: 300 },
      { reason: 'waits for flite', count: 2, dueMs: 400 },
    ]);
  });

  it('puts those together who wait because of one service and code', async () => {
    takeIn('c1', 'c2', 'c3', 'c4', 'c5');
    const said = (id: string) => `openai answered 400: no text for ${id}`;
    const fail = (contact: string, code: string, message: string): void => {
      const about = { campaign: CAMPAIGN, contact, call: `x-${contact}`, step: 'script' } as const;
      const why = { service: 'openai', role: 'llm', kind: 'transient', code } as const;
      store.noteFailure({ ...about, ...why, status: 400, message, atMs: 1 });
    };
    for (const id of ['c1', 'c2', 'c3', 'c4']) {
      fail(id, 'http_503', 'earlier');
      fail(id, id === 'c4' ? 'timeout' : 'http_400', said(id));
    }
    for (const [id, dueMs] of [
      ['c1', 500],
      ['c2', 300],
      ['c3', 400],
      ['c4', 700],
    ] as const) {
      await write(await claim(), { ...entries.putOff(dueMs), reason: said(id) });
    }
    await write(await claim(), entries.putOff(600));
    expect(reports.waiting(CAMPAIGN)).toEqual([
      { reason: said('c2'), count: 3, cause: 'openai: http_400', dueMs: 300 },
      { reason: 'waits for flite', count: 1, dueMs: 600 },
      { reason: said('c4'), count: 1, dueMs: 700 },
    ]);
  });

  it('says who is next: calls to be settled, the ready, those who wait', async () => {
    takeIn('c1', 'c2', 'c3', 'c4', 'c5');
    const [one, two, three, four] = [await claim(), await claim(), await claim(), await claim()];
    await write(one, entries.putOff(900));
    await write(two, entries.putOff(800));
    await write(three, entries.scriptEnded(), entries.released);
    await write(four, entries.callEnded(), entries.released);
    const next = reports.nextContacts(CAMPAIGN, 10);
    expect(next.map(({ contact, stage, dueMs }) => [contact, stage, dueMs])).toEqual([
      ['c4', 'owed', undefined],
      ['c3', 'scripted', undefined],
      ['c5', 'fresh', undefined],
      ['c2', 'fresh', 800],
      ['c1', 'fresh', 900],
    ]);
    expect(next[3]?.reason).toBe('waits for flite');
    expect(reports.nextContacts(CAMPAIGN, 2)).toEqual(next.slice(0, 2));
    expect(reports.hasOpenRecords(CAMPAIGN)).toBe(true);
  });

  it('tells of the uncertain what a person needs to find out', async () => {
    takeIn('c1', 'c2');
    await write(await claim(), entries.released);
    const one = await claim(10);
    await write(
      one,
      entries.attemptBegun(1, 40),
      entries.attemptEnded({ type: 'unknown', code: 'timeout' }),
      entries.callEnded('uncertain', 60),
    );
    expect(reports.uncertainContacts(CAMPAIGN)).toEqual([
      {
        contact: 'c1',
        name: 'Person c1',
        phone: '+14155550101',
        call: 'call-1',
        number: 1,
        startedMs: 0,
        endedMs: 60,
        detail: 'as the vendor said',
        isAskedAgain: false,
        attempts: [
          {
            attempt: 1,
            service: 'twilio',
            begunMs: 40,
            result: { type: 'unknown', code: 'timeout' },
          },
        ],
      },
    ]);
    store.settle({
      campaign: CAMPAIGN,
      contact: 'c1',
      outcome: 'busy',
      atMs: 90,
      note: undefined,
    });
    expect(reports.uncertainContacts(CAMPAIGN)).toEqual([]);
  });

  it('counts no answer of whoever heard nothing, but that they opted out', async () => {
    takeIn('c1', 'c2', 'c3');
    const answered = (answer: string) => ({ type: 'call.answered', answer, atMs: 0 }) as const;
    await write(await claim(), answered('confirmed'), entries.callEnded('answered'));
    await write(await claim(), answered('confirmed'), entries.callEnded('failed'));
    await write(await claim(), answered('opt_out'), entries.callEnded('failed'));
    expect(reports.answers(CAMPAIGN)).toEqual([
      { answer: 'confirmed', count: 1 },
      { answer: 'opt_out', count: 1 },
    ]);
  });

  it('counts outcomes and failures', async () => {
    takeIn('c1', 'c2', 'c3');
    await write(await claim(), entries.callEnded('busy'), entries.recordEnded());
    await write(await claim(), entries.callEnded('answered'), entries.recordEnded());
    await write(await claim(), entries.callEnded('busy'), entries.recordEnded());
    expect(reports.outcomes(CAMPAIGN)).toEqual([
      { outcome: 'busy', count: 2 },
      { outcome: 'answered', count: 1 },
    ]);
    const note = {
      campaign: CAMPAIGN,
      contact: 'c1',
      call: 'call-1',
      step: 'speech',
      service: 'elevenlabs',
      role: 'tts',
      kind: 'transient',
      code: 'http_503',
      status: 503,
      message: 'first',
      atMs: 100,
    } as const;
    store.noteFailure(note);
    store.noteFailure({ ...note, atMs: 300, message: 'last' });
    store.noteFailure({ ...note, atMs: 200, message: 'second' });
    const timeout = { ...note, code: 'timeout', status: undefined, contact: undefined };
    store.noteFailure(timeout);
    store.noteFailure({ ...note, campaign: 'elsewhere' });
    expect(reports.failures(CAMPAIGN)).toEqual([]);
    await store.journal(CAMPAIGN).settled();
    const { service, role, kind } = note;
    expect(reports.failures(CAMPAIGN)).toEqual([
      {
        service,
        role,
        kind,
        code: 'http_503',
        status: 503,
        message: 'last',
        count: 3,
        lastMs: 300,
      },
      {
        service,
        role,
        kind,
        code: 'timeout',
        status: undefined,
        message: 'first',
        count: 1,
        lastMs: 100,
      },
    ]);
  });

  it('knows which connections of a campaign are away, since when, until it runs anew', async () => {
    const lost = { campaign: CAMPAIGN, service: 'asterisk-ami', address: '127.0.0.1:5038' };
    const kept = { ...lost, service: 'asterisk-ari' };
    store.journal('elsewhere');
    store.noteCutOff({ ...lost, sinceMs: 100, retryMs: 15_100, reason: 'lost' });
    store.noteCutOff({ ...lost, sinceMs: 200, retryMs: 30_200, reason: 'refused' });
    store.noteCutOff({ ...kept, sinceMs: 200, retryMs: 200, reason: 'lost' });
    store.noteConnected(CAMPAIGN, 'asterisk-ari');
    await store.journal(CAMPAIGN).settled();
    const { service, address } = lost;
    expect(reports.cutOff(CAMPAIGN)).toEqual([
      { service, address, sinceMs: 100, retryMs: 30_200, reason: 'refused' },
    ]);
    expect(reports.cutOff('elsewhere')).toEqual([]);
    store.startRun({ campaign: 'elsewhere', pid: 1, host: 'here', startedMs: 300 });
    expect(reports.cutOff(CAMPAIGN)).toHaveLength(1);
    store.startRun({ campaign: CAMPAIGN, pid: 1, host: 'here', startedMs: 300 });
    expect(reports.cutOff(CAMPAIGN)).toEqual([]);
  });

  it('counts what a service did in the place of another', async () => {
    const note = {
      campaign: CAMPAIGN,
      role: 'tts',
      service: 'flite',
      instead: 'elevenlabs',
      reason: 'http_503',
      atMs: 100,
    } as const;
    store.journal(CAMPAIGN);
    store.noteFallback(note);
    store.noteFallback({ ...note, atMs: 300, reason: 'quota_exceeded' });
    store.noteFallback({ ...note, service: 'openai' });
    store.noteFallback({ ...note, campaign: 'elsewhere' });
    expect(reports.fallbacks(CAMPAIGN)).toEqual([]);
    await store.journal(CAMPAIGN).settled();
    const { role, instead } = note;
    expect(reports.fallbacks(CAMPAIGN)).toEqual([
      { role, service: 'flite', instead, count: 2, reason: 'quota_exceeded', lastMs: 300 },
      { role, service: 'openai', instead, count: 1, reason: 'http_503', lastMs: 100 },
    ]);
  });

  it('measures how long services took', async () => {
    takeIn('c1', 'c2', 'c3', 'c4');
    for (const tookMs of [100, 400, 200, 300.4]) {
      await write(
        await claim(),
        { type: 'step.begun', step: 'script', atMs: 1_000 },
        { ...entries.scriptEnded(), atMs: 1_000 + tookMs },
        { type: 'step.begun', step: 'dial', atMs: 2_000 },
        entries.callEnded('answered', 2_050),
      );
    }
    expect(reports.timings(CAMPAIGN)).toEqual([
      { step: 'script', service: 'template', count: 4, meanMs: 250, medianMs: 200, maxMs: 400 },
      { step: 'dial', service: 'twilio', count: 4, meanMs: 50, medianMs: 50, maxMs: 50 },
    ]);
  });

  it('measures no step that was carried over from another call', async () => {
    takeIn('c1');
    await write(
      await claim(),
      { type: 'step.begun', step: 'script', atMs: 10 },
      entries.scriptEnded(15),
      entries.callEnded('uncertain'),
    );
    store.settle({ campaign: CAMPAIGN, contact: 'c1', outcome: 'again', atMs: 90, note: 'n' });
    expect(reports.timings(CAMPAIGN)).toMatchObject([{ step: 'script', count: 1, meanMs: 5 }]);
  });

  it('lists calls in the order in which they ended, with who did what', async () => {
    takeIn('c1', 'c2', 'c3');
    const [one, two, three] = [await claim(5), await claim(6), await claim(7)];
    await write(
      one,
      { type: 'lookup.ended', properties: {}, service: 'hubspot', atMs: 9 },
      entries.scriptEnded(),
      entries.speechEnded(),
      { type: 'step.begun', step: 'dial', atMs: 40 },
      entries.callEnded('answered', 90),
      entries.recordEnded(),
    );
    await write(two, { ...entries.callEnded('failed', 80), service: undefined });
    await write(three, entries.callEnded('busy', 70), entries.recordEnded());
    const all = [...reports.calls(CAMPAIGN, { recorded: false })];
    expect(all.map(({ contact }) => contact)).toEqual(['c3', 'c2', 'c1']);
    expect(all[2]).toEqual({
      contact: 'c1',
      phone: '+14155550101',
      name: 'Person c1',
      call: 'call-1',
      number: 1,
      outcome: 'answered',
      detail: 'as the vendor said',
      startedMs: 5,
      endedMs: 90,
      text: 'Good morning',
      services: { crm: 'csv', llm: 'template', tts: 'flite', dialer: 'twilio' },
    });
    expect(all[1]).toMatchObject({ outcome: 'failed', text: undefined, services: {} });
    const recorded = [...reports.calls(CAMPAIGN, { recorded: true })];
    expect(recorded.map(({ contact }) => contact)).toEqual(['c3', 'c1']);
    expect(reports.hasOpenRecords(CAMPAIGN)).toBe(true);
    expect(reports.recordsOwed(CAMPAIGN)).toBe(1);
  });

  it('tells a call with the number that was dialled and all that was said', async () => {
    takeIn('c1');
    await write(await claim(), entries.attemptBegun(), entries.callEnded('uncertain'));
    const corrected = store.contacts(CAMPAIGN, { sameNumber: 'reject' });
    corrected.add([contactOf('c1', { phone: '+14155550177' })]);
    corrected.finish();
    store.settle({
      campaign: CAMPAIGN,
      contact: 'c1',
      outcome: 'again',
      atMs: 90,
      note: 'by hand',
    });
    expect([...reports.calls(CAMPAIGN, { recorded: false })]).toMatchObject([
      { phone: '+14155550101', outcome: 'uncertain', detail: 'as the vendor said; by hand' },
    ]);
    expect(reports.nextContacts(CAMPAIGN, 1)).toMatchObject([{ phone: '+14155550177' }]);
  });

  it('knows no open records once they are made, nor of the uncertain', async () => {
    takeIn('c1', 'c2');
    const one = await claim();
    await write(one, entries.callEnded());
    expect(reports.hasOpenRecords(CAMPAIGN)).toBe(true);
    await write(one, entries.recordEnded(77));
    await write(await claim(), entries.callEnded('uncertain'));
    expect(reports.hasOpenRecords(CAMPAIGN)).toBe(false);
    expect(reports.recordsOwed(CAMPAIGN)).toBe(0);
    expect(reports.resultsBytes(CAMPAIGN)).toBe(77);
    expect(reports.resultsBytes('winter')).toBe(0);
  });

  it('counts what a CRM refused, and what it noted', async () => {
    takeIn('c1', 'c2', 'c3', 'c4');
    for (const note of [undefined, 'alone', 'alone']) {
      const one = await claim();
      await write(one, entries.callEnded());
      await write(one, { ...entries.recordEnded(), note });
    }
    const refused = await claim();
    await write(refused, entries.callEnded());
    await write(refused, entries.recordRefused('no'));
    expect(reports.recordNotes(CAMPAIGN)).toEqual([{ note: 'alone', count: 2 }]);
    expect(reports.recordNotes('winter')).toEqual([]);
    expect(reports.waiting(CAMPAIGN)).toEqual([{ reason: 'no', count: 1, dueMs: undefined }]);
    expect(reports.recordsOwed(CAMPAIGN)).toBe(1);
    expect(reports.nextContacts(CAMPAIGN, 9)).toEqual([]);
    store.journal(CAMPAIGN).recover(0);
    expect(reports.waiting(CAMPAIGN)).toEqual([]);
    expect(reports.nextContacts(CAMPAIGN, 9)).toMatchObject([{ contact: 'c4', stage: 'owed' }]);
  });

  it('remembers lists, runs and breakers', async () => {
    const list = { campaign: CAMPAIGN, path: '/lists/a.csv', atMs: 1, rows: 10, rejected: 3 };
    store.noteList(list);
    store.noteList({ ...list, atMs: 2, rejected: 1 });
    store.breakers.save('flite', { state: 'open' });
    await store.journal(CAMPAIGN).settled();
    const { campaign: _campaign, ...first } = list;
    expect(reports.lists(CAMPAIGN)).toEqual([{ ...first, atMs: 2, rejected: 1 }, first]);
    expect(reports.rejectedCount(CAMPAIGN)).toBe(1);
    expect(reports.rejectedCount('winter')).toBe(0);
    expect(reports.breakers()).toEqual([{ key: 'flite', snapshot: { state: 'open' } }]);

    const who = { campaign: CAMPAIGN, pid: 42, host: 'server', startedMs: 100 };
    const run = store.startRun(who);
    const running = { pid: 42, host: 'server', startedMs: 100, endedMs: undefined, end: undefined };
    expect(reports.lastRun(CAMPAIGN)).toEqual(running);
    store.endRun(run, 200, 'outage');
    expect(reports.lastRun(CAMPAIGN)).toEqual({ ...running, endedMs: 200, end: 'outage' });
    store.startRun({ ...who, startedMs: 300 });
    expect(reports.lastRun(CAMPAIGN)).toEqual({ ...running, startedMs: 300 });
    expect(() => store.startRun({ ...who, campaign: 'winter' })).toThrow(/no campaign winter/);
    expect(() => store.endRun(99, 200, 'done')).toThrow(/no run 99/);
  });
});
