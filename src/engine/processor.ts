/**
 * One contact's story: each step is skipped if the journal has its result, else its begin is
 * written down, it is done, and its end is written down.
 */
import { type AnswerPolicy, countedAnswer, keysOf, standing } from '../domain/answers.ts';
import { OptedOut, ServiceFailure, Unavailable } from '../domain/failure.ts';
import type { Step } from '../domain/words.ts';
import { CallAttempts } from './call-attempts.ts';
import type {
  AnswersWanted,
  AudioFile,
  Claim,
  Clock,
  DialRequest,
  Emit,
  Journal,
  JournalEntry,
  RequestContext,
} from './ports.ts';
import { ServedCounts } from './served-counts.ts';
import { type Others, type Settlement, settlementOf, type Worked } from './settlement.ts';
import {
  type Chains,
  type Dialled,
  dialledFrom,
  findCall,
  followCall,
  type Over,
  placeCall,
  playsAudio,
  refuseSilence,
  type Speaker,
  writeScript,
} from './steps.ts';
import { Stopped } from './stopped.ts';
import {
  type CallsInProgress,
  type End,
  isDoubted,
  outcomeOf,
  recordRefused,
  type Story,
  stageAt,
} from './story.ts';
import { ROLE_OF, type StepDone, StoryEvents } from './story-events.ts';

export interface ProcessorParts {
  readonly campaign: string;
  readonly chains: Chains;
  readonly speaker: Speaker;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Of contacts that name none. */
  readonly language: string;
  readonly charactersMax: number;
  /** What the script asks for at its end; undefined where it asks for nothing. */
  readonly answers?: AnswerPolicy | undefined;
  /** Wall clock from which on no call begins: waits may be long between the claim and the call. */
  readonly untilMs?: number | undefined;
  /** Nobody new is to be rung: what there was to be spent is spent. Never where it is left out. */
  readonly isSpent?: (() => boolean) | undefined;
}

export class Processor {
  readonly #parts: ProcessorParts;
  readonly #events: StoryEvents;
  readonly #served: ServedCounts;
  /** By dialer and account: not every call that is uncertain need find out that it is away. */
  readonly #deafUntilMs = new Map<string, number>();

  constructor(parts: ProcessorParts) {
    this.#parts = parts;
    this.#events = new StoryEvents(parts.clock, parts.emit);
    this.#served = new ServedCounts(parts.journal);
  }

  /**
   * Works on a claimed contact until it has its outcome and its record, or has to wait.
   *
   * @param calls told when somebody is on the line, and when not any more
   * @param signals abort with `Stopped`: `drain` when what fails is not to be waited for any more,
   *   `stop` when work in progress is to be left
   */
  async work(
    claim: Claim,
    line: number,
    calls: CallsInProgress,
    signals: Pick<Story, 'drain' | 'stop'>,
  ): Promise<Worked> {
    const story = this.#open(claim, line, calls, signals);
    let end: End | undefined = claim.ended;
    if (end === undefined || isDoubted(claim)) {
      const work = () => (isDoubted(claim) ? this.#askAgain(story) : this.#call(story));
      const settlement = await this.#settling(story, work);
      if (settlement.type !== 'outcome') {
        return { settlement, outcome: undefined, stage: stageAt(story) };
      }
      end = await this.#end(story, settlement);
      if (end.outcome === 'uncertain') {
        const { outcome } = end;
        const { isUnasked } = settlement;
        return { settlement: { type: 'done' }, outcome, isUnasked, stage: stageAt(story) };
      }
    }
    const known = end;
    const { outcome } = known;
    const noted = await this.#settling(story, () => this.#record(story, known));
    const settlement = noted.type === 'outcome' ? recordRefused(story, noted) : noted;
    return { settlement, outcome, stage: stageAt(story) };
  }

  #open(
    claim: Claim,
    line: number,
    calls: CallsInProgress,
    { drain, stop }: Pick<Story, 'drain' | 'stop'>,
  ): Story {
    const { clock, journal, untilMs } = this.#parts;
    const { script, speech } = claim.finished;
    const dialledBy = dialledIn(claim);
    if (claim.ended === undefined) this.#events.started(claim, line);
    return {
      claim,
      line,
      calls,
      drain,
      stop,
      attempts: new CallAttempts(journal, claim, () => clock.wallMs(), untilMs),
      startMs: clock.monotonicMs(),
      services: {
        ...(script !== undefined && { llm: script.service }),
        ...(speech !== undefined && { tts: speech.service }),
        ...(dialledBy !== undefined && { dialer: dialledBy }),
      },
      text: script?.text,
      step: 'lookup',
      ended: claim.ended !== undefined,
      requestMs: undefined,
      answer: claim.answer,
      talkMs: undefined,
      isCut: false,
    };
  }

