import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STAGES } from '../../src/engine/ports.ts';
import type { CampaignJournal } from '../../src/store/campaign-journal.ts';
import { WriteRefused } from '../../src/store/store-error.ts';
import { claimed, contactOf, entries, type Opened, SUBJECTS, type Subject } from './subjects.ts';

for (const [name, makeSubject] of SUBJECTS) {
  describe(`the journal on ${name}`, () => {
    let subject: Subject;
    let store: Opened;
    let journal: CampaignJournal;
    let calls = 0;

    const claim = (nowMs = 0, stages = STAGES.slice()) => {
      calls += 1;
      return journal.claim(stages, nowMs, `call-${calls}`);
    };
    const claimOne = (nowMs = 0, stages = STAGES.slice()) => claimed(claim(nowMs, stages));
    const takeIn = (...ids: string[]) => store.contacts().add(ids.map((id) => contactOf(id)));

    beforeEach(() => {
      calls = 0;
      subject = makeSubject();
      store = subject.open();
      journal = store.journal();
    });
    afterEach(() => subject.close());

    it('gives out contacts in the order of the list, each once', async () => {
      takeIn('c1', 'c2');
      const ids = (await Promise.all([claim(), claim(), claim()])).map((got) => got?.contact.id);
      expect(ids).toEqual(['c1', 'c2', undefined]);
      expect(journal.counts()).toEqual({
        total: 2,
        done: 0,
        calling: 2,
        queued: 0,
        put_off: 0,
        uncertain: 0,
      });
    });

    it('knows whose a reference is, in all campaigns, also for another process', async () => {
      takeIn('c1');
      store.contacts('allow', 'autumn').add([contactOf('c1')]);
      const { key } = await claimOne();
      void journal.write(key, entries.attemptBegun());
      await journal.write(key, entries.attemptEnded({ type: 'placed', reference: 'theirs-1' }));
      const autumn = subject.open().journal('autumn');
      for (const one of [journal, autumn]) {
        expect(one.isOthers('twilio', 'theirs-1', 'another call')).toBe(true);
        expect(one.isOthers('twilio', 'theirs-1', key.call)).toBe(false);
        expect(one.isOthers('other', 'theirs-1', 'another call')).toBe(false);
        expect(one.isOthers('twilio', 'theirs-2', 'another call')).toBe(false);
      }
      await journal.write(key, entries.attemptEnded({ type: 'unknown', code: 'theirs-1' }));
      expect(journal.isOthers('twilio', 'theirs-1', 'another call')).toBe(false);
    });

    it('knows which others to a number are in doubt, in all campaigns', async () => {
      const autumnList = store.contacts('allow', 'autumn');
      const { phone } = contactOf('c1');
      store.contacts('allow').add([contactOf('c1', { phone }), contactOf('c2', { phone })]);
      autumnList.add([contactOf('c9', { phone }), contactOf('c8', { phone: '+14155550199' })]);
      const { key } = await claimOne();
      const autumn = subject.open().journal('autumn');
      const theirs = await claimed(autumn.claim(STAGES, 0, 'call-9'));
      const stranger = await claimed(autumn.claim(STAGES, 0, 'call-8'));
      const begun = { type: 'attempt.begun', attempt: 1, service: 'twilio' } as const;
      await journal.write(key, { ...begun, atMs: 5_000 });
      await autumn.write(theirs.key, { ...begun, atMs: 4_000 });
      await autumn.write(stranger.key, { ...begun, atMs: 3_000 });
      const asked = (call: string, service = 'twilio') =>
        [journal, autumn].map((one) => one.othersInDoubt(service, phone, call));
      expect(asked('another')).toEqual([
        [4_000, 5_000],
        [4_000, 5_000],
      ]);
      expect(asked(key.call)).toEqual([[4_000], [4_000]]);
      expect(asked('another', 'other')).toEqual([[], []]);
      const end = { type: 'attempt.ended', attempt: 1, atMs: 6_000 } as const;
      await journal.write(key, { ...end, result: { type: 'unknown', code: 'timeout' } });
      expect(asked('call-9')).toEqual([[5_000], [5_000]]);
      // Nobody found out; it may stand in the vendor's list for all that.
      const over = { outcome: 'uncertain', detail: undefined, service: 'twilio' } as const;
      await journal.write(key, { type: 'call.ended', ...over, atMs: 7_000 });
      expect(asked('call-9')).toEqual([[5_000], [5_000]]);
      await autumn.write(theirs.key, { ...end, result: { type: 'not_placed', code: 'absent' } });
      expect(asked('another')).toEqual([[5_000], [5_000]]);
    });

    it.each([
      [{ type: 'placed', reference: 'one' }],
      [{ type: 'not_placed', code: 'absent' }],
    ] as const)('has in doubt nobody of whom it is known: %j', async (result) => {
      takeIn('c1');
      const { key, contact } = await claimOne();
      void journal.write(key, entries.attemptBegun());
      await journal.write(key, entries.attemptEnded(result));
      expect(journal.othersInDoubt('twilio', contact.phone, 'another')).toEqual([]);
    });

    it('opens a call under the id it was given', async () => {
      const contact = contactOf('c1', {
        name: undefined,
        language: 'de',
        timezone: 'Europe/Berlin',
        email: 'one@example.com',
        variables: { doctor: 'Dr. "Example"', __proto__x: '\u0000 ö' },
      });
      store.contacts().add([contact]);
      expect(await claimOne(1_000)).toEqual({
        key: { contact: 'c1', call: 'call-1', number: 1, fence: 1 },
        contact,
        stage: 'fresh',
        startedMs: 1_000,
        finished: {},
        attempts: [],
        recordBegun: false,
        rounds: 0,
        isOutdated: false,
        isUnlisted: false,
      });
    });

    it('goes on with an open call: same id, same start, its finished steps', async () => {
      takeIn('c1');
      const { key } = await claimOne(1_000);
      void journal.write(key, { type: 'step.begun', step: 'lookup', atMs: 10 });
      void journal.write(key, {
        type: 'lookup.ended',
        properties: { owner: 'Main Street' },
        service: 'hubspot',
        atMs: 15,
      });
      void journal.write(key, entries.scriptEnded());
      void journal.write(key, entries.putOff(5_000, false, 2));
      expect(await claim(4_999)).toBeUndefined();
      expect(await claimOne(5_000)).toMatchObject({
        key: { call: 'call-1', number: 1, fence: 2 },
        stage: 'scripted',
        startedMs: 1_000,
        finished: {
          lookup: { owner: 'Main Street' },
          script: { text: 'Good morning', service: 'template' },
        },
        rounds: 2,
      });
    });

    describe('the stage with which a contact comes back', () => {
      const speech = [entries.scriptEnded(), entries.speechEnded()];
      it.each([
        ['fresh', [{ type: 'step.begun', step: 'script', atMs: 10 }]],
        ['fresh', [{ type: 'lookup.ended', properties: {}, service: 'hubspot', atMs: 10 }]],
        ['scripted', [entries.scriptEnded()]],
        ['spoken', speech],
        ['dialling', [...speech, entries.attemptBegun()]],
        [
          'dialling',
          [
            ...speech,
            entries.attemptBegun(),
            entries.attemptEnded({ type: 'placed', reference: 'CA1' }),
          ],
        ],
        [
          'dialling',
          [
            ...speech,
            entries.attemptBegun(),
            entries.attemptEnded({ type: 'unknown', code: 'timeout' }),
          ],
        ],
        [
          'spoken',
          [
            ...speech,
            entries.attemptBegun(),
            entries.attemptEnded({ type: 'not_placed', code: '503' }),
          ],
        ],
        [
          'dialling',
          [
            ...speech,
            entries.attemptBegun(1),
            entries.attemptBegun(2),
            entries.attemptEnded({ type: 'not_placed', code: '503' }, 2),
          ],
        ],
        ['owed', [...speech, entries.callEnded()]],
      ] as const)('is %s', async (stage, written) => {
        takeIn('c1');
        const { key } = await claimOne();
        for (const entry of written) void journal.write(key, entry);
        await journal.write(key, entries.released);
        const others = STAGES.filter((other) => other !== stage);
        expect(await claim(0, others)).toBeUndefined();
        expect(await claimOne(0, [stage])).toMatchObject({ stage, key: { call: 'call-1' } });
      });
    });

    it('tells the attempts of a call in their order, with what is known of them', async () => {
      takeIn('c1');
      const { key } = await claimOne();
      void journal.write(key, entries.attemptBegun(2, 45));
      void journal.write(key, { ...entries.attemptBegun(1, 40), account: 'AC1' });
      void journal.write(key, entries.attemptEnded({ type: 'placed', reference: 'CA7' }, 2));
      await journal.write(key, entries.released);
      expect((await claimOne()).attempts).toEqual([
        { attempt: 1, service: 'twilio', account: 'AC1', begunMs: 40 },
        {
          attempt: 2,
          service: 'twilio',
          begunMs: 45,
          result: { type: 'placed', reference: 'CA7' },
        },
      ]);
    });

    it('takes calls to be settled before new ones, in the order of the queue', async () => {
      takeIn('c1', 'c2', 'c3', 'c4');
      const keys = [];
      for (let count = 0; count < 4; count += 1) keys.push((await claimOne()).key);
      const [first, second, third, fourth] = keys;
      if (!first || !second || !third || !fourth) throw new Error('four were claimed');
      void journal.write(fourth, entries.attemptBegun());
      void journal.write(third, entries.callEnded());
      void journal.write(second, entries.speechEnded());
      for (const key of keys) void journal.write(key, entries.released);
      const order = [];
      for (let count = 0; count < 4; count += 1) order.push((await claimOne()).contact.id);
      expect(order).toEqual(['c3', 'c4', 'c1', 'c2']);
    });

    it('gives back the old place, after a wait too, unless the contact goes behind', async () => {
      takeIn('c1', 'c2', 'c3', 'c4');
      const one = await claimOne();
      const two = await claimOne();
      const three = await claimOne();
      void journal.write(one.key, entries.putOff(100, true));
      void journal.write(two.key, entries.putOff(100));
      void journal.write(three.key, entries.released);
      const order = [];
      for (let count = 0; count < 4; count += 1) order.push((await claimOne(100)).contact.id);
      expect(order).toEqual(['c2', 'c3', 'c4', 'c1']);
    });

    it('says whether somebody is ready and when the next is due', async () => {
      expect(journal.outlook()).toEqual({ ready: false, nextDueMs: undefined });
      takeIn('c1', 'c2');
      expect(journal.outlook()).toEqual({ ready: true, nextDueMs: undefined });
      const one = await claimOne();
      const two = await claimOne();
      await journal.write(one.key, entries.putOff(700.5));
      await journal.write(two.key, entries.putOff(900));
      expect(journal.outlook()).toEqual({ ready: false, nextDueMs: 700.5 });
      expect(journal.counts()).toMatchObject({ put_off: 2, calling: 0 });
      expect(await claim(700)).toBeUndefined();
      expect((await claimOne(701, ['fresh'])).contact.id).toBe('c1');
      expect(journal.outlook()).toEqual({ ready: false, nextDueMs: 900 });
    });

    it('calls back those who wait for a service, and nobody else', async () => {
      takeIn('c1', 'c2', 'c3');
      await journal.write((await claimOne()).key, entries.turnedAway(900));
      await journal.write((await claimOne()).key, entries.putOff(900));
      await journal.write((await claimOne()).key, entries.turnedAway(40));
      await journal.recall(100);
      expect(journal.outlook().nextDueMs).toBe(40);
      expect((await claimOne(100)).contact.id).toBe('c1');
      expect((await claimOne(100)).contact.id).toBe('c3');
      expect(await claim(899)).toBeUndefined();
      expect((await claimOne(900)).contact.id).toBe('c2');
    });

    it('counts a contact as queued again once its time has come', async () => {
      takeIn('c1');
      await journal.write((await claimOne()).key, entries.putOff(100));
      expect(await claim(100, ['spoken'])).toBeUndefined();
      expect(journal.counts()).toMatchObject({ put_off: 0, queued: 1, total: 1 });
      expect(journal.outlook()).toEqual({ ready: true, nextDueMs: undefined });
    });

    it('finishes a call: done at its outcome, out of the queue at its record', async () => {
      takeIn('c1');
      const { key } = await claimOne();
      await journal.write(key, entries.callEnded('busy', 60));
      expect(journal.counts()).toMatchObject({ done: 1, calling: 0 });
      void journal.write(key, entries.recordBegun());
      await journal.write(key, entries.putOff(500));
      expect(journal.counts()).toMatchObject({ done: 1, put_off: 0, total: 1 });
      const owed = await claimOne(500);
      expect(owed).toMatchObject({
        key: { call: 'call-1', number: 1 },
        stage: 'owed',
        recordBegun: true,
        ended: { outcome: 'busy', detail: 'as the vendor said', endedMs: 60 },
      });
      expect(journal.counts()).toMatchObject({ done: 1, calling: 0, total: 1 });
      await journal.write(owed.key, entries.recordEnded(120));
      expect(await claim(1_000_000)).toBeUndefined();
      expect(journal.outlook()).toEqual({ ready: false, nextDueMs: undefined });
      expect(store.resultsBytes()).toBe(120);
    });

    it('keeps a refused record for the next run, and waits for nothing until then', async () => {
      takeIn('c1', 'c2');
      const { key } = await claimOne();
      await expect(journal.write(key, entries.recordRefused())).rejects.toThrow(/has not ended/);
      void journal.write(key, entries.callEnded('busy'));
      void journal.write(key, entries.recordBegun());
      await journal.write(key, entries.recordRefused());
      expect(journal.counts()).toMatchObject({ done: 1, put_off: 0, queued: 1, total: 2 });
      await expect(journal.write(key, entries.recordEnded())).rejects.toThrow(/has ended/);
      const other = await claimOne();
      expect(other.contact.id).toBe('c2');
      await journal.write(other.key, entries.putOff(900));
      expect(journal.outlook()).toEqual({ ready: false, nextDueMs: 900 });
      await journal.recall(1_000_000);
      expect((await claimOne(1_000_000)).contact.id).toBe('c2');
      expect(await claim(Number.MAX_SAFE_INTEGER / 2)).toBeUndefined();
      expect(journal.outlook()).toEqual({ ready: false, nextDueMs: undefined });
      // A row that is deleted from the list meanwhile is owed all the same.
      store.contacts().finish();

      const next = subject.open().journal();
      expect(next.recover(0)).toBe(1); // c2, who was in hand
      expect(next.outlook()).toEqual({ ready: true, nextDueMs: undefined });
      const owed = await claimed(next.claim(STAGES, 0, 'call-x'));
      expect(owed).toMatchObject({
        key: { contact: 'c1', call: 'call-1', number: 1 },
        stage: 'owed',
        recordBegun: true,
        ended: { outcome: 'busy' },
      });
      await next.write(owed.key, entries.recordEnded());
      expect(next.recover(0)).toBe(0);
    });

    it('a run lets nobody wait for longer than a day, except for the next run', async () => {
      takeIn('c1', 'c2', 'c3');
      const dayMs = 24 * 3_600_000;
      // A clock that was wrong, or a header that says so.
      for (const dueMs of [1e15, dayMs]) {
        await journal.write((await claimOne()).key, entries.putOff(dueMs));
      }
      const { key } = await claimOne();
      void journal.write(key, entries.callEnded());
      await journal.write(key, entries.recordRefused());
      const next = subject.open().journal();
      expect(next.recover(0)).toBe(0);
      expect((await claimed(next.claim(STAGES, 0, 'call-x'))).contact.id).toBe('c3');
      expect((await claimed(next.claim(STAGES, 0, 'call-x'))).contact.id).toBe('c1');
      expect(next.outlook()).toEqual({ ready: false, nextDueMs: dayMs });
    });

    it('never shortens what it vouches for of results.csv', async () => {
      takeIn('c1', 'c2', 'c3');
      const keys = [(await claimOne()).key, (await claimOne()).key, (await claimOne()).key];
      for (const key of keys) void journal.write(key, entries.callEnded());
      const [first, second, third] = keys;
      if (!first || !second || !third) throw new Error('three were claimed');
      void journal.write(first, entries.recordEnded(200));
      void journal.write(second, entries.recordEnded(100));
      await journal.write(third, entries.recordEnded(undefined));
      expect(store.resultsBytes()).toBe(200);
    });

    it('never gives out an uncertain contact again', async () => {
      takeIn('c1');
      const { key } = await claimOne();
      void journal.write(key, entries.attemptBegun());
      await journal.write(key, entries.callEnded('uncertain'));
      expect(journal.counts()).toMatchObject({ uncertain: 1, done: 0, calling: 0, total: 1 });
      expect(await claim(1_000_000)).toBeUndefined();
      expect(subject.open().journal().recover(0)).toBe(0);
      expect(await claim(1_000_000)).toBeUndefined();
      await expect(journal.write(key, entries.recordEnded())).rejects.toThrow(/has ended/);
    });

    it('refuses what cannot follow', async () => {
      takeIn('c1');
      const { key } = await claimOne();
      const refused = async (entry: Parameters<CampaignJournal['write']>[1]) =>
        expect(journal.write(key, entry)).rejects.toBeInstanceOf(WriteRefused);
      await refused(entries.recordEnded());
      await refused(entries.attemptEnded({ type: 'placed', reference: 'CA1' }));
      await journal.write(key, entries.attemptBegun(1));
      await refused(entries.attemptBegun(1));
      await journal.write(key, entries.callEnded());
      await refused(entries.callEnded('busy'));
      await refused(entries.attemptBegun(2));
      await journal.write(key, entries.recordEnded());
      await refused(entries.released);
      expect(journal.counts()).toMatchObject({ done: 1, total: 1 });
      await expect(
        journal.write({ ...key, contact: 'nobody' }, entries.released),
      ).rejects.toBeInstanceOf(WriteRefused);
    });

    it('refuses a second call with the id of the first', async () => {
      takeIn('c1', 'c2');
      await claimed(journal.claim(STAGES, 0, 'same'));
      await expect(journal.claim(STAGES, 0, 'same')).rejects.toBeInstanceOf(WriteRefused);
      expect(journal.counts()).toMatchObject({ calling: 1, queued: 1 });
      expect((await claimOne()).contact.id).toBe('c2');
    });

    it('turns away a claim that was taken over, and only that', async () => {
      takeIn('c1', 'c2');
      const stale = await claimOne();
      const successor = subject.open().journal();
      expect(successor.recover(0)).toBe(1);
      const fresh = await claimed(successor.claim(STAGES, 0, 'call-x'));
      expect(fresh).toMatchObject({ key: { contact: 'c1', call: 'call-1', number: 1 } });
      expect(fresh.key.fence).toBeGreaterThan(stale.key.fence);
      const late = journal.write(stale.key, entries.attemptBegun());
      const other = claimOne();
      await expect(late).rejects.toThrow(/taken over/);
      expect((await other).contact.id).toBe('c2');
      await successor.write(fresh.key, entries.attemptBegun());
      await successor.write(fresh.key, entries.released);
      expect((await claimOne()).attempts).toHaveLength(1);
    });

    it('turns away a claim given back under its own feet', async () => {
      takeIn('c1');
      const { key } = await claimOne();
      expect(journal.recover(0)).toBe(1);
      await expect(journal.write(key, entries.scriptEnded())).rejects.toThrow(/taken over/);
    });

    it('recovers a dead run’s claims at their old places, with what they reached', async () => {
      takeIn('c1', 'c2', 'c3');
      const one = await claimOne();
      await journal.write(one.key, entries.speechEnded());
      const two = await claimOne();
      await journal.write(two.key, entries.callEnded());
      store = subject.open();
      journal = store.journal();
      expect(journal.recover(0)).toBe(2);
      expect(journal.counts()).toMatchObject({ done: 1, queued: 2, calling: 0, total: 3 });
      expect(await claimOne()).toMatchObject({ stage: 'owed', contact: { id: 'c2' } });
      expect(await claimOne()).toMatchObject({ stage: 'spoken', contact: { id: 'c1' } });
      expect(await claimOne()).toMatchObject({ stage: 'fresh', contact: { id: 'c3' } });
      expect(journal.recover(0)).toBe(3);
    });

    it('keeps campaigns apart', async () => {
      takeIn('c1');
      store.contacts('reject', 'autumn').add([contactOf('c1'), contactOf('c2')]);
      const autumn = store.journal('autumn');
      expect(autumn.counts().total).toBe(2);
      expect((await claimOne()).contact.id).toBe('c1');
      expect(await claim()).toBeUndefined();
      expect(autumn.counts()).toMatchObject({ queued: 2, calling: 0 });
      expect(autumn.recover(0)).toBe(0);
    });

    it('settles at once when nothing is on its way, else with the commit', async () => {
      await journal.settled();
      takeIn('c1');
      const { key } = await claimOne();
      void journal.write(key, entries.callEnded());
      expect(journal.counts().done).toBe(0);
      await journal.settled();
      expect(journal.counts().done).toBe(1);
    });
  });
}
