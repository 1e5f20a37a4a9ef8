/**
 * The work of each step: what is asked of which chain, and what a usable answer is.
 */
import { ServiceFailure } from '../domain/failure.ts';
import type { Usage } from '../domain/usage.ts';
import type { CallAttempts } from './call-attempts.ts';
import type { Answer, Chain } from './fallback.ts';
import { isTimeUp } from './guard-report.ts';
import type {
  AudioFile,
  AudioStore,
  Clock,
  Crm,
  Dialer,
  DialRequest,
  Digest,
  Ended,
  Found,
  Llm,
  Placed,
  RequestContext,
  Script,
  ScriptRequest,
  SpeechRequest,
  Tts,
} from './ports.ts';
import { Stopped } from './stopped.ts';

/** The chains of one campaign, guarded. */
export interface Chains {
  readonly llm: Chain<Llm>;
  readonly tts: Chain<Tts>;
  readonly dialer: Chain<Dialer>;
  readonly crm: Chain<Crm>;
  /**
   * Dialers that ring nobody, and that the settings do not name any more, as they are: an earlier
   * run may have begun calls with them.
   */
  readonly former?: readonly Dialer[] | undefined;
}

export async function writeScript(
  chain: Chain<Llm>,
  request: ScriptRequest,
  charactersMax: number,
  context: RequestContext,
): Promise<Answer<Script>> {
  const writes = (llm: Llm): boolean => llm.writes?.(request.language) ?? true;
  // Where nobody has a text in this language, the first says so in its own words.
  const accepts = chain.services.some(writes) ? writes : undefined;
  const answer = await chain.run(context, (llm) => llm.write(request, context), accepts);
  const text = answer.value.text.trim();
  if (text === '') {
    throw refused('empty_text', `${answer.service} wrote an empty text`);
  }
  if (text.length > charactersMax) {
    throw refused(
      'text_too_long',
      `${answer.service} wrote ${text.length} characters, ` +
        `script.max_characters allows ${charactersMax}`,
    );
  }
  return { ...answer, value: { ...answer.value, text } };
}

export interface Spoken {
  readonly audio: AudioFile;
  /** The audio was there already and nobody was asked for it. */
  readonly kept: boolean;
  readonly usage?: Usage | undefined;
}

/** Speech that is made once for the same words and voice, also when two lines ask at once. */
export class Speaker {
  readonly #chain: Chain<Tts>;
  readonly #store: AudioStore;
  readonly #digest: Digest;
  readonly #underWay = new Map<string, Promise<AudioFile>>();

  constructor(chain: Chain<Tts>, store: AudioStore, digest: Digest) {
    this.#chain = chain;
    this.#store = store;
    this.#digest = digest;
  }

  find(hash: string): Promise<AudioFile | undefined> {
    return this.#store.find(hash);
  }

  async speak(request: SpeechRequest, context: RequestContext): Promise<Answer<Spoken>> {
    const speaks = (tts: Tts): boolean => tts.voice(request.language) !== undefined;
    if (!this.#chain.services.some(speaks)) {
      const names = this.#chain.services.map((tts) => tts.name).join(', ');
      throw refused('no_voice', `no voice for language ${request.language} (services: ${names})`);
    }
    return await this.#chain.run(context, (tts) => this.#speakWith(tts, request, context), speaks);
  }

  async #speakWith(tts: Tts, request: SpeechRequest, context: RequestContext): Promise<Spoken> {
    const hash = this.#digest(`${tts.voice(request.language)}\n${request.text}`);
    const others = this.#underWay.get(hash);
    if (others !== undefined) {
      return { audio: await others, kept: true };
    }
    const kept = this.#store.find(hash);
    let usage: Usage | undefined;
    const made = kept.then(async (audio) => {
      if (audio !== undefined) return audio;
      const speech = await tts.speak(request, context);
      usage = speech.usage;
      return await this.#store.keep(hash, speech);
    });
    this.#underWay.set(hash, made);
    try {
      return { audio: await made, kept: (await kept) !== undefined, usage };
    } finally {
      this.#underWay.delete(hash);
    }
  }
}

/** What became of placing a call: taken on, over already, or nobody can tell. */
export type Dialled =
  | { readonly state: 'placed'; readonly placed: Placed; readonly isFound?: boolean }
  | {
      readonly state: 'ended';
      readonly ended: Ended;
      readonly service: string;
      /** The service was asked for it: the answer to the placing was lost. */
      readonly isFound?: boolean;
    }
  | {
      readonly state: 'uncertain';
      readonly service: string;
      readonly detail: string;
      /** Nobody could be asked: what became of it may be learnt later. */
      readonly isUnasked?: boolean | undefined;
      /** It was ended by us because its time was up. */
      readonly isCut?: boolean | undefined;
    };

