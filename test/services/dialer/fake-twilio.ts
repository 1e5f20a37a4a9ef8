/**
 * Twilio on this machine: it has accounts, calls and a clock of its own, and does what it is asked
 * before it answers, so that an answer can be lost. Time is that of the test's clock.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Clock, Http } from '../../../src/engine/ports.ts';
import type { TwilioSettings } from '../../../src/services/dialer/twilio.ts';
import { openHttp } from '../../../src/services/http.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';

export const SID = `AC${'0'.repeat(32)}`;
export const TOKEN = 'test-token-1-wonderland';
export const FROM = '+14155550100';

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What happens to a request to place a call. */
export interface Fate {
  /** Whether the call is placed; true where it is left out. */
  readonly isDone?: boolean;
  /** How much later. */
  readonly lateMs?: number;
  /** `lost`: the connection is reset. `held`: no answer ever comes. */
  readonly answer?: Answer | 'lost' | 'held';
}

/** How calls go from their placing on. */
export interface Course {
  /** Until somebody picks up, or it is over. */
  readonly ringMs: number;
  readonly talkMs: number;
  readonly end: 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled';
  readonly answeredBy?: string;
}

interface Call {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly twiml: string;
  readonly createdMs: number;
  readonly course: Course;
  ended: { readonly status: string; readonly atMs: number } | undefined;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
  /** Monotonic. */
  readonly atMs: number;
}

export const ANSWERS: Course = { ringMs: 5_000, talkMs: 20_000, end: 'completed' };

export class FakeTwilio {
  readonly asked: Asked[] = [];
  readonly calls: Call[] = [];
  /** Of the next requests to place a call, in this order; then all is well. */
  readonly fates: Fate[] = [];
  /** Of the next questions about calls, and of the probe. */
  readonly polls: (Answer | 'held' | undefined)[] = [];
  readonly lists: (Answer | 'held' | { readonly slowMs: number } | undefined)[] = [];
  readonly probes: Answer[] = [];
  balance: Answer = { body: { account_sid: SID, balance: '12.345', currency: 'USD' } };
  course: Course = ANSWERS;
  /** How much its clock is ahead of ours. */
  skewMs = 0;
  /** Whether a call that nobody has picked up can be ended as completed. */
  completesRinging = true;
  url = '';
  readonly #clock: Clock;
  /** Requests that wait for the clock, or for ever. */
  readonly #held = new Set<string>();
  readonly #flying = new Set<string>();
  #flights = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Phones that rang, in order. */
  get rung(): readonly string[] {
    return this.calls.map(({ to }) => to);
  }

  countOf(method: string, part: string): number {
    return this.asked.filter((one) => one.method === method && one.path.includes(part)).length;
  }

  /** A call that others made, by its clock. */
  add(to: string, createdMs: number, course = ANSWERS): Call {
    const sid = `CA${String(this.calls.length + 1).padStart(32, '0')}`;
    const call = { sid, to, from: FROM, twiml: '', createdMs, course, ended: undefined };
    this.calls.push(call);
    return call;
  }

