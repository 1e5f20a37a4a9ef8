import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STAGES } from '../../src/engine/ports.ts';
import { claimed, contactOf, entries, type Opened, SUBJECTS, type Subject } from './subjects.ts';

for (const [name, makeSubject] of SUBJECTS) {
  describe(`taking in contacts on ${name}`, () => {
    let subject: Subject;
    let store: Opened;
    let calls = 0;

    const claim = (nowMs = 0) => {
      calls += 1;
      return claimed(store.journal().claim(STAGES, nowMs, `call-${calls}`));
    };
    const add = (...rows: ReturnType<typeof contactOf>[]) =>
      store
        .contacts()
        .add(rows)
        .map(({ type }) => type);

    beforeEach(() => {
      calls = 0;
      subject = makeSubject();
      store = subject.open();
    });
    afterEach(() => subject.close());

    it('knows a contact again by its id, in another reading too', () => {
      expect(add(contactOf('c1'), contactOf('c2'))).toEqual(['added', 'added']);
      expect(add(contactOf('c1'), contactOf('c3'))).toEqual(['known', 'added']);
      expect(store.journal().counts()).toMatchObject({ total: 3, queued: 3 });
    });

    it('refuses an id that came before in the same reading, and says where', () => {
      const sink = store.contacts();
      sink.add([contactOf('c1', { line: 2 })]);
      const twice = contactOf('c1', { line: 9, phone: '+14155550155' });
      expect(sink.add([twice])).toEqual([{ type: 'same_id', line: 2 }]);
      expect(store.journal().counts().total).toBe(1);
    });

    it('refuses a number that another contact has, of this reading or begun before', async () => {
      add(contactOf('c1', { line: 2, phone: '+14155550101' }));
      void store.journal().write((await claim()).key, entries.scriptEnded());
      const sink = store.contacts();
      const refused = { type: 'same_number', contact: 'c1', line: 2 };
      expect(sink.add([contactOf('c2', { phone: '+14155550101' })])).toEqual([refused]);
      expect(sink.add([contactOf('c1', { line: 5, phone: '+14155550101' })])).toEqual([
        { type: 'known' },
      ]);
      expect(sink.add([contactOf('c3', { phone: '+14155550101' })])).toEqual([
        { ...refused, line: 5 },
      ]);
      expect(store.journal().counts().total).toBe(1);
    });

    describe('a row that changes while a call of it may be on its way', () => {
      const asked = async () => {
        const first = await claim();
        void store.journal().write(first.key, entries.scriptEnded());
        await store.journal().write(first.key, entries.attemptBegun());
        store.journal().recover(0);
      };
      const absent = { type: 'not_placed', code: 'absent' } as const;

      it('is settled as it was begun, then out of the queue where it is gone', async () => {
        add(contactOf('c1'), contactOf('c2'));
        await asked();
        const sink = store.contacts();
        sink.add([contactOf('c2')]);
        expect(sink.finish()).toBe(0);
        const again = await claim();
        expect(again).toMatchObject({ isOutdated: true, contact: { id: 'c1' } });
        const early = store.journal().write(again.key, { type: 'outdated' });
        await expect(early).rejects.toThrow('somebody may have been rung');
        void store.journal().write(again.key, entries.attemptEnded(absent));
        await store.journal().write(again.key, { type: 'outdated' });
        expect(store.journal().counts()).toMatchObject({ total: 1, queued: 1, calling: 0 });
        expect((await claim()).contact.id).toBe('c2');
      });

      it('is settled as it was begun, then as the list has it', async () => {
        add(contactOf('c1'));
        await asked();
        const corrected = contactOf('c1', { phone: '+14155550177', name: 'Other' });
        expect(add(corrected)).toEqual(['known']);
        const again = await claim();
        expect(again).toMatchObject({ isOutdated: true, contact: contactOf('c1') });
        void store.journal().write(again.key, entries.attemptEnded(absent));
        await store.journal().write(again.key, { type: 'outdated' });
        const last = await claim();
        expect(last).toMatchObject({ isOutdated: false, contact: corrected, stage: 'fresh' });
        expect(last.finished).toEqual({});
        expect(last.attempts).toHaveLength(1);
      });

      it('is followed by the next reading as ever, where it came back as it was', async () => {
        add(contactOf('c1'));
        await asked();
        add(contactOf('c1', { phone: '+14155550177' }));
        expect(add(contactOf('c1'))).toEqual(['known']);
        const again = await claim();
        expect(again.isOutdated).toBe(false);
        void store.journal().write(again.key, entries.attemptEnded(absent));
        const late = store.journal().write(again.key, { type: 'outdated' });
        await expect(late).rejects.toThrow('not outdated');
      });
    });

    it('takes the same number twice where that is allowed, and leaves those alone later', () => {
      const rows = [
        contactOf('c1', { phone: '+14155550101' }),
        contactOf('c2', { phone: '+14155550101' }),
      ];
      expect(
        store
          .contacts('allow')
          .add(rows)
          .map(({ type }) => type),
      ).toEqual(['added', 'added']);
      expect(add(...rows)).toEqual(['known', 'known']);
    });

    it('takes over what the list says now of a contact that has not begun', async () => {
      add(contactOf('c1', { variables: { room: '1', doctor: 'A' } }));
      expect(add(contactOf('c1', { line: 7, variables: { doctor: 'A', room: '1' } }))).toEqual([
        'known',
      ]);
      const changed = contactOf('c1', { line: 8, name: 'Another', variables: { room: '2' } });
      expect(add(changed)).toEqual(['changed']);
      expect((await claim()).contact).toEqual(changed);
    });

    it('refuses a changed number that another contact has', async () => {
      add(contactOf('c1'), contactOf('c2'));
      const thief = contactOf('c2', { phone: contactOf('c1').phone });
      expect(add(contactOf('c1'), thief)).toEqual(['known', 'same_number']);
      await claim();
      expect((await claim()).contact).toEqual(contactOf('c2'));
    });

    it('lets the list give a person another id, as long as nothing was done', async () => {
      const { phone } = contactOf('c1');
      add(contactOf('c1'), contactOf('c2'));
      const sink = store.contacts();
      expect(sink.add([contactOf('renamed', { phone })])).toEqual([{ type: 'added' }]);
      expect(store.journal().counts()).toMatchObject({ total: 2, queued: 2 });
      expect(sink.add([contactOf('c1')])).toMatchObject([{ type: 'same_number' }]);
      expect(sink.finish()).toBe(1);
      expect((await claim()).contact.id).toBe('renamed');
      expect(await store.journal().claim(STAGES, 1_000, 'call-y')).toBeUndefined();
    });

    it('lets two contacts exchange their numbers', () => {
      add(contactOf('c1'), contactOf('c2'));
      const [one, two] = [contactOf('c1').phone, contactOf('c2').phone];
      const swapped = [contactOf('c1', { phone: two }), contactOf('c2', { phone: one })];
      expect(add(...swapped)).toEqual(['changed', 'changed']);
      expect(store.journal().counts()).toMatchObject({ total: 2, queued: 2 });
    });

    describe.each([
      ['may have been rung', [entries.attemptBegun(), entries.released]],
      ['has its outcome', [entries.callEnded(), entries.recordEnded()]],
      ['is uncertain', [entries.callEnded('uncertain')]],
    ] as const)('the numbers of a contact that %s', (_what, written) => {
      const [old, next] = [contactOf('c1').phone, '+14155550177'];
      const called = async (...others: ReturnType<typeof contactOf>[]) => {
        add(contactOf('c1'), ...others);
        const { key } = await claim();
        for (const entry of written) void store.journal().write(key, entry);
        await store.journal().settled();
      };
      const corrected = contactOf('c1', { phone: next, line: 5 });

      it('refuse another row the one that it is to have', async () => {
        await called();
        const sink = store.contacts();
        sink.add([corrected]);
        const refused = [{ type: 'same_number', contact: 'c1', line: 5 }];
        expect(sink.add([contactOf('c2', { phone: next })])).toEqual(refused);
        // In the next reading too, whichever row comes first.
        const again = store.contacts();
        expect(again.add([corrected, contactOf('c2', { phone: next })])).toEqual([
          { type: 'known' },
          ...refused,
        ]);
      });

      it('refuse it one that another row has', async () => {
        await called(contactOf('c2'));
        const taken = contactOf('c1', { phone: contactOf('c2').phone });
        expect(add(contactOf('c2'), taken)).toEqual(['known', 'same_number']);
      });

      it('let it exchange them with another, whichever comes first', async () => {
        await called(contactOf('c2'));
        const other = contactOf('c2').phone;
        const swapped = [contactOf('c1', { phone: other }), contactOf('c2', { phone: old })];
        expect(add(...swapped)).toEqual(['known', 'changed']);
        expect(add(...swapped)).toEqual(['known', 'known']);
        expect(add(contactOf('c2'), contactOf('c1'))).toEqual(['changed', 'known']);
        expect(add(...swapped.toReversed())).toEqual(['changed', 'known']);
        expect(store.journal().counts().total).toBe(2);
      });

      it('are its own while its row gives it no other one', async () => {
        await called();
        expect(add(contactOf('c2', { phone: old }))).toEqual(['same_number']);
        const both = [contactOf('c2', { phone: old }), contactOf('c1')];
        expect(add(...both)).toEqual(['same_number', 'known']);
      });

      it('are free where another row takes the new one and its own row is gone', async () => {
        await called();
        add(corrected);
        const renamed = contactOf('c2', { phone: next });
        expect(add(renamed)).toEqual(['added']);
        expect(add(renamed, corrected)).toEqual(['known', 'same_number']);
        // Nothing was done for the other one yet, and the first row counts.
        expect(add(corrected, renamed)).toEqual(['known', 'same_number']);
      });
    });

    it.each([
      ['is claimed', []],
      ['may have been rung', [entries.attemptBegun(), entries.released]],
      ['has its outcome', [entries.callEnded(), entries.recordEnded()]],
      ['is uncertain', [entries.callEnded('uncertain')]],
    ] as const)('changes nothing of a contact that %s', async (_what, written) => {
      add(contactOf('c1'));
      const { key } = await claim();
      for (const entry of written) void store.journal().write(key, entry);
      await store.journal().settled();
      const before = store.journal().counts();
      const sink = store.contacts();
      expect(sink.add([contactOf('c1', { name: 'Another' })])).toEqual([{ type: 'known' }]);
      expect(sink.finish()).toBe(0);
      expect(store.journal().counts()).toEqual(before);
    });

    it('rings the number that the list has now, and says what it says now', async () => {
      add(contactOf('c1'));
      const { key } = await claim();
      void store.journal().write(key, entries.scriptEnded());
      void store.journal().write(key, entries.attemptBegun());
      void store.journal().write(key, entries.attemptEnded({ type: 'not_placed', code: '503' }));
      await store.journal().write(key, entries.released);
      expect(add(contactOf('c1', { phone: '+14155550166' }))).toEqual(['changed']);
      const corrected = await claim();
      // Nobody was rung, and the text knows no number: it stays.
      expect(corrected).toMatchObject({ stage: 'scripted', contact: { phone: '+14155550166' } });
      await store.journal().write(corrected.key, entries.released);
      const renamed = contactOf('c1', { phone: '+14155550166', name: 'Another' });
      expect(add(renamed)).toEqual(['changed']);
      const again = await claim();
      expect(again).toMatchObject({ stage: 'fresh', finished: {}, key: { number: 1 } });
      expect(again.contact.name).toBe('Another');
    });

    it.each([
      ['is claimed', []],
      ['may have been rung', [entries.attemptBegun(), entries.released]],
      ['has its outcome', [entries.callEnded(), entries.recordEnded()]],
      ['is uncertain', [entries.callEnded('uncertain')]],
    ] as const)('does not take out a contact that %s', async (_what, written) => {
      add(contactOf('c1'));
      const { key } = await claim();
      for (const entry of written) void store.journal().write(key, entry);
      await store.journal().settled();
      const before = store.journal().counts();
      expect(store.contacts().finish()).toBe(0);
      expect(store.journal().counts()).toEqual(before);
    });

    it('takes out one that has its text and was not rung; coming back, it keeps it', async () => {
      add(contactOf('c1'));
      const { key } = await claim();
      void store.journal().write(key, entries.scriptEnded());
      await store.journal().write(key, entries.released);
      expect(store.contacts().finish()).toBe(1);
      expect(await store.journal().claim(STAGES, 1_000, 'call-y')).toBeUndefined();
      expect(add(contactOf('c1'))).toEqual(['added']);
      expect(await claim()).toMatchObject({ stage: 'scripted' });
    });

    it('still changes one that was only claimed and came back with nothing', async () => {
      add(contactOf('c1'));
      const { key } = await claim();
      void store.journal().write(key, { type: 'step.begun', step: 'script', atMs: 5 });
      await store.journal().write(key, entries.putOff(100));
      expect(add(contactOf('c1', { name: 'Another' }))).toEqual(['changed']);
      expect(await claim(100)).toMatchObject({ contact: { name: 'Another' }, key: { number: 1 } });
    });

    it('takes out who is not on the list any more, waiting or ready', async () => {
      add(contactOf('c1'), contactOf('c2'), contactOf('c3'), contactOf('c4'));
      await store.journal().write((await claim()).key, entries.putOff(100));
      const sink = store.contacts();
      sink.add([contactOf('c3')]);
      expect(sink.finish()).toBe(3);
      expect(store.journal().counts()).toMatchObject({ total: 1, queued: 1, put_off: 0 });
      expect(store.journal().outlook()).toEqual({ ready: true, nextDueMs: undefined });
      expect((await claim(1_000)).contact.id).toBe('c3');
      expect(await store.journal().claim(STAGES, 1_000, 'call-y')).toBeUndefined();
    });

    it('queues one again that comes back to the list, as the list says it now', async () => {
      add(contactOf('c1'), contactOf('c2'));
      const sink = store.contacts();
      sink.add([contactOf('c2')]);
      sink.finish();
      const back = contactOf('c1', { name: 'Back again', line: 30 });
      expect(add(contactOf('c2'), back)).toEqual(['known', 'added']);
      expect(store.journal().counts()).toMatchObject({ total: 2, queued: 2 });
      expect((await claim()).contact.id).toBe('c2');
      expect((await claim()).contact).toEqual(back);
    });

    it('gives nobody the number of a row that was refused its new one', async () => {
      add(contactOf('c1'), contactOf('c2'), contactOf('c3'));
      const { phone } = contactOf('c2');
      const onto = contactOf('c2', { phone: contactOf('c3').phone });
      // c2 goes to a number that it does not get: c1 has the one it leaves, whatever comes next.
      const rows = [contactOf('c3'), contactOf('c1', { phone }), onto];
      expect(add(...rows)).toEqual(['known', 'changed', 'same_number']);
      expect(store.journal().counts().total).toBe(2);
      expect(add(contactOf('c1', { phone }), contactOf('c2'))).toEqual(['known', 'same_number']);
    });

    it('frees the number of one that was taken out', () => {
      add(contactOf('c1', { phone: '+14155550101' }));
      store.contacts().finish();
      const other = contactOf('c2', { phone: '+14155550101' });
      expect(add(other)).toEqual(['added']);
      const back = contactOf('c1', { phone: '+14155550101' });
      expect(add(other, back)).toEqual(['known', 'same_number']);
    });

    it('takes nobody out where the reading was never finished', () => {
      add(contactOf('c1'), contactOf('c2'));
      store.contacts().add([contactOf('c2')]);
      expect(store.journal().counts().total).toBe(2);
      expect(add(contactOf('c1'), contactOf('c2'))).toEqual(['known', 'known']);
    });
  });
}
