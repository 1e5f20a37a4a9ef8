import { describe, expect, it } from 'vitest';
import type { Paint } from '../../src/cli/paint.ts';
import {
  briefText,
  hasRefusedRecords,
  type SummaryFacts,
  summaryText,
} from '../../src/cli/summary.ts';
import { type ContactCounts, NOBODY, type RunEnd } from '../../src/domain/event.ts';
import { RunTally } from '../../src/domain/tally.ts';
import type { Outcome } from '../../src/domain/words.ts';
import { clearNumbers, phoneOf } from '../support/command-bench.ts';

const plain: Paint = (_style, text) => text;
const marked: Paint = (style, text) => `<${style}>${text}</${style}>`;

/** A tally of a run in which calls ended so. */
function tallyOf(...ends: readonly (readonly [Outcome, detail?: string])[]): RunTally {
  const tally = new RunTally();
  for (const [outcome, detail] of ends) {
    const subject = { contact: 'c', call: 'x', durationMs: 1 };
    tally.take({ type: 'call.finished', ...subject, outcome, detail });
  }
  return tally;
}

type Changes = Partial<Omit<SummaryFacts, 'contacts' | 'outcomes'>> & {
  readonly contacts?: Partial<ContactCounts>;
  readonly outcomes?: readonly (readonly [Outcome, number])[];
};

function factsOf({ contacts, outcomes, ...changes }: Changes): SummaryFacts {
  return {
    campaign: 'spring',
    end: 'done',
    durationMs: 65_000,
    tally: tallyOf(),
    down: [],
    services: [],
    rings: true,
    dialers: ['twilio'],
    crms: ['hubspot'],
    places: [['log', 'logs/app.log']],
    again: 'campaign run spring.csv',
    settle: (contact) => `campaign settle spring ${contact} answered`,
    contacts: { ...NOBODY, ...contacts },
    removed: 0,
    outcomes: new Map(outcomes),
    answers: new Map(),
    optedOut: 0,
    recordsOwed: 0,
    reusedIds: { count: 0, lines: [] },
    waiting: [],
    uncertain: [],
    askedAgain: 0,
    ...changes,
  };
}

function headline(changes: Changes): string {
  return summaryText(factsOf(changes), plain).split('\n')[1] ?? '';
}

/** The lines of the second paragraph. */
function rows(changes: Changes, paint = plain): string[] {
  return summaryText(factsOf(changes), paint).split('\n\n')[1]?.split('\n') ?? [];
}

const oneDone = tallyOf(['answered']);
const halfWay = { total: 1200, done: 3, queued: 1190, put_off: 7 };

