import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STAGES } from '../../src/engine/ports.ts';
import { claimed, contactOf, entries, type Opened, SUBJECTS, type Subject } from './subjects.ts';

for (const [name, makeSubject] of SUBJECTS) {
  describe(`numbers that are not rung, on ${name}`, () => {
    let subject: Subject;
    let store: Opened;
    const { phone } = contactOf('c1');

    const claim = (campaign: string, call: string) =>
      claimed(store.journal(campaign).claim(STAGES, 0, call));
    const answered = (answer: string, atMs = 55) =>
      ({ type: 'call.answered', answer, atMs }) as const;

    beforeEach(() => {
      subject = makeSubject();
      store = subject.open();
      for (const campaign of ['spring', 'autumn']) {
        store.contacts('reject', campaign).add([contactOf('c1')]);
      }
    });
    afterEach(() => subject.close());

    it('are told with the claim of every campaign, also to another process', async () => {
      const { key, optedOutMs } = await claim('spring', 'call-1');
      expect(optedOutMs).toBeUndefined();
      await store.journal('spring').write(key, answered('opt_out'));
      const other = subject.open();
      const told = await claimed(other.journal('autumn').claim(STAGES, 60, 'call-2'));
      expect(told.optedOutMs).toBe(55);
      expect(other.optOuts.list()).toEqual([
        { number: phone, atMs: 55, campaign: 'spring', reason: expect.any(String) as string },
      ]);
    });

    it('are refused at the begin of a dial attempt, though the claim was before', async () => {
      const { key: autumn } = await claim('autumn', 'call-2');
      const { key: spring } = await claim('spring', 'call-1');
      // In one commit: the one that asks, then the one that is about to ring.
      void store.journal('spring').write(spring, answered('opt_out'));
      const begun = store.journal('autumn').write(autumn, entries.attemptBegun());
      await expect(begun).rejects.toMatchObject({
        name: 'OptedOut',
        message: 'this number asked on 1970-01-01 not to be called',
      });
      // The claim goes on, nothing is written of the attempt, and the call can end.
      await store.journal('autumn').write(autumn, {
        ...entries.callEnded('failed'),
        code: 'opted_out',
      });
      await store.journal('autumn').write(autumn, { type: 'released' });
      const owed = await claim('autumn', 'call-3');
      expect(owed).toMatchObject({ stage: 'owed', attempts: [], ended: { outcome: 'failed' } });
    });

    it('are taken down also when their call is over, and nothing else is', async () => {
      const { key } = await claim('spring', 'call-1');
      const journal = store.journal('spring');
      await journal.write(key, entries.attemptBegun());
      await journal.write(key, entries.callEnded('answered'));
      await journal.write(key, entries.recordEnded());
      await journal.write(key, answered('opt_out'));
      expect(store.optOuts.list()).toMatchObject([{ number: phone, atMs: 55 }]);
      await expect(journal.write(key, entries.recordEnded())).rejects.toThrow(/has ended/);
    });

    it('are taken down whoever has the contact by then', async () => {
      const { key: first } = await claim('spring', 'call-1');
      const journal = store.journal('spring');
      await journal.write(first, entries.attemptBegun());
      await journal.write(first, entries.callEnded('answered'));
      await journal.write(first, { type: 'released' });
      // Its record is being made now.
      const { key: second } = await claim('spring', 'call-2');
      await journal.write(first, answered('opt_out'));
      expect(store.optOuts.list()).toMatchObject([{ number: phone, atMs: 55 }]);
      await journal.write(second, { type: 'released' });
      expect(await claim('spring', 'call-3')).toMatchObject({ stage: 'owed', answer: 'opt_out' });
      await expect(journal.write(first, entries.recordEnded())).rejects.toThrow(/taken over/);
    });

    it('are those that were rung, whatever the list has by now', async () => {
      const { key: first } = await claim('spring', 'call-1');
      const journal = store.journal('spring');
      await journal.write(first, entries.attemptBegun());
      await journal.write(first, entries.callEnded('uncertain'));
      const corrected = contactOf('c1', { phone: '+14155550177' });
      store.contacts('reject', 'spring').add([corrected]);
      const about = { campaign: 'spring', contact: 'c1', atMs: 50, note: undefined } as const;
      expect(store.settle({ ...about, outcome: 'again' })).toBe('queued_as_listed');
      const { key: second, contact } = await claim('spring', 'call-2');
      expect(contact.phone).toBe(corrected.phone);
      await journal.write(first, answered('opt_out'));
      expect(store.optOuts.list()).toMatchObject([{ number: phone, atMs: 55 }]);
      // It is the answer of the call in which it was pressed.
      await journal.write(second, { type: 'released' });
      expect((await claim('spring', 'call-3')).answer).toBeUndefined();
    });

    it('keep the record of a call that ended, with its answer', async () => {
      const { key } = await claim('spring', 'call-1');
      const journal = store.journal('spring');
      await journal.write(key, entries.attemptBegun());
      await journal.write(key, answered('confirmed'));
      await journal.write(key, answered('call_me_back'));
      await journal.write(key, answered('opt_out'));
      await journal.write(key, answered('confirmed'));
      await journal.write(key, entries.callEnded());
      await journal.write(key, { type: 'released' });
      expect(await claim('spring', 'call-2')).toMatchObject({ stage: 'owed', answer: 'opt_out' });
    });

    it('are taken in and out by hand', async () => {
      const { optOuts } = store;
      const about = { number: phone, atMs: 9, campaign: undefined, reason: 'by letter' };
      expect(optOuts.add(about)).toBe(true);
      expect(optOuts.add({ ...about, reason: 'again' })).toBe(false);
      expect(optOuts.list()).toEqual([about]);
      expect((await claim('spring', 'call-1')).optedOutMs).toBe(9);
      expect(optOuts.remove(phone)).toBe(true);
      expect(optOuts.remove(phone)).toBe(false);
      const { key, optedOutMs } = await claim('autumn', 'call-2');
      expect(optedOutMs).toBeUndefined();
      await store.journal('autumn').write(key, entries.attemptBegun());
    });
  });
}
