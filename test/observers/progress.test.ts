import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CampaignEvent, ContactCounts } from '../../src/domain/event.ts';
import { Progress } from '../../src/observers/progress.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const CONTACTS: ContactCounts = {
  total: 12,
  done: 2,
  calling: 0,
  queued: 9,
  put_off: 0,
  uncertain: 1,
};

const started: CampaignEvent = { type: 'run.started', lines: 4, contacts: CONTACTS };
const notice: CampaignEvent = { type: 'notice', level: 'info', code: 'test', message: 'look here' };

function call(contact: string) {
  const subject = { contact, call: `call-${contact}` };
  return {
    started: { type: 'call.started', ...subject },
    finished: { type: 'call.finished', ...subject, outcome: 'answered', durationMs: 1 },
    putOff: { type: 'contact.put_off', ...subject, reason: 'waits for flite', delayMs: 1 },
  } as const satisfies Record<string, CampaignEvent>;
}

function lineFor(event: CampaignEvent): string | undefined {
  return event.type === 'notice' ? event.message : undefined;
}

function watched(terminal?: NodeJS.WriteStream) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const write = (text: string) => lines.push(text);
  const progress = new Progress({ write, terminal, clock, lineFor });
  const take = (...events: readonly CampaignEvent[]): void => {
    for (const event of events) progress.take(event);
  };
  return { clock, lines, progress, take };
}

describe('where nobody sees a bar', () => {
  it('says every minute how far it is', async () => {
    const { clock, lines, take } = watched();
    take(started, call('a').started, call('b').started, call('a').finished);
    await clock.advance(59_999);
    expect(lines).toEqual([]);
    await clock.advance(1);
    expect(lines).toEqual(['4 of 12 contacts, 1 uncertain, 1 in hand, 1 min\n']);
    take(call('b').putOff, call('c').started);
    await clock.advance(120_000);
    expect(lines.slice(1)).toEqual([
      '4 of 12 contacts, 1 uncertain, put off 1 time, 1 in hand, 2 min\n',
      '4 of 12 contacts, 1 uncertain, put off 1 time, 1 in hand, 3 min\n',
    ]);
  });

  it('does not take one who was turned away for one in hand', async () => {
    const { clock, lines, take } = watched();
    take(started, call('a').started, call('b').putOff, call('c').putOff);
    await clock.advance(60_000);
    expect(lines).toEqual(['3 of 12 contacts, 1 uncertain, put off 2 times, 1 in hand, 1 min\n']);
  });

  it('counts the uncertain, until it comes out what became of them', async () => {
    const { clock, lines, take } = watched();
    const uncertain = { ...call('a').finished, outcome: 'uncertain' } as const;
    take(started, uncertain);
    await clock.advance(60_000);
    take({ ...call('b').finished, was: 'uncertain' }, { ...call('a').finished, was: 'uncertain' });
    await clock.advance(60_000);
    expect(lines).toEqual([
      '4 of 12 contacts, 2 uncertain, 0 in hand, 1 min\n',
      '4 of 12 contacts, 0 in hand, 2 min\n',
    ]);
  });

  it('says at once what the operator should know, also before and after the run', () => {
    const { lines, progress, take } = watched();
    take(notice, started, notice);
    progress[Symbol.dispose]();
    take(notice);
    expect(lines).toEqual(['look here\n', 'look here\n', 'look here\n']);
  });

  it.each<[string, (progress: Progress) => void]>([
    [
      'the run has ended',
      (progress) => {
        progress.take({ type: 'run.finished', end: 'done', contacts: CONTACTS, durationMs: 1 });
      },
    ],
    ['it is disposed of', (progress) => progress[Symbol.dispose]()],
  ])('leaves nothing armed when %s', async (_what, end) => {
    const { clock, lines, progress, take } = watched();
    take(started);
    await clock.advance(60_000);
    expect(clock.pendingTimers).toBe(1);
    end(progress);
    expect(clock.pendingTimers).toBe(0);
    progress[Symbol.dispose]();
    expect(lines).toHaveLength(1);
  });

  it('is silent where nobody is left to call', () => {
    const { clock, lines, take } = watched();
    const contacts = { ...CONTACTS, done: 11, queued: 0 };
    take({ type: 'run.started', lines: 4, contacts });
    expect(clock.pendingTimers).toBe(0);
    expect(lines).toEqual([]);
  });
});