describe('the headline', () => {
  it.each<[string, Changes, string]>([
    [
      'done',
      { tally: tallyOf(['answered'], ['busy']), contacts: { total: 1200, done: 1200 } },
      'spring: 2 contacts done in 1 min 5 s. All 1,200 have their outcome.',
    ],
    [
      'done, one of one',
      { tally: oneDone, contacts: { total: 1, done: 1 } },
      'spring: 1 contact done in 1 min 5 s. The one contact has its outcome.',
    ],
    [
      'done, with somebody uncertain',
      { tally: oneDone, contacts: { total: 3, done: 1, uncertain: 2 } },
      'spring: 1 contact done in 1 min 5 s. All 3 have their outcome; 2 of them are uncertain.',
    ],
    [
      'nothing to do',
      { contacts: { total: 2, done: 2 } },
      'spring: nothing to do. All 2 have their outcome; nothing was repeated.',
    ],
    [
      'the limit',
      { end: 'limit', tally: oneDone, contacts: halfWay },
      'spring: 1 contact done in 1 min 5 s, as --limit said, 1,197 contacts left. ' +
        'Go on with: campaign run spring.csv',
    ],
    [
      'until',
      { end: 'until', tally: oneDone, contacts: halfWay },
      'spring: --until is reached, 1 contact done, 1,197 contacts left. ' +
        'Go on with: campaign run spring.csv',
    ],
    [
      'the budget',
      { end: 'budget', tally: oneDone, contacts: halfWay },
      'spring: campaign.budget is spent, 1 contact done in 1 min 5 s, 1,197 contacts left. ' +
        'Raise it to go on with: campaign run spring.csv',
    ],
    [
      'an outage',
      { end: 'outage', contacts: halfWay },
      'spring: ended early, because nothing got through any more: 0 contacts done in 1 min 5 s, ' +
        '1,197 contacts left. Go on with: campaign run spring.csv',
    ],
    [
      'an outage of the CRM alone',
      { end: 'outage', tally: oneDone, contacts: { total: 1, done: 1 }, recordsOwed: 1 },
      'spring: ended early: the one contact has its outcome; 1 record is still owed to hubspot. ' +
        'Go on with: campaign run spring.csv',
    ],
    [
      'stopped while only records were owed',
      { end: 'stopped', tally: oneDone, contacts: { total: 3, done: 3 }, recordsOwed: 2 },
      'spring: stopped, 1 contact done in 1 min 5 s: all 3 have their outcome; ' +
        '2 records are still owed to hubspot. Go on with: campaign run spring.csv',
    ],
    [
      'done, one of them uncertain just now',
      {
        tally: tallyOf(['answered'], ['uncertain']),
        contacts: { total: 2, done: 1, uncertain: 1 },
      },
      'spring: 1 contact done, 1 uncertain in 1 min 5 s. ' +
        'All 2 have their outcome; 1 of them is uncertain.',
    ],
    [
      'stopped',
      { end: 'stopped', tally: oneDone, contacts: { total: 2, done: 1, queued: 1 } },
      'spring: stopped, 1 contact done in 1 min 5 s, 1 contact left. ' +
        'Go on with: campaign run spring.csv',
    ],
    ...(['disk_failed', 'program_failed'] as const).map((end): [RunEnd, Changes, string] => [
      end,
      { end, tally: oneDone, contacts: { total: 2, done: 1, calling: 1 } },
      'spring: broken off, 1 contact done, 1 contact left.',
    ]),
  ])('%s', (_what, changes, line) => {
    expect(headline(changes)).toBe(line);
  });

  it('tells of records that were owed and are made', () => {
    const tally = new RunTally();
    const step = { step: 'record', role: 'crm', service: 'csv', durationMs: 1 } as const;
    tally.take({ type: 'step.finished', ...step });
    const contacts = { total: 2, done: 2 };
    expect(headline({ tally, contacts })).toBe(
      'spring: nobody was left to call, and the CRM got 1 record that was owed. ' +
        'All 2 have their outcome; nothing was repeated.',
    );
    tally.take({ type: 'step.finished', ...step });
    expect(headline({ tally, contacts })).toContain('2 records that were owed');
  });
});

