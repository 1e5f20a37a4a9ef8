/**
 * One call on an Asterisk, from the first ringing to the end of its channel: what is done with
 * whoever answers, and what is known of it when it is over.
 */
import { ServiceFailure } from '../../../domain/failure.ts';
import type { HangupCause } from '../../../domain/hangup-cause.ts';
import type { AnswersWanted, Clock } from '../../../engine/ports.ts';
import { type AriEnd, ariEnd, type Message } from './ari-end.ts';
import type { AriEvent } from './ari-events.ts';
import { AriMachine, GREETING_BEGINS_MS, MACHINE_MS_MAX } from './ari-machine.ts';
import { AriWaits, TRIES } from './ari-waits.ts';
import { ARI_NAME, type AriChannel, type AriWire } from './ari-wire.ts';

export interface AriCallSettings {
  /** The context of the dialplan that listens for machines; undefined: nobody does. */
  readonly machineContext: string | undefined;
  /** What is done with a machine. */
  readonly voicemail: 'leave' | 'hang_up';
}

/** What is played, as Asterisk is told. */
export interface Sound {
  readonly media: string;
  readonly durationMs: number;
}

export interface AriCallParts {
  /** Of the call and of its channel. */
  readonly id: string;
  readonly settings: AriCallSettings;
  readonly wire: AriWire;
  readonly clock: Clock;
  /** What is played; undefined where it was deleted since the call began. */
  readonly sound: Sound | undefined;
  readonly answers: AnswersWanted | undefined;
  /** Told when the dialplan that listens for machines is not there: nobody is sent into it. */
  readonly undetected: () => void;
  /** Ends all waiting when the program ends. */
  readonly life: AbortSignal;
}

/** In the channel: the message was begun. Read after a crash of ours. */
const SAID = 'CAMPAIGN_SAID';

/**
 * Beyond its own length, a message may take so long: to be fetched (twice 5 s). So long at most
 * somebody stays on a silent line when our program is killed; and as long as a key is waited for.
 */
const PLAY_SLACK_MS = 15_000;
/** Beyond the ringing; from the answer on every step sets the limit of its own. */
export const FIRST_STEP_MS = PLAY_SLACK_MS;
/** Between a failed playback and the hanging-up that may have caused it. */
const HANGING_UP_MS = 2_000;
/** From our hanging up to the channel's end. */
const CLOSE_MS = 5_000;
/** The answer that a channel is gone may overtake the word of its end: they come by two ways. */
const LAST_WORD_MS = 2_000;

/** Of the longest course of a call after its answer, in milliseconds. */
export function servedMsMax(durationMs: number, waitMs: number, settings: AriCallSettings): number {
  const detect = settings.machineContext === undefined ? 0 : MACHINE_MS_MAX;
  return detect + GREETING_BEGINS_MS + durationMs + PLAY_SLACK_MS + waitMs + CLOSE_MS;
}

export class AriCall {
  readonly id: string;
  /** Resolves when the channel is gone. Never rejects. */
  readonly end: Promise<AriEnd>;
  readonly #parts: AriCallParts;
  readonly #playback: string;
  readonly #waits: AriWaits;
  readonly #machine: AriMachine;
  readonly #resolveEnd: (end: AriEnd) => void;
  #isOver = false;
  #isServed = false;
  #hasRung = false;
  /** Monotonic; undefined until it is answered. */
  #upMs: number | undefined;
  #message: Message = 'none';
  #digit: string | undefined;
  /** Every key that counts and was pressed. */
  readonly #told = new Set<string>();
  #audioFault: string | undefined;
  /** Why nothing could be said to whoever picked up: Asterisk took no requests. */
  #requestFault: string | undefined;
  #isClosing = false;
  #isClosed = false;
  /** Nobody of ours listened to it for a while, and it may have been up then. */
  #wasUnheard = false;
  #word: HangupCause | undefined;
  #refusal: HangupCause | undefined;