/** A terminal that keeps what is written. */
class FakeTerminal extends Writable {
  readonly isTTY = true;
  text = '';

  readonly columns: number;

  constructor(columns: number) {
    super();
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  /** What was written since the last look, without its colours and movements. */
  look(): string {
    const text = stripVTControlCharacters(this.text);
    this.text = '';
    return text;
  }
}

describe('on a terminal', () => {
  // The bar draws itself ten times a second on Node's own timers.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function atTerminal(columns = 100) {
    const terminal = new FakeTerminal(columns);
    return { terminal, ...watched(terminal as unknown as NodeJS.WriteStream) };
  }

  it('draws a bar that follows the run', () => {
    const { terminal, lines, take } = atTerminal();
    take(started, call('a').started);
    vi.advanceTimersByTime(100);
    expect(terminal.look()).toMatch(/ {2}█+░+ 3 of 12 contacts, 1 uncertain, 1 in hand, 0 ms/);
    take(call('a').finished, call('b').putOff);
    vi.advanceTimersByTime(100);
    expect(terminal.look()).toMatch(
      / 4 of 12 contacts, 1 uncertain, put off 1 time, 0 in hand, 0 ms/,
    );
    expect(lines).toEqual([]);
  });

  it('shows the time go by while nothing happens', async () => {
    const { terminal, clock, take } = atTerminal();
    take(started);
    await clock.advance(95_000);
    vi.advanceTimersByTime(100);
    expect(terminal.look()).toContain(' 3 of 12 contacts, 1 uncertain, 0 in hand, 1 min 35 s');
  });

  it('says what the operator should know above the bar', () => {
    const { terminal, take } = atTerminal();
    take(started, notice);
    vi.advanceTimersByTime(100);
    expect(terminal.look()).toMatch(/look here\r?\n.* 3 of 12 contacts/s);
  });

  it('takes a line from elsewhere without breaking the bar', () => {
    const { terminal, lines, progress, take } = atTerminal();
    take(started);
    progress.say('the log is full');
    vi.advanceTimersByTime(100);
    expect(terminal.look()).toMatch(/the log is full\r?\n.* 3 of 12 contacts/s);
    progress[Symbol.dispose]();
    progress.say('once more');
    expect(lines).toEqual(['once more\n']);
  });

  it.each([60, 80, 110])(
    'leaves it to a terminal of %i columns to wrap what is said',
    (columns) => {
      const { terminal, progress, take } = atTerminal(columns);
      take(started, call('a').started, call('b').putOff);
      const long = 'every reason has its remedy at the end, and it is long: '.repeat(4);
      progress.say(`${long}export OPENAI_API_KEY`);
      vi.advanceTimersByTime(100);
      // Without auto-wrap (DECAWM) the terminal writes all that is too long into its last column.
      expect(terminal.text).not.toContain('\u001b[?7l');
      const [said, bar] = terminal.look().split('\n').slice(-2);
      expect(said).toContain(`${long}export OPENAI_API_KEY`);
      expect(bar).toMatch(/^ {2}(█+░+ )?3 of 12 contacts, 1 uncertain, put off 1 time, 1 in hand/);
      expect(bar?.length).toBeLessThanOrEqual(columns);
    },
  );

  it('loses nothing that was said just before the end', () => {
    const { terminal, progress, take } = atTerminal();
    take(started, notice);
    progress[Symbol.dispose]();
    expect(terminal.look()).toContain('look here\n');
  });

  it('leaves a clean line, the cursor, and nothing armed', () => {
    const { terminal, progress, clock, take } = atTerminal();
    take(started);
    vi.advanceTimersByTime(200);
    expect(terminal.text).toContain('\u001b[?25l');
    terminal.text = '';
    progress[Symbol.dispose]();
    progress[Symbol.dispose]();
    expect(terminal.text.endsWith('\u001b[0J')).toBe(true);
    expect(terminal.text).toContain('\u001b[?25h');
    expect(vi.getTimerCount()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    terminal.text = '';
    vi.advanceTimersByTime(1000);
    expect(terminal.text).toBe('');
  });

  it('listens to no signal of its own', () => {
    const before = process.listenerCount('SIGINT');
    const { progress, take } = atTerminal();
    take(started);
    expect(process.listenerCount('SIGINT')).toBe(before);
    progress[Symbol.dispose]();
  });
});
