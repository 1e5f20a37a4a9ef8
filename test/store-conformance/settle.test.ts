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
      expect(store.resultsBytes()).toBe(0);
      await claim('call-4');
      const next = await claim('call-5');
      expect(next).toMatchObject({ key: { contact: 'c1', number: 2 }, stage: 'scripted' });
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
