import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScriptInForce, STAGES } from '../../src/engine/ports.ts';
import {
  CAMPAIGN,
  claimed,
  contactOf,
  entries,
  type Opened,
  SUBJECTS,
  type Subject,
} from './subjects.ts';

const old: ScriptInForce = { digest: 'old', answers: { words: { 1: 'confirmed' }, waitMs: 5 } };
const other: ScriptInForce = { digest: 'other', answers: undefined };
const text = entries.scriptEnded();

for (const [name, makeSubject] of SUBJECTS) {
  describe(`another script on ${name}`, () => {
    let subject: Subject;
    let store: Opened;

    const claim = (call: string) => claimed(store.journal().claim(STAGES, 0, call));
    /** Another process begins a run. */
    const begin = (script: ScriptInForce): number => {
      store = subject.open();
      store.journal().recover(0);
      return store.journal().writeBy(script);
    };
    const prepared = async (contact: string) => {
      store.contacts().add([contactOf(contact)]);
      const { key } = await claim(`call-${contact}`);
      const lookup = { type: 'lookup.ended', properties: { a: 'b' }, service: 'hubspot' } as const;
      void store.journal().write(key, { ...lookup, atMs: 1 });
      void store.journal().write(key, text);
      void store.journal().write(key, entries.speechEnded());
      return key;
    };
    const inDoubt = async (contact: string) => {
      const key = await prepared(contact);
      await store.journal().write(key, entries.attemptBegun());
      return key;
    };

    beforeEach(() => {
      subject = makeSubject();
      store = subject.open();
      begin(old);
    });
    afterEach(() => subject.close());

    it('forgets text and audio of those not called yet, and not what the CRM said', async () => {
      await store.journal().write(await prepared('c1'), entries.released);
      expect(begin(old)).toBe(0);
      expect(begin(other)).toBe(1);
      const { stage, finished } = await claim('call-2');
      expect({ stage, finished }).toEqual({ stage: 'fresh', finished: { lookup: { a: 'b' } } });
    });

    it('forgets them too where the row is off the list at that moment', async () => {
      await store.journal().write(await prepared('c1'), entries.released);
      expect(store.contacts().finish()).toBe(1);
      expect(begin(other)).toBe(0);
      store.contacts().add([contactOf('c1')]);
      expect(await claim('call-2')).toMatchObject({ stage: 'fresh' });
    });

    it('is the first one where a store does not know yet by what it wrote', async () => {
      const campaign = 'autumn';
      const journal = store.journal(campaign);
      store.contacts('reject', campaign).add([contactOf('c1')]);
      const { key } = await claimed(journal.claim(STAGES, 0, 'call-9'));
      void journal.write(key, text);
      await journal.write(key, entries.released);
      expect(journal.writeBy(other)).toBe(0);
      expect(journal.writeBy(old)).toBe(1);
    });

    it('leaves a call that may be on its way as it is, with the answers of its own', async () => {
      await inDoubt('c1');
      expect(begin(other)).toBe(0);
      const { stage, finished, former, isOutdated } = await claim('call-2');
      expect({ stage, former, isOutdated }).toEqual({
        stage: 'dialling',
        former: { answers: old.answers },
        isOutdated: true,
      });
      expect(finished.script?.text).toBe('Good morning');
    });

    it('of which nobody was rung, the text is forgotten', async () => {
      await inDoubt('c1');
      begin(other);
      const { key } = await claim('call-2');
      const write = store.journal().write.bind(store.journal(), key);
      await expect(write({ type: 'outdated' })).rejects.toThrow('may have been rung');
      void write(entries.attemptEnded({ type: 'not_placed', code: 'absent' }));
      await write({ type: 'outdated' });
      const again = await claim('call-3');
      expect(again).toMatchObject({ stage: 'fresh', isOutdated: false, key: { call: 'call-c1' } });
      expect(again.finished).toEqual({ lookup: { a: 'b' } });
      expect(again.former).toBeUndefined();
    });

    it('an uncertain call that is done again has no text of it', async () => {
      await store.journal().write(await inDoubt('c1'), entries.callEnded('uncertain'));
      begin(other);
      const about = { campaign: CAMPAIGN, contact: 'c1', atMs: 9, note: undefined } as const;
      subject.open().settle({ ...about, outcome: 'again' });
      const { stage, finished } = await claim('call-2');
      expect({ stage, finished }).toEqual({ stage: 'fresh', finished: { lookup: { a: 'b' } } });
    });
  });
}