/** What a dialer says of a call, or nothing, because it could not be asked. */
export type Learnt = Found | { readonly state: 'unasked'; readonly detail?: string | undefined };

/** A call of which nothing more is to be learnt now. */
export type Over = Exclude<Dialled, { readonly state: 'placed' }>;

/** How long a request that was given up is waited for: it may still ring, and still say so. */
const GIVEN_UP_GRACE_MS = 10_000;
/** The same when the run is to stop at once. */
const STOP_GRACE_MS = 3_000;

/**
 * Whether audio has to be there before anybody is rung: any dialer of the chain that plays it may
 * be the one that rings. Where all of them speak themselves, nobody has to be asked for audio.
 */
export function playsAudio(dialers: readonly Dialer[]): boolean {
  return dialers.some((dialer) => dialer.speaks === undefined);
}

/** Nobody may be rung who would hear nothing. For a chain that plays no audio. */
export function refuseSilence({ services }: Chain<Dialer>, language: string): void {
  if (!services.some((dialer) => dialer.speaks?.(language) ?? true)) {
    const names = services.map(({ name }) => name).join(', ');
    throw refused('no_voice', `no voice for language ${language} (services: ${names})`);
  }
}

/** Rings. After an answer that leaves it open whether it rang, the call is looked for first. */
export async function placeCall(
  chain: Chain<Dialer>,
  request: DialRequest,
  attempts: CallAttempts,
  clock: Clock,
  context: RequestContext,
): Promise<Dialled> {
  try {
    const hasVoice = (dialer: Dialer): boolean => dialer.speaks?.(request.language) ?? true;
    const answer = await chain.run(context, (dialer) => dialer.place(request, context), hasVoice);
    return { state: 'placed', placed: answer.value };
  } catch (error) {
    if (context.signal.aborted) {
      await attempts.quiet(clock, STOP_GRACE_MS);
      await hangUpPlaced(chain, attempts, context);
      throw error;
    }
    if (!(error instanceof ServiceFailure) || error.kind !== 'unknown') {
      throw error;
    }
    // It may ring at this moment.
    const { drain: _drain, ...on } = context;
    return await clearUp(chain, request, attempts, clock, error, on);
  }
}

/** What became of a call whose placing was given up. */
async function clearUp(
  chain: Chain<Dialer>,
  request: DialRequest,
  attempts: CallAttempts,
  clock: Clock,
  failure: ServiceFailure,
  context: RequestContext,
): Promise<Dialled> {
  const isQuiet = await attempts.quiet(clock, GIVEN_UP_GRACE_MS);
  const { placed, open } = attempts;
  if (placed !== undefined) {
    return { state: 'placed', placed };
  }
  if (open === undefined) {
    const service = failure.service ?? 'the dialer';
    return { state: 'uncertain', service, detail: failure.message };
  }
  const { service } = open;
  const { services } = chain;
  const found = await findCall(services, service, request, attempts, context, isQuiet);
  if (found.state !== 'absent') {
    return dialledFrom(found, service);
  }
  const message = `${failure.message}; ${service} has no such call: nobody was rung`;
  const { code, status } = failure;
  const details = { kind: 'transient', scope: 'request', code, status, cause: failure } as const;
  const nobody = new ServiceFailure(message, details);
  nobody.service = service;
  throw nobody;
}

async function hangUpPlaced(
  chain: Chain<Dialer>,
  attempts: CallAttempts,
  context: RequestContext,
): Promise<void> {
  const { placed } = attempts;
  const dialer = chain.services.find(({ name }) => name === placed?.service);
  if (placed !== undefined && dialer !== undefined) {
    await hangUpAtStop(dialer, placed, attempts, context);
  }
}

/**
 * Asks the service that may have placed a call; `unknown` where it cannot tell, `unasked` where it
 * could not be asked. What is found, and proven absence, is written down before anybody acts on it.
 *
 * @param isQuiet no request of ours to place it is under way: otherwise absence proves nothing
 */