  constructor(parts: AriCallParts) {
    const { promise, resolve } = Promise.withResolvers<AriEnd>();
    this.#parts = parts;
    this.id = parts.id;
    this.end = promise;
    this.#resolveEnd = resolve;
    this.#playback = `message-${parts.id}`;
    const { id, wire, clock, life, undetected } = parts;
    const waits = new AriWaits({ id, wire, clock, life, isOver: () => this.#isOver });
    this.#waits = waits;
    this.#machine = new AriMachine({ id, wire, waits, slackMs: PLAY_SLACK_MS, undetected });
  }

  /** The trouble with the sound, where the callee heard nothing because of it. */
  get audioFault(): string | undefined {
    return this.#audioFault;
  }

  get isHeard(): boolean {
    return this.#message === 'whole' || this.#digit !== undefined;
  }

  get hasRung(): boolean {
    return this.#hasRung || this.#upMs !== undefined;
  }

  /** What the far end said of its end; undefined before it said anything. */
  get word(): HangupCause | undefined {
    return this.#word;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The connection was lost; or an earlier process placed it. */
  missed(): void {
    if (!this.#isOver) this.#wasUnheard = true;
  }

  take(event: AriEvent): void {
    // Whoever asked not to be rung again is heard, however late Asterisk comes to say so.
    if (this.#isOver && event.type === 'digit') this.#pressed(event.digit);
    if (this.#isOver) return;
    switch (event.type) {
      case 'ringing':
        this.#hasRung = true;
        break;
      case 'up':
        this.#answered();
        break;
      case 'entered':
        this.#answered();
        this.#serveOnce(() => this.#serve());
        break;
      case 'digit':
        this.#pressed(event.digit);
        break;
      case 'hanging_up':
        this.#word = event.word;
        break;
      case 'refused':
        this.#refusal = event.word;
        break;
      case 'gone':
        this.#word = event.word.cause === 0 ? (this.#refusal ?? event.word) : event.word;
        this.#finish();
        break;
      default:
    }
    this.#waits.take(event);
  }

  /** Resolves with the next sign of life of the far end, its end included, or after `delayMs`. */
  async firstWord(delayMs: number, signal: AbortSignal): Promise<void> {
    if (this.hasRung || this.#isOver) return;
    const isWord = ({ type }: AriEvent): boolean => ['ringing', 'up', 'gone'].includes(type);
    await this.#waits.next(isWord, delayMs, signal);
  }

  /**
   * After we were away: what Asterisk has of it now. A channel that is gone has no more to say; one
   * that is up is served from where it stands.
   */
  async foundAgain(channel: AriChannel | undefined): Promise<void> {
    if (this.#isOver) return;
    if (channel === undefined) {
      await this.#waits.next(({ type }) => type === 'gone', LAST_WORD_MS);
      this.#finish();
      return;
    }
    await this.#waits
      .ask((signal) => this.#parts.wire.subscribe(this.id, signal))
      .catch(ignoreFailure);
    if (channel.state === 'Ringing') this.#hasRung = true;
    if (channel.state !== 'Up') {
      // Nobody had picked up yet: nothing of the answer was missed.
      if (this.#upMs === undefined) this.#wasUnheard = false;
      return;
    }
    this.#answered();
    this.#serveOnce(() => this.#resume());
  }

  // -------------------------------------------------------------------------- after the answer

  #answered(): void {
    this.#upMs ??= this.#parts.clock.monotonicMs();
  }

  #serveOnce(work: () => Promise<void>): void {
    if (this.#isServed) return;
    this.#isServed = true;
    void this.#whole(work);
  }

  /** Whatever goes wrong with it, the channel is hung up in the end, and the line is free. */
  async #whole(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      ignoreFailure(error);
      if (!this.#isOver && error instanceof ServiceFailure) this.#unserved(error);
    }
    await this.#close().catch(ignoreFailure);
  }

  #unserved({ message }: ServiceFailure): void {
    if (this.#message !== 'none' || this.#parts.life.aborted) return;
    this.#requestFault = `they picked up and heard nothing: ${message}`;
  }

  async #serve(): Promise<void> {
    const { machineContext } = this.#parts.settings;
    if (machineContext !== undefined) await this.#machine.detect(machineContext);
    await this.#sayDuly();
  }

  /** To a machine after its greeting, or not at all. Answers whether there is no more to do. */
  async #sayDuly(): Promise<boolean> {
    if (this.#machine.isThere && this.#parts.settings.voicemail === 'hang_up') return true;
    if (this.#machine.isThere) await this.#machine.greetingOver();
    return await this.#say();
  }

  /** Taken over from an earlier process, or after the connection was lost. */
  async #resume(): Promise<void> {
    const { wire, sound, settings } = this.#parts;
    if (settings.machineContext !== undefined) await this.#machine.recall();
    const isPlaying = await this.#waits.ask((signal) => wire.isPlaying(this.#playback, signal));
    if (isPlaying) {
      this.#message = 'begun';
      await this.#heard(sound?.durationMs ?? 0, this.#played());
      await this.#waitKey();
      return;
    }
    const said = await this.#waits.ask((signal) => wire.variable(this.id, SAID, signal));
    if (said === '1') {
      this.#message = 'whole';
      await this.#waitKey();
      return;
    }
    if (await this.#sayDuly()) return;
    // It is still in the dialplan, which listens for a machine.
    if (await this.#machine.heardOut()) await this.#sayDuly();
  }

  /** Answers whether it was played, whole or not. */
  async #say(): Promise<boolean> {
    const { wire, sound, answers } = this.#parts;
    if (sound === undefined || this.#isOver) return true;
    const { media, durationMs } = sound;
    await this.#waits.bound(durationMs + PLAY_SLACK_MS + (answers?.waitMs ?? 0));
    const heard = this.#played();
    const play = (signal: AbortSignal) => wire.play(this.id, this.#playback, media, signal);
    if (!(await this.#waits.ask(play))) return this.#isOver;
    this.#message = 'begun';
    // Only now: killed in between, we say it again rather than count who heard nothing. Asterisk
    // does it when the text is over, and answers then.
    const way = { limitMs: durationMs + PLAY_SLACK_MS };
    const mark = (signal: AbortSignal) => wire.setVariable(this.id, SAID, '1', signal, way);
    void this.#waits.ask(mark).catch(ignoreFailure);
    await this.#heard(durationMs, heard);
    await this.#waitKey();
    return true;
  }

  /** Resolves when the message is over or a key that counts was pressed. */
  #played(): Promise<AriEvent | undefined> {
    const { sound } = this.#parts;
    const isOver = (event: AriEvent): boolean =>
      (event.type === 'played' && event.playback === this.#playback) || this.#isAnswer(event);
    return this.#waits.next(isOver, (sound?.durationMs ?? 0) + PLAY_SLACK_MS);
  }

  async #heard(durationMs: number, over: Promise<AriEvent | undefined>): Promise<void> {
    const { wire, clock } = this.#parts;
    const startMs = clock.monotonicMs();
    const event = await over;
    if (event?.type === 'played' && event.isWhole) {
      this.#message = 'whole';
      return;
    }
    this.#message = event === undefined && !this.#isOver ? 'unknown' : 'cut';
    if (event?.type === 'played') {
      await this.#judgeSilence();
      return;
    }
    if (event === undefined && !this.#isOver) {
      // Its end was told while we were away, or it never ends.
      const isPlaying = await this.#waits.ask((signal) => wire.isPlaying(this.#playback, signal));
      if (!isPlaying && clock.monotonicMs() - startMs >= durationMs) this.#message = 'whole';
    }
    await this.#waits.ask((signal) => wire.stopPlayback(this.#playback, signal));
  }

  /** A playback fails when the callee hangs up; where they do not, there was nothing to hear. */
  async #judgeSilence(): Promise<void> {
    if (this.#word !== undefined) return;
    const isEnd = ({ type }: AriEvent): boolean => type === 'hanging_up' || type === 'gone';
    if ((await this.#waits.next(isEnd, HANGING_UP_MS)) !== undefined || this.#isOver) return;
    this.#audioFault =
      `${ARI_NAME}: Asterisk could not play ${this.#parts.sound?.media ?? 'the message'}; check ` +
      `providers.${ARI_NAME}.sounds or audio_server, and that Asterisk may read it`;
  }

  async #waitKey(): Promise<void> {
    const { answers } = this.#parts;
    const isHeard = this.#message === 'whole' && !this.#machine.isThere;
    if (answers === undefined || !isHeard || this.#digit !== undefined) return;
    await this.#waits.next((event) => this.#isAnswer(event), answers.waitMs);
  }

  #isAnswer(event: AriEvent): boolean {
    return event.type === 'digit' && this.#parts.answers?.keys.includes(event.digit) === true;
  }

  #pressed(digit: string): void {
    const { answers } = this.#parts;
    const counts = digit !== '' && answers?.keys.includes(digit) === true;
    if (!counts || this.#message === 'none' || this.#told.has(digit)) return;
    this.#digit ??= digit;
    // All of them: who pressed another key first may ask not to be rung again after all.
    this.#told.add(digit);
    // Where it cannot be kept, the run ends by its next commit; the end says it once more.
    answers.pressed(digit).catch(() => undefined);
  }

  // -------------------------------------------------------------------------- the end

  /** Hangs up, and sees that it is. */
  async #close(): Promise<void> {
    const { wire } = this.#parts;
    this.#isClosing = true;
    // Once it goes in any case; its repeats must not flood an Asterisk that does not answer.
    let isUrgent = true;
    const hangUp = async (signal: AbortSignal): Promise<void> => {
      const sent = wire.hangUp(this.id, signal, isUrgent);
      isUrgent = false;
      this.#isClosed = (await sent) || this.#isClosed;
    };
    for (let attempt = 1; attempt <= TRIES && !this.#isOver; attempt += 1) {
      const gone = this.#waits.next(({ type }) => type === 'gone', CLOSE_MS);
      await this.#waits.ask(hangUp).catch(ignoreFailure);
      await gone;
    }
    // Its end was told while we were away, or Asterisk is: its own limit holds there.
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#resolveEnd(this.#endNow());
  }

  #endNow(): AriEnd {
    const startMs = this.#upMs;
    return ariEnd({
      upMs: startMs === undefined ? undefined : this.#parts.clock.monotonicMs() - startMs,
      hasRung: this.#hasRung,
      isMachine: this.#machine.isThere,
      message: this.#message,
      digit: this.#digit,
      unheard: this.#audioFault ?? this.#requestFault,
      // The word that it is gone may overtake the answer to our hanging up.
      isClosed: this.#isClosed || (this.#isClosing && (this.#word?.cause ?? 0) !== 0),
      wasUnheard: this.#wasUnheard,
      asksKey: this.#parts.answers !== undefined,
      leavesNothing: this.#parts.settings.voicemail === 'hang_up',
      word: this.#word,
    });
  }
}

/** The program's end, and a service that fails, are seen elsewhere; a bug is not. */
function ignoreFailure(error: unknown): void {
  if (error instanceof TypeError || error instanceof ReferenceError) throw error;
}