describe('the rows', () => {
  it('say what became of everybody, and what waits', () => {
    const changes: Changes = {
      outcomes: [
        ['answered', 12_000],
        ['no_answer', 20],
        ['invalid_number', 3],
        ['busy', 0],
        ['uncertain', 1],
      ],
      contacts: { ...halfWay, calling: 1 },
      waiting: [
        { reason: 'waits for flite', count: 6, dueMs: 1 },
        { reason: `preview: cannot write ${phoneOf(1)}.wav`, count: 1, dueMs: 2 },
      ],
      recordsOwed: 2,
      removed: 4,
      inDoubt: 4,
    };
    expect(rows(changes)).toEqual([
      ' 12,000 answered',
      '     20 no answer',
      '      3 invalid numbers',
      '      1 uncertain',
      '  1,191 queued',
      '      7 put off        6: waits for flite; 1: preview: cannot write +1 415 *** **01.wav',
      '      4 in doubt       of these may have been rung: the next run asks what became of them',
      '      2 records owed   the CRM gets them with the next run',
      '      4 taken out      not in the list any more, so not called',
    ]);
  });

  it('are of all runs of the campaign, and say so where this run did less', () => {
    const tally = tallyOf(['answered']);
    const together = '  All runs of this campaign together:';
    const once: Changes = { tally, outcomes: [['answered', 1]] };
    expect(summaryText(factsOf(once), plain)).not.toContain(together);
    const again: Changes = { tally, outcomes: [['answered', 19]] };
    expect(summaryText(factsOf(again), plain)).toContain(`\n\n${together}\n     19 answered\n`);
    expect(summaryText(factsOf({ ...again, tally: tallyOf() }), plain)).not.toContain(together);
  });

  it('tell records that were refused by their reason, and what was noted of others', () => {
    const tally = tallyOf(['answered']);
    const subject = { step: 'record', role: 'crm', service: 'hubspot', durationMs: 1 } as const;
    tally.take({ type: 'step.finished', ...subject });
    tally.take({ type: 'step.finished', ...subject, note: 'logged without association' });
    const reason = `the CRM refused the record: not a number: ${phoneOf(1)}`;
    const waiting = [
      { reason: 'waits for hubspot', count: 1, dueMs: 5 },
      { reason, count: 2, dueMs: undefined },
    ];
    expect(rows({ tally, waiting, recordsOwed: 3 })).toEqual([
      '      1 record owed    the CRM gets it with the next run',
      '      2 records owed   the CRM refused the record: not a number: +1 415 *** **01',
      '      1 with a note    logged without association',
    ]);
    expect(hasRefusedRecords({ waiting })).toBe(true);
    const brief = briefText(factsOf({ tally, waiting, recordsOwed: 3 }), plain);
    expect(brief).toContain('2 records owed');
  });

  it.each([
    [
      'mended',
      true,
      'the CRM gets them once hubspot is mended (see below), with the run after that',
    ],
    ['back', false, 'the CRM gets them with the next run'],
  ])('tell of owed records whether their CRM must be %s first', (_what, isPermanent, words) => {
    const message = 'hubspot answered 401: check its token';
    const down = [{ service: 'hubspot', sinceMs: 0, message, role: 'crm' as const, isPermanent }];
    const changes: Changes = { tally: tallyOf(['answered']), recordsOwed: 2, down };
    expect(rows(changes)).toContain(`      2 records owed   ${words}`);
  });

  it('say who did it instead of whom, and why, by the name of the role', () => {
    const services = (['llm', 'tts'] as const).map((role) => ({ role, service: 'openai' }));
    const tally = tallyOf(['answered']);
    const used = { type: 'fallback.used', instead: 'openai', code: 'http_429' } as const;
    for (const limit of ['requests', 'requests', 'tokens']) {
      const reason = `openai answered 429: too many ${limit}`;
      tally.take({ ...used, role: 'llm', service: 'template', reason });
    }
    const reason = `openai answered 429 for ${phoneOf(1)}`;
    tally.take({ ...used, role: 'tts', service: 'flite', reason });
    const text = summaryText(factsOf({ tally, services }), plain);
    expect(text).toContain(
      '\n\n      3 fallback       template instead of openai: openai: http_429, for example: ' +
        'openai answered 429: too many requests\n' +
        '      1 fallback       flite instead of openai (tts): openai answered 429 for ' +
        '+1 415 *** **01\n\n',
    );
  });

  it('tell one in the words for one', () => {
    const facts = { tally: tallyOf(['uncertain']), contacts: { total: 1, uncertain: 1 } };
    expect(headline(facts)).toContain('The one contact has its outcome: it is uncertain.');
    expect(rows({ tally: tallyOf(['invalid_number']), outcomes: [['invalid_number', 1]] })).toEqual(
      ['      1 invalid number'],
    );
  });

  it('give the one reason why contacts wait without its count', () => {
    const waiting = [{ reason: 'waits for flite', count: 7, dueMs: 1 }];
    expect(rows({ contacts: { total: 7, put_off: 7 }, waiting })).toEqual([
      '      7 put off        waits for flite',
    ]);
  });

  it('say why calls failed, without anybody’s number', () => {
    const outcomes: Changes['outcomes'] = [['failed', 3]];
    const why = (tally: RunTally) => rows({ tally, outcomes }).at(-1);
    expect(why(tallyOf())).toBe('      3 failed');
    expect(why(tallyOf(['failed', 'too long'], ['failed', 'too long']))).toBe(
      '      3 failed         too long',
    );
    const mixed = tallyOf(['failed', 'rare'], ['failed', `no ${phoneOf(1)}`], ['answered']);
    mixed.take({
      type: 'call.finished',
      contact: 'c',
      call: 'x',
      outcome: 'failed',
      detail: `no ${phoneOf(1)}`,
      durationMs: 1,
    });
    expect(why(mixed)).toBe('      3 failed         2: no +1 415 *** **01; 1: rare');
    expect(why(tallyOf(['failed']))).toBe('      3 failed         no reason given');
  });

  it('say one of many wordings of one cause, and how many have others', () => {
    const cause = 'openai: http_400';
    const waiting = [
      { reason: `no text for ${phoneOf(1)}`, count: 90, cause, dueMs: 1 },
      ...[2, 3, 4, 5].map((dueMs) => ({ reason: `reason ${dueMs}`, count: 1, dueMs })),
    ];
    expect(rows({ contacts: { total: 94, put_off: 94 }, waiting })).toEqual([
      '     94 put off        90: openai: http_400, for example: no text for +1 415 *** **01; ' +
        '1: reason 2; 1: reason 3; 2 for other reasons',
    ]);
  });

  it('name the first rejected rows and count the rest', () => {
    const tally = new RunTally();
    for (let listLine = 2; listLine < 9; listLine += 1) {
      tally.take({ type: 'contact.rejected', listLine, code: 'no_number', reason: 'no number' });
    }
    expect(rows({ tally })).toEqual([
      '      7 rejected       line 2: no number',
      '                       line 3: no number',
      '                       line 4: no number',
      '                       line 5: no number',
      '                       line 6: no number (and 2 more)',
    ]);
  });

  it('stay in their columns when painted', () => {
    const outcomes: Changes['outcomes'] = [
      ['answered', 1],
      ['busy', 1],
      ['failed', 1],
      ['uncertain', 1],
    ];
    const painted = rows({ outcomes, tally: tallyOf(['failed', 'why']) }, marked);
    expect(painted).toEqual([
      '  All runs of this campaign together:',
      '      1 <green>answered      </green>',
      '      1 busy',
      '      1 <red>failed        </red> why',
      '      1 <yellow>uncertain     </yellow>',
    ]);
    const stripped = painted.map((line) => line.replace(/<[^>]*>/g, '').trimEnd());
    expect(stripped).toEqual(rows({ outcomes, tally: tallyOf(['failed', 'why']) }));
  });
});