export async function findCall(
  dialers: readonly Dialer[],
  service: string,
  request: DialRequest,
  attempts: CallAttempts,
  context: RequestContext,
  isQuiet = true,
): Promise<Learnt> {
  const dialer = dialers.find((one) => one.name === service);
  if (dialer === undefined) {
    return { state: 'unasked', detail: `begun by ${gone(service)} whether it rang` };
  }
  const stranger = strangerTo(dialer, attempts.open?.account);
  if (stranger !== undefined) {
    return { state: 'unasked', detail: stranger };
  }
  try {
    const begunMs = attempts.open?.begunMs ?? request.begunMs;
    const found = await dialer.find({ ...request, begunMs }, context);
    if (attempts.placed !== undefined) {
      // The answer that was given up came after all, while the question was under way.
      return { state: 'placed', placed: attempts.placed };
    }
    if (found.state === 'absent' && !isQuiet) {
      return { state: 'unasked' };
    }
    if (found.state === 'absent') {
      await attempts.closeAsAbsent();
    }
    if (found.state === 'placed') {
      await attempts.closeAsPlaced(found.placed.reference);
    }
    return found;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) {
      throw error;
    }
    const { placed } = attempts;
    if (placed !== undefined) return { state: 'placed', placed };
    return { state: isAnswer(error) ? 'unknown' : 'unasked' };
  }
}

export function dialledFrom(
  found: Exclude<Learnt, { readonly state: 'absent' }>,
  service: string,
): Dialled {
  switch (found.state) {
    case 'placed':
      return { state: 'placed', placed: found.placed, isFound: true };
    case 'ended':
      return { state: 'ended', ended: found.ended, service, isFound: true };
    case 'unknown':
    case 'unasked':
      return {
        state: 'uncertain',
        service,
        detail: found.detail ?? untold(service, found.state),
        isUnasked: found.state === 'unasked',
      };
  }
}

function untold(service: string, state: 'unknown' | 'unasked'): string {
  return state === 'unknown'
    ? `${service} cannot tell whether it rang`
    : `${service} could not be asked whether it rang`;
}

/** Waits for the call's end. A call whose end nobody can tell is hung up and uncertain. */
export async function followCall(
  dialers: readonly Dialer[],
  placed: Placed,
  request: DialRequest,
  attempts: CallAttempts,
  context: RequestContext,
): Promise<Over> {
  const { service } = placed;
  const dialer = dialers.find((one) => one.name === service);
  if (dialer === undefined) {
    const detail = `placed by ${gone(service)} what became of it`;
    return { state: 'uncertain', service, detail, isUnasked: true };
  }
  const stranger = strangerTo(dialer, placed.account);
  if (stranger !== undefined) {
    return { state: 'uncertain', service, detail: stranger, isUnasked: true };
  }
  try {
    const ended = await dialer.follow(placed, request, context);
    return { state: 'ended', ended, service };
  } catch (error) {
    if (error instanceof Stopped && !context.signal.aborted) throw error;
    // Nobody is left on a line that nobody listens to any more.
    if (context.signal.aborted) await hangUpAtStop(dialer, placed, attempts, context);
    else await hangUp(dialer, placed, context);
    if (!(error instanceof ServiceFailure)) {
      throw error;
    }
    const { message: detail } = error;
    const isUnasked = !isAnswer(error);
    return { state: 'uncertain', service, detail, isUnasked, isCut: isTimeUp(error) };
  }
}

function gone(service: string): string {
  return (
    `${service}, which is not in services.dialer any more: name it there again, and the next run ` +
    'asks it'
  );
}

/** Whether a failed question is an answer all the same: asked again, it would be refused again. */
function isAnswer({ kind, scope }: ServiceFailure): boolean {
  return kind === 'permanent' && scope === 'request';
}

/**
 * Why a dialer knows nothing of a call: an account of the same name placed it. What is not known
 * there proves nothing, and what is found there is somebody else's.
 */
function strangerTo(dialer: Dialer, account: string | undefined): string | undefined {
  return account === undefined || dialer.account === undefined || dialer.account === account
    ? undefined
    : `${dialer.name} was ${account} when it placed this call, and is ${dialer.account} now, ` +
        'which cannot tell what became of it';
}

/** The signal of the run has aborted: this is asked all the same, and kept for the next run. */
async function hangUpAtStop(
  dialer: Dialer,
  placed: Placed,
  attempts: CallAttempts,
  context: RequestContext,
): Promise<void> {
  const { signal } = new AbortController();
  if (await hangUp(dialer, placed, { ...context, signal })) await attempts.hungUp();
}

/** Best effort: a service that does not answer has shown that already. Answers whether it did. */
async function hangUp(dialer: Dialer, placed: Placed, context: RequestContext): Promise<boolean> {
  try {
    await dialer.hangUp(placed, context);
    return true;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) {
      throw error;
    }
    return false;
  }
}

function refused(code: string, message: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'permanent', scope: 'request', code });
}
