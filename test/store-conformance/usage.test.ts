import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UsageCount } from '../../src/domain/usage.ts';
import { claimed, contactOf, entries, type Opened, SUBJECTS, type Subject } from './subjects.ts';

const text: UsageCount = {
  role: 'llm',
  service: 'openai',
  seconds: 0,
  answers: 1,
  inputTokens: 120,
  outputTokens: 30,
  characters: 0,
};
const nothing = { inputTokens: 0, outputTokens: 0, characters: 0 };
const speech: UsageCount = { ...text, ...nothing, role: 'tts', characters: 51 };
const callOf = (seconds: number): UsageCount => {
  return { ...text, ...nothing, role: 'dialer', service: 'twilio', seconds };
};

for (const [name, makeSubject] of SUBJECTS) {
  describe(`usage on ${name}`, () => {
    let subject: Subject;
    let store: Opened;

    beforeEach(() => {
      subject = makeSubject();
      store = subject.open();
    });
    afterEach(() => subject.close());

    it('is added up by service, role and length of call, for each campaign', async () => {
      const autumn = store.journal('autumn');
      const spring = store.journal();
      for (const count of [callOf(61), text, speech, callOf(5), text, callOf(61)]) {
        store.noteUsage(count);
      }
      store.noteUsage(text, 'autumn');
      await Promise.all([autumn.settled(), spring.settled()]);
      const kept = [
        { ...text, answers: 2, inputTokens: 240, outputTokens: 60 },
        speech,
        callOf(5),
        { ...callOf(61), answers: 2 },
      ];
      expect(store.usage()).toEqual(kept);
      expect(subject.open().usage()).toEqual(kept);
      expect(store.usage('autumn')).toEqual([text]);
      expect(store.usage('winter')).toEqual([]);
    });

    it('goes with the commit of what it was paid for', async () => {
      store.contacts().add([contactOf('c1')]);
      const journal = store.journal();
      const { key } = await claimed(journal.claim(['fresh'], 0, 'call-1'));
      const written = journal.write(key, entries.scriptEnded());
      store.noteUsage(text);
      expect(store.usage()).toEqual([]);
      await written;
      expect(subject.open().usage()).toEqual([text]);
    });

    it('goes on from one process to the next', async () => {
      await store.journal().settled();
      store.noteUsage(text);
      await store.journal().settled();
      const next = subject.open();
      next.journal();
      next.noteUsage(text);
      await next.journal().settled();
      expect(next.usage()).toMatchObject([{ answers: 2, inputTokens: 240 }]);
    });
  });
}