  /** The way to it, watched: time does not go on while an answer is on its way. */
  http(): Http {
    const http = openHttp({ userAgent: 'campaign/test', clock: this.#clock });
    onTestFinished(() => http[Symbol.asyncDispose]());
    return {
      send: async (request) => {
        this.#flights += 1;
        const flight = String(this.#flights);
        this.#flying.add(flight);
        try {
          const headers = { ...request.headers, 'x-flight': flight };
          return await http.send({ ...request, headers });
        } finally {
          this.#flying.delete(flight);
        }
      },
    };
  }

  /** Moves time on until `promise` is settled, and never while a request is on its way. */
  async until<T>(promise: Promise<T>, clock: VirtualClock): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    for (;;) {
      await clock.settle();
      if (isSettled) {
        return await promise;
      }
      if ([...this.#flying].every((flight) => this.#held.has(flight))) {
        await clock.fireNext();
      } else {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    }
  }

  async listen(): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void this.#take(request, response, Buffer.concat(chunks).toString());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  settings(over: Partial<TwilioSettings> = {}): TwilioSettings {
    return {
      accountSid: SID,
      authToken: TOKEN,
      from: FROM,
      baseUrl: this.url,
      audioBaseUrl: undefined,
      audioFolder: '/audio',
      machineDetection: false,
      ringMs: 30_000,
      requestMs: 15_000,
      callMs: 600_000,
      ...over,
    };
  }

  // -------------------------------------------------------------------------- answers

  async #take(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const { method = '', url = '', headers } = request;
    const flight = String(headers['x-flight']);
    const path = url.replace(`/2010-04-01/Accounts/${SID}`, '');
    const form = new URLSearchParams(body);
    const { authorization } = headers;
    this.asked.push({ method, path, form, authorization, atMs: this.#clock.monotonicMs() });
    const right = `Basic ${Buffer.from(`${SID}:${TOKEN}`).toString('base64')}`;
    const answer =
      authorization === right
        ? await this.#answer(method, path, form, flight)
        : wrong(401, 20003, `Authenticate ${authorization}`);
    if (answer === 'lost') {
      request.socket.resetAndDestroy();
    } else if (answer === 'held') {
      this.#held.add(flight);
    } else {
      const date = new Date(this.#nowMs()).toUTCString();
      const type = { 'content-type': 'application/json', date };
      response.writeHead(answer.status ?? 200, { ...type, ...answer.headers });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    }
  }

  async #answer(
    method: string,
    path: string,
    form: URLSearchParams,
    flight: string,
  ): Promise<Answer | 'lost' | 'held'> {
    if (path === '.json') {
      return this.probes.shift() ?? { body: { sid: SID, status: 'active', type: 'Full' } };
    }
    if (path === '/Balance.json') {
      return this.balance;
    }
    if (path === '/Calls.json' && method === 'POST') {
      return this.#place(form);
    }
    if (path.startsWith('/Calls.json?')) {
      return await this.#list(new URLSearchParams(path.split('?')[1]), flight);
    }
    const sid = /^\/Calls\/(CA\w+)\.json$/.exec(path)?.[1];
    const call = this.calls.find((one) => one.sid === sid);
    if (call === undefined) {
      return wrong(404, 20404, `The requested resource ${path} was not found`);
    }
    if (method === 'POST') {
      return this.#end(call, form.get('Status') ?? '');
    }
    return this.polls.shift() ?? { body: this.#shown(call) };
  }

  #place(form: URLSearchParams): Answer | 'lost' | 'held' {
    const { isDone = true, lateMs = 0, answer } = this.fates.shift() ?? {};
    const { course } = this;
    const make = (): Call => {
      const call = this.add(form.get('To') ?? '', this.#nowMs(), course);
      return Object.assign(call, { twiml: form.get('Twiml') ?? '', from: form.get('From') ?? '' });
    };
    if (isDone && lateMs > 0) {
      this.#clock.after(lateMs, make);
    }
    const call = isDone && lateMs === 0 ? make() : undefined;
    return answer ?? { status: 201, body: call === undefined ? {} : this.#shown(call) };
  }

  async #list(query: URLSearchParams, flight: string): Promise<Answer | 'held'> {
    const scripted = this.lists.shift();
    if (scripted !== undefined && scripted !== 'held' && 'slowMs' in scripted) {
      this.#held.add(flight);
      await this.#clock.sleep(scripted.slowMs);
      this.#held.delete(flight);
    } else if (scripted !== undefined) {
      return scripted;
    }
    const size = Number(query.get('PageSize'));
    const found = this.calls
      .filter(({ to, from }) => {
        const asked = query.get('From') ?? from;
        return to === query.get('To') && from === asked;
      })
      .toSorted((one, other) => other.createdMs - one.createdMs);
    return {
      body: {
        calls: found.slice(0, size).map((call) => this.#shown(call)),
        next_page_uri: found.length > size ? '/2010-04-01/next' : null,
      },
    };
  }

  #end(call: Call, status: string): Answer {
    const { status: now } = this.#shown(call);
    const isPickedUp = now === 'in-progress';
    const fits = isPickedUp ? status === 'completed' : status === 'canceled';
    const isOver = now !== 'ringing' && !isPickedUp;
    if (isOver || !(fits || this.completesRinging)) {
      return wrong(400, 21220, 'Call is not in-progress. Cannot redirect.');
    }
    call.ended = { status: isPickedUp ? 'completed' : 'canceled', atMs: this.#nowMs() };
    return { body: this.#shown(call) };
  }

  #shown(call: Call) {
    const { course, ended } = call;
    const ageMs = (ended?.atMs ?? this.#nowMs()) - call.createdMs;
    const isPickedUp = course.end === 'completed' && ageMs >= course.ringMs;
    const doneMs = course.ringMs + (course.end === 'completed' ? course.talkMs : 0);
    const isOver = ended !== undefined || ageMs >= doneMs;
    const going = isPickedUp ? 'in-progress' : 'ringing';
    const talkedMs = Math.max(0, Math.min(ageMs, doneMs) - course.ringMs);
    return {
      sid: call.sid,
      to: call.to,
      from: call.from,
      date_created: new Date(call.createdMs).toUTCString().replace('GMT', '+0000'),
      status: isOver ? (ended?.status ?? course.end) : going,
      duration: isOver ? String(Math.floor(talkedMs / 1_000)) : null,
      answered_by: isPickedUp ? (course.answeredBy ?? null) : null,
      price: null,
    };
  }

  #nowMs(): number {
    return this.#clock.wallMs() + this.skewMs;
  }
}

/** As Twilio says no. */
export function wrong(status: number, code: number, message: string): Answer {
  const more_info = `https://www.twilio.com/docs/errors/${code}`;
  return { status, body: { code, message, more_info, status } };
}
