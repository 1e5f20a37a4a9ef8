import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STAGES } from '../../src/engine/ports.ts';
import type { Settlement } from '../../src/store/settlement.ts';
import {
  CAMPAIGN,
  claimed,
  contactOf,
  entries,
  type Opened,
  SUBJECTS,
  type Subject,
} from './subjects.ts';

for (const [name, makeSubject] of SUBJECTS) {
  describe(`settling and remembering on ${name}`, () => {
    let subject: Subject;
    let store: Opened;

    const claim = (call: string) => claimed(store.journal().claim(STAGES, 0, call));
    const settlement = (change: Partial<Settlement> = {}): Settlement => ({
      campaign: CAMPAIGN,
      contact: 'c1',
      outcome: 'answered',
      atMs: 900,
      note: 'she called back',
      ...change,
    });
    const uncertainOne = async () => {
      store.contacts().add([contactOf('c1')]);
      const { key } = await claim('call-1');
      void store.journal().write(key, entries.scriptEnded());
      void store.journal().write(key, entries.speechEnded());
      void store.journal().write(key, entries.attemptBegun());
      await store.journal().write(key, entries.callEnded('uncertain'));
    };

    beforeEach(() => {
      subject = makeSubject();
      store = subject.open();
    });
    afterEach(() => subject.close());

    it('ends an uncertain call with what a person found out; its record is owed', async () => {
      await uncertainOne();
      // As `campaign settle` does it: another process, while a run is on.
      subject.open().settle(settlement());
      expect(store.journal().counts()).toMatchObject({ done: 1, uncertain: 0, total: 1 });
      expect(await claim('call-2')).toMatchObject({
        key: { call: 'call-1', number: 1 },
        stage: 'owed',
        ended: { outcome: 'answered', detail: 'she called back', endedMs: 900 },
      });
    });

    it('queues again who failed before any phone rang, and nobody else who is done', async () => {
      store.contacts().add([contactOf('c1'), contactOf('c2'), contactOf('c3')]);
      const journal = store.journal();
      const failed = await claim('call-1');
      void journal.write(failed.key, entries.scriptEnded());
      void journal.write(failed.key, entries.callEnded('failed'));
      void journal.write(failed.key, entries.recordEnded(120));
      const rung = await claim('call-2');
      void journal.write(rung.key, entries.attemptBegun());
      void journal.write(rung.key, entries.callEnded('failed'));
      void journal.write(rung.key, entries.recordEnded(240));
      const owed = await claim('call-3');
      void journal.write(owed.key, entries.callEnded('failed'));
      await journal.write(owed.key, entries.released);
      const again = (contact: string) => () =>
        subject.open().settle(settlement({ contact, outcome: 'again' }));
      expect(again('c2')).toThrow('is done (failed)');
      expect(again('c3')).toThrow('is done (failed)');
      expect(() => subject.open().settle(settlement())).toThrow('is done (failed)');
      again('c1')();
      expect(store.journal().counts()).toMatchObject({ queued: 1, done: 2, total: 3 });
      // results.csv, which has the row of the failed call, is made again.
      expect(store.resultsBytes()).toBe(-1);
      const other = await claim('call-4');
      // A run that is on adds to the old file, and vouches for none of it.
      await journal.write(other.key, entries.recordEnded(360));
      expect(store.resultsBytes()).toBe(-1);
      const next = await claim('call-5');
      expect(next).toMatchObject({ key: { contact: 'c1', number: 2 }, stage: 'scripted' });
    });

    it('queues again whose number was none, at the one that the list has by now', async () => {
      store.contacts().add([contactOf('c1')]);
      const { key } = await claim('call-1');
      const journal = store.journal();
      void journal.write(key, entries.attemptBegun());
      void journal.write(key, entries.attemptEnded({ type: 'placed', reference: 'r1' }));
      void journal.write(key, entries.callEnded('invalid_number'));
      await journal.write(key, entries.recordEnded(100));
      const settle = (outcome: Settlement['outcome']) =>
        subject.open().settle(settlement({ outcome }));
      expect(() => settle('answered')).toThrow('is done (invalid_number)');
      expect(settle('again')).toBe('queued');
      expect(() => settle('failed')).toThrow('is in the queue, not called yet');
      expect(settle('invalid_number')).toBe('restored');
      expect(journal.counts()).toMatchObject({ queued: 0, done: 1, total: 1 });
      store.contacts().add([contactOf('c1', { phone: '+14155550177' })]);
      expect(settle('again')).toBe('queued_as_listed');
      expect(await claim('call-2')).toMatchObject({
        key: { contact: 'c1', number: 2 },
        contact: { phone: '+14155550177' },
      });
    });

    it('queues it again: another call, with the text and audio of the first', async () => {
      await uncertainOne();
      expect(await store.journal().claim(STAGES, 0, 'call-2')).toBeUndefined();
      subject.open().settle(settlement({ outcome: 'again' }));
      expect(store.journal().counts()).toMatchObject({ queued: 1, uncertain: 0, total: 1 });
      const again = await claim('call-3');
      expect(again).toMatchObject({
        key: { call: 'call-3', number: 2 },
        stage: 'spoken',
        finished: {
          script: { text: 'Good morning', service: 'template' },
          speech: { hash: 'abc', service: 'flite' },
        },
        attempts: [],
        rounds: 0,
        recordBegun: false,
      });
      expect(again.ended).toBeUndefined();
      void store.journal().write(again.key, entries.attemptBegun());
      await store.journal().write(again.key, entries.callEnded('busy'));
      expect(store.journal().counts()).toMatchObject({ done: 1, total: 1 });
    });

    it('takes `again` back with an outcome, until a run has taken the contact up', async () => {
      await uncertainOne();
      const settle = (outcome: Settlement['outcome']) =>
        subject.open().settle(settlement({ outcome }));
      settle('again');
      expect(settle('answered')).toBe('settled');
      expect(store.journal().counts()).toMatchObject({ queued: 0, done: 1, total: 1 });
      const owed = await claim('call-2');
      expect(owed).toMatchObject({ key: { call: 'call-1' }, stage: 'owed' });
      await store.journal().write(owed.key, entries.recordEnded());
      expect(await store.journal().claim(STAGES, 0, 'call-3')).toBeUndefined();
    });

    it('takes it back more than once, and not any more once a call is open', async () => {
      store.contacts().add([contactOf('c1')]);
      const { key } = await claim('call-1');
      void store.journal().write(key, entries.scriptEnded());
      void store.journal().write(key, entries.callEnded('failed'));
      await store.journal().write(key, entries.recordEnded(100));
      const settle = (outcome: Settlement['outcome']) =>
        subject.open().settle(settlement({ outcome }));
      for (const _time of [1, 2]) {
        expect(settle('again')).toBe('queued');
        expect(() => settle('answered')).toThrow('is in the queue, not called yet');
        expect(settle('failed')).toBe('restored');
        expect(store.journal().counts()).toMatchObject({ queued: 0, done: 1, total: 1 });
        expect(store.resultsBytes()).toBe(-1);
      }
      expect(await store.journal().claim(STAGES, 0, 'call-2')).toBeUndefined();
      settle('again');
      const next = await claim('call-3');
      expect(next).toMatchObject({ stage: 'scripted', key: { number: 2 } });
      expect(() => settle('failed')).toThrow('is being called at this moment');
      await store.journal().write(next.key, entries.released);
      expect(() => settle('failed')).toThrow('is in the queue, not called yet');
    });

    it('says of a call that was begun that its end is not known', async () => {
      store.contacts().add([contactOf('c1')]);
      const { key } = await claim('call-1');
      void store.journal().write(key, entries.attemptBegun());
      await store.journal().write(key, entries.released);
      expect(() => subject.open().settle(settlement())).toThrow('whose end is not known yet');
    });

    it('puts nobody back whose number opted out, as the list has it by now', async () => {
      await uncertainOne();
      const number = '+14155550177';
      subject.open().optOuts.add({ number, atMs: 0, campaign: undefined, reason: 'letter' });
      const again = () => subject.open().settle(settlement({ outcome: 'again' }));
      const sink = store.contacts();
      sink.add([contactOf('c1', { phone: number })]);
      sink.finish();
      expect(again).toThrow('the number asked on 1970-01-01 not to be called');
      expect(store.journal().counts()).toMatchObject({ uncertain: 1, queued: 0 });
      subject.open().optOuts.remove(number);
      expect(again()).toBe('queued_as_listed');
    });

    describe('who is to be called again', () => {
      const corrected = contactOf('c1', { phone: '+14155550177', line: 9 });
      const renamed = { ...corrected, name: 'Other', variables: { room: '2' } };
      const read = (...rows: ReturnType<typeof contactOf>[]) => {
        const sink = store.contacts();
        const admissions = sink.add(rows);
        sink.finish();
        return admissions.map(({ type }) => type);
      };
      const again = () => subject.open().settle(settlement({ outcome: 'again' }));

      it('is rung at the number that the list has by now, with the text there is', async () => {
        await uncertainOne();
        expect(read(corrected)).toEqual(['known']);
        expect(again()).toBe('queued_as_listed');
        expect(read(corrected)).toEqual(['known']);
        const next = await claim('call-2');
        expect(next).toMatchObject({ contact: corrected, stage: 'spoken', isOutdated: false });
      });

      it('has the number that was rung in the record of a call that is taken back', async () => {
        await uncertainOne();
        read({ ...corrected, phoneWritten: '(415) 555-0177' });
        again();
        expect(subject.open().settle(settlement())).toBe('settled');
        const { stage, contact } = await claim('call-2');
        expect({ stage, contact }).toEqual({
          stage: 'owed',
          contact: { ...corrected, phone: contactOf('c1').phone },
        });
      });

      it('leaves the number in doubt that was dialled, not the one it has by now', async () => {
        await uncertainOne();
        read(corrected);
        again();
        const inDoubt = (phone: string) => store.journal().othersInDoubt('twilio', phone, 'other');
        expect(inDoubt(contactOf('c1').phone)).toEqual([40]);
        expect(inDoubt(corrected.phone)).toEqual([]);
      });

      it('hears a new text where the row says more than another number', async () => {
        await uncertainOne();
        read(renamed);
        expect(again()).toBe('queued_as_listed');
        const next = await claim('call-2');
        expect(next).toMatchObject({ contact: renamed, stage: 'fresh', finished: {} });
      });

      it('is what the row said last, and nothing else where it is as it was', async () => {
        await uncertainOne();
        read(renamed);
        read(corrected);
        read(contactOf('c1'));
        expect(again()).toBe('queued');
        expect(await claim('call-2')).toMatchObject({ contact: contactOf('c1') });
      });

      it('follows a row that is corrected only after that', async () => {
        await uncertainOne();
        expect(again()).toBe('queued');
        expect(read(renamed)).toEqual(['changed']);
        const next = await claim('call-2');
        expect(next).toMatchObject({ contact: renamed, stage: 'fresh', isOutdated: false });
      });

      it('is taken out where the row is gone, and back with the row', async () => {
        await uncertainOne();
        read(contactOf('c2'));
        expect(again()).toBe('removed');
        expect(store.journal().counts()).toMatchObject({ total: 1, queued: 1, uncertain: 0 });
        expect(again).toThrow('no longer on the list');
        expect((await claim('call-2')).contact.id).toBe('c2');
        expect(await store.journal().claim(STAGES, 0, 'call-3')).toBeUndefined();
        expect(read(contactOf('c2'), corrected)).toEqual(['known', 'added']);
        expect(await claim('call-4')).toMatchObject({
          contact: corrected,
          key: { number: 2 },
          stage: 'spoken',
        });
      });

      it('is taken out where the row goes only after that', async () => {
        await uncertainOne();
        again();
        read(contactOf('c2'));
        expect(store.journal().counts()).toMatchObject({ total: 1, queued: 1 });
      });

      it('is rung where the row came back before', async () => {
        await uncertainOne();
        read(contactOf('c2'));
        read(contactOf('c2'), corrected);
        expect(again()).toBe('queued_as_listed');
      });

      it('is rung where a reading that would have met the row broke off', async () => {
        await uncertainOne();
        store.contacts().add([contactOf('c2')]);
        expect(again()).toBe('queued');
      });

      it('follows the list also after a failure before any phone rang', async () => {
        store.contacts().add([contactOf('c1')]);
        const { key } = await claim('call-1');
        void store.journal().write(key, entries.callEnded('failed'));
        await store.journal().write(key, entries.recordEnded(100));
        read(corrected);
        expect(again()).toBe('queued_as_listed');
        expect(await claim('call-2')).toMatchObject({ contact: corrected });
      });

      it('follows what the list said while the call was on its way', async () => {
        store.contacts().add([contactOf('c1')]);
        await store.journal().write((await claim('call-1')).key, entries.attemptBegun());
        store.journal().recover(0);
        read(corrected);
        const { key, isOutdated } = await claim('call-2');
        expect(isOutdated).toBe(true);
        await store.journal().write(key, entries.callEnded('uncertain'));
        expect(again()).toBe('queued_as_listed');
        expect(await claim('call-3')).toMatchObject({ contact: corrected, isOutdated: false });
      });
    });

    it('tells by its old row what a person found out about a call', async () => {
      await uncertainOne();
      store.contacts().add([contactOf('c1', { phone: '+14155550177' })]);
      expect(subject.open().settle(settlement())).toBe('settled');
      expect(await claim('call-2')).toMatchObject({
        contact: { phone: contactOf('c1').phone },
        stage: 'owed',
        isOutdated: false,
      });
    });

    it('settles nobody else, and says why not', async () => {
      store.contacts().add([contactOf('c1'), contactOf('c2')]);
      const said =
        (change: Partial<Settlement> = {}) =>
        () =>
          store.settle(settlement(change));
      expect(said({ campaign: 'nowhere' })).toThrow(/no campaign nowhere/);
      expect(said({ contact: 'c9' })).toThrow(/has no contact c9/);
      expect(said()).toThrow(/is in the queue, not called yet/);
      const { key } = await claim('call-1');
      expect(said()).toThrow(/is being called at this moment/);
      await store.journal().write(key, entries.putOff(100));
      expect(said()).toThrow(/is put off/);
      const second = await claim('call-2');
      await store.journal().write(second.key, entries.callEnded('voicemail'));
      expect(said({ contact: 'c2' })).toThrow(/is done \(voicemail\)/);
      store.contacts().finish();
      expect(said()).toThrow(/no longer on the list/);
      expect(store.journal().counts()).toMatchObject({ total: 1, done: 1 });
    });

    it('remembers breakers: at once for itself, with the next commit for others', async () => {
      const { breakers } = store;
      expect(breakers.load('flite')).toBeUndefined();
      breakers.save('flite', { state: 'open', failures: 3 });
      breakers.save('flite', { state: 'open', failures: 4 });
      expect(breakers.load('flite')).toEqual({ state: 'open', failures: 4 });
      await store.journal().settled();
      expect(subject.open().breakers.load('flite')).toEqual({ state: 'open', failures: 4 });
      breakers.save('flite', { state: 'closed' });
      await store.journal().settled();
      expect(subject.open().breakers.load('flite')).toEqual({ state: 'closed' });
    });
  });
}