  /** Errors turn into settlements here and nowhere else. */
  async #settling(story: Story, work: () => Promise<Settlement>): Promise<Settlement> {
    try {
      return await work();
    } catch (error) {
      const isStopped = story.stop.aborted && error === story.stop.reason;
      if (error instanceof Stopped || isStopped || isCutShort(error, story)) {
        return { type: 'left' };
      }
      const settlement = settlementOf(error, story.claim, this.#others(error, story));
      if (error instanceof ServiceFailure && !story.ended) {
        this.#takeFailure(story, error, settlement.type === 'put_off');
      }
      return settlement;
    }
  }

  #others(error: unknown, { step, claim }: Story): Others {
    if (!(error instanceof ServiceFailure)) return { haveGoneThrough: false, areLast: false };
    return this.#served.others(claim.key.contact, ROLE_OF[step], error);
  }

  async #call(story: Story): Promise<Settlement> {
    const dialled = await this.#resume(story);
    if (dialled !== undefined) {
      return outcomeOf(story, dialled);
    }
    if (story.claim.isOutdated) {
      return { type: 'outdated' };
    }
    // It was taken to be settled, and is: nobody was rung. Another call would be a new one.
    if (story.claim.stage === 'dialling' && this.#parts.isSpent?.() === true) {
      return { type: 'left' };
    }
    // Before anything is paid for them; the journal asks once more before the phone rings.
    if (story.claim.optedOutMs !== undefined) {
      throw new OptedOut(story.claim.optedOutMs);
    }
    // Nothing is looked up for a text that is written: that stage does without the CRM.
    const kept = story.claim.finished.script?.text;
    const text = kept ?? (await this.#script(story, await this.#lookup(story)));
    const audio = await this.#speech(story, text);
    return outcomeOf(story, await this.#dial(story, this.#dialRequest(story, text, audio)));
  }

  /** A call that may have been placed before is asked about first; undefined where none was. */
  async #resume(story: Story): Promise<Over | undefined> {
    const { attempts, claim } = story;
    const { placed, open } = attempts;
    if (placed === undefined && open === undefined) {
      return undefined;
    }
    const { chains, speaker } = this.#parts;
    const { script, speech } = claim.finished;
    const audio = speech === undefined ? undefined : await speaker.find(speech.hash);
    const request = this.#dialRequest(story, script?.text ?? '', audio);
    const context = this.#context(story, 'dial');
    const startMs = this.#parts.clock.monotonicMs();
    if (placed !== undefined) {
      return await this.#followed(story, request, { state: 'placed', placed }, startMs);
    }
    const service = open?.service ?? '';
    if (chains.former?.some(({ name }) => name === service) === true) {
      // It rang nobody. Whoever is to do it now does.
      await attempts.closeAsAbsent();
      return undefined;
    }
    const { services } = chains.dialer;
    const found = await findCall(services, service, request, attempts, context);
    if (found.state === 'absent') {
      this.#events.lookedUp(story, service, false);
      return undefined;
    }
    return await this.#followed(story, request, dialledFrom(found, service), startMs);
  }

  /** Whatever the dialer says of a call that was uncertain, nobody is rung again by itself. */
  async #askAgain(story: Story): Promise<Settlement> {
    const { placed, open } = story.attempts;
    const { service = '', account = '' } = placed ?? open ?? {};
    const { clock } = this.#parts;
    const dialer = `${service} ${account}`;
    if (clock.monotonicMs() < (this.#deafUntilMs.get(dialer) ?? 0)) {
      return { type: 'doubted', detail: undefined, isUnasked: true };
    }
    const over = await this.#resume(story);
    if (over === undefined) {
      const detail = `${service} has no such call: nobody was rung`;
      return { type: 'doubted', detail, isUnasked: false };
    }
    const settlement = outcomeOf(story, over);
    if (settlement.type !== 'outcome' || settlement.outcome !== 'uncertain') return settlement;
    const { detail, isUnasked = false } = settlement;
    if (isUnasked) this.#deafUntilMs.set(dialer, clock.monotonicMs() + DEAF_MS);
    return { type: 'doubted', detail, isUnasked };
  }

  async #lookup(story: Story): Promise<Readonly<Record<string, string>>> {
    const { crm } = this.#parts.chains;
    const kept = story.claim.finished.lookup;
    const wanted = crm.services.flatMap(({ properties = [] }) => properties);
    // A script may name what was added to the settings since.
    if (kept !== undefined && wanted.every((name) => Object.hasOwn(kept, name))) {
      return kept;
    }
    if (!crm.services.some((service) => service.lookup !== undefined)) {
      return {};
    }
    const startMs = await this.#begin(story, 'lookup');
    const context = this.#context(story, 'lookup');
    const answer = await crm.run(
      context,
      async (service) => (await service.lookup?.(story.claim.contact, context)) ?? {},
      (service) => service.lookup !== undefined,
    );
    const { value: properties, service } = answer;
    this.#note(story, { type: 'lookup.ended', properties, service, atMs: this.#wallMs() });
    this.#finished(story, 'lookup', service, startMs);
    return properties;
  }

  async #script(story: Story, properties: Readonly<Record<string, string>>): Promise<string> {
    const { chains, charactersMax } = this.#parts;
    const startMs = await this.#begin(story, 'script');
    const request = { contact: story.claim.contact, language: this.#language(story), properties };
    const context = this.#context(story, 'script');
    const answer = await writeScript(chains.llm, request, charactersMax, context);
    const { text, usage } = answer.value;
    const { service } = answer;
    story.text = text;
    story.services.llm = service;
    this.#note(story, { type: 'script.ended', text, service, atMs: this.#wallMs() });
    this.#finished(story, 'script', service, startMs, { usage });
    return text;
  }

  /** Undefined where every dialer speaks itself. */
  async #speech(story: Story, text: string): Promise<AudioFile | undefined> {
    const { speaker, chains } = this.#parts;
    if (!playsAudio(chains.dialer.services)) {
      refuseSilence(chains.dialer, this.#language(story));
      return undefined;
    }
    const kept = story.claim.finished.speech;
    // The journal's word is not enough: a phone must not ring for audio that was deleted.
    const keptAudio = kept === undefined ? undefined : await speaker.find(kept.hash);
    if (keptAudio !== undefined) {
      return keptAudio;
    }
    const startMs = await this.#begin(story, 'speech');
    const request = { text, language: this.#language(story) };
    const answer = await speaker.speak(request, this.#context(story, 'speech'));
    const { audio, kept: reused, usage } = answer.value;
    const { service } = answer;
    story.services.tts = service;
    this.#note(story, {
      type: 'speech.ended',
      hash: audio.hash,
      service,
      atMs: this.#wallMs(),
    });
    this.#finished(story, 'speech', service, startMs, { kept: reused, usage });
    return audio;
  }

  async #dial(story: Story, request: DialRequest): Promise<Over> {
    const { chains, clock } = this.#parts;
    const startMs = clock.monotonicMs();
    this.#note(story, { type: 'step.begun', step: 'dial', atMs: this.#wallMs() });
    const isTooLate = (): boolean => story.attempts.isTooLate;
    const context = { ...this.#context(story, 'dial'), isTooLate };
    const dialled = await placeCall(chains.dialer, request, story.attempts, clock, context);
    return await this.#followed(story, request, dialled, startMs);
  }

  async #followed(
    story: Story,
    request: DialRequest,
    dialled: Dialled,
    startMs: number,
  ): Promise<Over> {
    if (dialled.state !== 'uncertain' && dialled.isFound === true) {
      const { service } = dialled.state === 'placed' ? dialled.placed : dialled;
      this.#events.lookedUp(story, service, true);
    }
    const over = dialled.state === 'placed' ? await this.#follow(story, request, dialled) : dialled;
    const { usage, digit } = over.state === 'ended' ? over.ended : {};
    if (usage?.seconds !== undefined) story.talkMs = usage.seconds * 1000;
    // Durable before the outcome is: with that, nobody asks the dialer again.
    if (digit !== undefined) await this.#answered(story, digit);
    // A question without an answer, about a call whose end was told before, has done nothing more.
    if (over.state !== 'uncertain' || !isDoubted(story.claim)) {
      this.#finished(story, 'dial', over.service, startMs, { usage });
    }
    return over;
  }

  async #follow(
    story: Story,
    request: DialRequest,
    { placed }: Extract<Dialled, { readonly state: 'placed' }>,
  ): Promise<Over> {
    const { dialer, former = [] } = this.#parts.chains;
    const dialers = [...dialer.services, ...former];
    story.calls.begun();
    try {
      const { drain, ...on } = this.#context(story, 'dial');
      const context = story.attempts.isEarlier ? { ...on, drain } : on;
      const over = await followCall(dialers, placed, request, story.attempts, context);
      story.isCut = over.state === 'uncertain' && over.isCut === true;
      return over;
    } finally {
      story.calls.ended();
    }
  }

  async #answered(story: Story, key: string): Promise<void> {
    const answer = this.#answersOf(story)?.words[key];
    if (answer === undefined || standing(story.answer, answer) === story.answer) return;
    const atMs = this.#wallMs();
    await this.#parts.journal.write(story.claim.key, { type: 'call.answered', answer, atMs });
    story.answer = standing(story.answer, answer);
  }

  /** Writes the outcome down together with the record's begin. */
  async #end(
    story: Story,
    settlement: Extract<Settlement, { readonly type: 'outcome' }>,
  ): Promise<End> {
    const { outcome, detail, code, isUnasked = false } = settlement;
    const endedMs = this.#wallMs();
    const service = story.services.dialer;
    const ended = this.#parts.journal.write(story.claim.key, {
      type: 'call.ended',
      outcome,
      detail,
      ...(code !== undefined && { code }),
      ...(isUnasked && { unasked: true }),
      service,
      atMs: endedMs,
    });
    if (outcome !== 'uncertain') {
      this.#note(story, { type: 'step.begun', step: 'record', atMs: endedMs });
    }
    await ended;
    story.ended = true;
    this.#served.forget(story.claim.key.contact);
    story.calls.settled();
    this.#events.ended(story, settlement);
    return { outcome, detail, endedMs };
  }

  async #record(story: Story, end: End): Promise<Settlement> {
    const { campaign, chains } = this.#parts;
    const { claim } = story;
    const startMs = this.#parts.clock.monotonicMs();
    if (claim.ended !== undefined) {
      await this.#begin(story, 'record');
    }
    const context = this.#context(story, 'record');
    const answer = countedAnswer(end.outcome, story.answer);
    const record = {
      campaign,
      call: claim.key.call,
      contact: claim.contact,
      outcome: end.outcome,
      detail: end.detail,
      ...(answer !== undefined && { answer }),
      text: story.text,
      startedMs: claim.startedMs,
      endedMs: end.endedMs,
      dialledMs: story.attempts.dialledMs,
      ...(story.talkMs !== undefined && { talkMs: story.talkMs }),
      services: story.services,
      again: claim.recordBegun,
    };
    const recorded = await chains.crm.run(context, (crm) => crm.record(record, context));
    const { service } = recorded;
    const { bytes, note } = recorded.value;
    this.#note(story, { type: 'record.ended', service, bytes, note, atMs: this.#wallMs() });
    this.#finished(story, 'record', service, startMs, { note });
    return { type: 'done' };
  }

  #dialRequest(story: Story, text: string, audio: AudioFile | undefined): DialRequest {
    const { key, contact, startedMs: begunMs } = story.claim;
    const { attempts } = story;
    const language = this.#language(story);
    const answers = this.#wanted(story);
    return { call: key.call, contact, text, language, audio, begunMs, attempts, answers };
  }

  #wanted(story: Story): AnswersWanted | undefined {
    const answers = this.#answersOf(story);
    if (answers === undefined) return undefined;
    const pressed = (key: string): Promise<void> => this.#answered(story, key);
    return { keys: keysOf(answers), waitMs: answers.waitMs, pressed };
  }

  /** Of the text that was spoken: the script may be another one since it was written. */
  #answersOf({ claim }: Story): AnswerPolicy | undefined {
    return claim.former === undefined ? this.#parts.answers : claim.former.answers;
  }

  #language(story: Story): string {
    return story.claim.contact.language ?? this.#parts.language;
  }

  #context(story: Story, step: Step): RequestContext {
    story.step = step;
    return {
      answered: (requestMs) => {
        story.requestMs = requestMs;
      },
      campaign: this.#parts.campaign,
      contact: story.claim.contact.id,
      call: story.claim.key.call,
      step,
      line: story.line,
      signal: story.stop,
      drain: step === 'record' ? undefined : story.drain,
      once: isDoubted(story.claim),
    };
  }

  #wallMs(): number {
    return this.#parts.clock.wallMs();
  }

  async #begin(story: Story, step: Step): Promise<number> {
    const startMs = this.#parts.clock.monotonicMs();
    const { key } = story.claim;
    await this.#parts.journal.write(key, { type: 'step.begun', step, atMs: this.#wallMs() });
    return startMs;
  }

  /** Goes with the next commit; what is sent next waits for that one. */
  #note(story: Story, entry: JournalEntry): void {
    void this.#parts.journal.write(story.claim.key, entry);
  }

  #finished(story: Story, step: Step, service: string, startMs: number, by: StepDone = {}): void {
    if (by.kept !== true) this.#served.add(ROLE_OF[step], service);
    this.#events.stepFinished(story, step, service, startMs, by);
  }

  /** A number that is none is what became of the call, not a step that failed. */
  #takeFailure(story: Story, failure: ServiceFailure, putOff: boolean): void {
    if (failure.outcome === undefined) {
      this.#events.failed(story, failure, putOff);
    } else if (failure.service !== undefined) {
      story.services.dialer = failure.service;
    }
  }
}

/** It might have gone through, had the run waited: it is no failure of the contact. */
function isCutShort(error: unknown, { ended, drain }: Story): boolean {
  if (ended || !drain.aborted) return false;
  if (error instanceof Unavailable) return true;
  return error instanceof ServiceFailure && error.kind !== 'permanent';
}

/** For how long no other uncertain call is asked about where a dialer could not be asked. */
const DEAF_MS = 60_000;

/** Who dialled a call that has ended; an attempt that rang nobody did nothing. */
function dialledIn({ attempts, ended }: Claim): string | undefined {
  if (ended === undefined) return undefined;
  const last = attempts.at(-1);
  // Of several that rang nobody, the last one said that there is no such number.
  const isRefused = ended.outcome === 'invalid_number';
  return last?.result?.type === 'not_placed' && !isRefused ? undefined : last?.service;
}