describe('the paragraphs below', () => {
  it('say which service does not work, and why', () => {
    const sinceMs = Date.UTC(2026, 2, 2, 3);
    const down = [{ service: 'twilio', sinceMs, message: `refused ${phoneOf(1)}` }];
    expect(summaryText(factsOf({ down }), plain)).toContain(
      '\n\n  twilio does not work since 2026-03-02T03:00:00.000Z: refused +1 415 *** **01\n\n',
    );
  });

  it('name the uncertain, and how to settle one', () => {
    const uncertain = ['c-1', 'c-2', 'c-3', 'c-4', 'c-5', 'c-6', 'c-7'];
    expect(summaryText(factsOf({ uncertain }), plain)).toContain(`

  uncertain: c-1, c-2, c-3, c-4, c-5 and 2 more may have been rung;
  nobody can tell for certain; what the dialer said last: campaign report --csv
  Nobody is rung again for that by itself. Find out, then say so:
    campaign settle spring c-1 answered   (or: again)

`);
    const numbers = summaryText(factsOf({ uncertain: [phoneOf(1)] }), plain);
    expect(clearNumbers(numbers)).toEqual([]);
    expect(numbers).toContain('uncertain: +1 415 *** **01 may');
  });

  it('say that no phone rang, only where none did', () => {
    const previewed: Changes = { outcomes: [['previewed', 1]], rings: false, dialers: ['preview'] };
    expect(summaryText(factsOf(previewed), plain)).toContain(
      '\n  No phone rang. services.dialer in config.yml is preview, which writes what a\n',
    );
    for (const change of [{ rings: true }, { outcomes: [] }]) {
      expect(summaryText(factsOf({ ...previewed, ...change }), plain)).not.toContain('No phone');
    }
  });

  it('say where things are', () => {
    const places = [
      ['results', 'out/spring/results.csv'],
      ['log', 'logs/app.log'],
    ] as const;
    expect(summaryText(factsOf({ places }), plain)).toContain(
      '\n\n  results    out/spring/results.csv\n  log        logs/app.log\n\n',
    );
  });
});
