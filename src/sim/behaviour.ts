/**
 * How vendors and people behave while nothing is wrong with them.
 */
import type { Outcome, Role } from '../domain/words.ts';

/** How a call can end that was placed. */
export type CallEnd = Extract<
  Outcome,
  'answered' | 'voicemail' | 'busy' | 'no_answer' | 'invalid_number'
>;

/** Times are typical ones, in milliseconds: each varies evenly by half either way. */
export interface Behaviour {
  /** From request to answer; of a dialer, until it has taken the call on. */
  readonly answerMs: Readonly<Record<Role, number>>;
  /** Until somebody or a machine picks up. */
  readonly ringMs: number;
  /** How long a phone rings that nobody picks up. */
  readonly noAnswerMs: number;
  /** From picking up to hanging up. */
  readonly talkMs: number;
  /** Part of those who pick up that hang up at once, before anything is said. */
  readonly dropped?: number | undefined;
  /** Parts of one. */
  readonly shares: Readonly<Record<CallEnd, number>>;
}

/**
 * A clinic's reminders, in the United States. Where numbers come from:
 *
 * - `answered`: of calls from numbers that are not among the contacts of a phone, 38 % are picked
 *   up; 53 % where the screen names a business, 24 % where it names nobody (Hiya, State of the
 *   Phone Call 2019, as told on blog.trueaccord.com). Fewer say that they do: 19 % of adults
 *   "generally answer" an unknown number (Pew Research Center, 14 December 2020).
 * - how the rest is shared out is an estimate; most phones have a voicemail.
 * - `talkMs`: calls from unidentified numbers last 35 s (Hiya 2019, as told on bizreport.com).
 *   The sample text takes about 20 s to say.
 * - `ringMs` is an estimate: people pick up sooner, and networks let voicemail pick up after 5 to
 *   30 s. `noAnswerMs` is those 30 s; a dialer may be set to ring for longer (Twilio: 60 s).
 * - `llm`: the 100 tokens of such a text, from the median waits for the first token and the
 *   tokens a second on jonathanwrede.de ("TTFT varies 13x"): 0.8 s (Gemini 2.5 Flash), 3.1 s
 *   (GPT-5.4), 4.4 s (Claude Sonnet 4.6). Faster models suit short texts, so 2 s.
 * - `tts`: until all of the audio is there, ElevenLabs took 1.0 s (32 and 123 characters,
 *   vexyl.ai, TTS Latency Benchmark 2025) and 2.4 s (10 to 64 words, community.openai.com,
 *   thread 1052630).
 * - `dialer` and `crm` are estimates: an API call over the internet that writes something.
 */
export const DEFAULT_BEHAVIOUR: Behaviour = {
  answerMs: { llm: 2000, tts: 1500, dialer: 800, crm: 400 },
  ringMs: 15_000,
  noAnswerMs: 30_000,
  talkMs: 35_000,
  shares: { answered: 0.38, voicemail: 0.45, no_answer: 0.11, busy: 0.04, invalid_number: 0.02 },
};
