/**
 * The services of a simulation as the engine sees them: the ports, played by what is outside.
 */

import type { Role } from '../domain/words.ts';
import { signalWatch, watchOf } from '../engine/abort-watch.ts';
import type {
  AbortWatch,
  AudioStore,
  Crm,
  Dialer,
  DialRequest,
  Found,
  Llm,
  Placed,
  RequestContext,
  Service,
  Tts,
} from '../engine/ports.ts';
import { talkMsOf } from './call-book.ts';
import type { Exchange } from './exchange.ts';
import { ExchangeClient } from './exchange-client.ts';
import { keyPressed } from './keys.ts';
import type { Life } from './life.ts';
import { NumberFinder } from './number-finder.ts';
import type { Place } from './outage.ts';
import type { Outside } from './outside.ts';
import type { Asked, Method } from './sighting.ts';

export type ChainNames = Readonly<Record<Role, readonly string[]>>;

export interface SimulatedServices {
  readonly llm: readonly Llm[];
  readonly tts: readonly Tts[];
  readonly dialer: readonly Dialer[];
  readonly crm: readonly Crm[];
}

/** @param looksUp whether the CRM knows something for the script */
export function simulatedServices(
  chains: ChainNames,
  outside: Outside,
  life: Life,
  looksUp: boolean,
): SimulatedServices {
  return {
    llm: chains.llm.map((name) => simulatedLlm(name, outside, life)),
    tts: chains.tts.map((name) => simulatedTts(name, outside, life)),
    dialer: chains.dialer.map((name) => simulatedDialer(name, outside, life)),
    crm: chains.crm.map((name) => simulatedCrm(name, outside, life, looksUp)),
  };
}

/** A dialer that rings nobody. */
export const PREVIEW = 'preview';

function simulatedLlm(name: string, outside: Outside, life: Life): Llm {
  const place: Place = { role: 'llm', service: name };
  return {
    ...service(place, outside, life),
    role: 'llm',
    write: ({ contact }, context) => {
      const asking = { life, place, method: 'write', ...askedBy(context) } as const;
      return outside.ask(asking, (request) => {
        const { emptyTexts } = outside.quirks;
        const isEmpty = emptyTexts > 0 && outside.draw('empty', contact.id) < emptyTexts;
        if (isEmpty) return { text: ' ' };
        const usage = outside.bill(life, place, request, contact.id);
        return { text: greeting(contact.id, contact.name), usage };
      });
    },
  };
}

/** What a simulated model writes for a contact. */
export function greeting(contact: string, name: string | undefined): string {
  return `Hello ${name ?? contact}.`;
}

function simulatedTts(name: string, outside: Outside, life: Life): Tts {
  const place: Place = { role: 'tts', service: name };
  return {
    ...service(place, outside, life),
    role: 'tts',
    voice: (language) => `${name} ${language}`,
    speak: ({ text, language }, context) => {
      const asking = { life, place, method: 'speak', ...askedBy(context) } as const;
      return outside.ask(asking, (request) => {
        const usage = outside.bill(life, place, request, context.contact);
        return { wav: outside.isWatched ? encoded(`${name}\n${language}\n${text}`) : SOUND, usage };
      });
    },
  };
}

/** Where nobody asks what was said. */
const SOUND = new Uint8Array();

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function simulatedDialer(name: string, outside: Outside, life: Life): Dialer {
  const place: Place = { role: 'dialer', service: name };
  const { byNumber = [], speaking = [] } = outside.quirks;
  const finder = byNumber.includes(name) ? new NumberFinder(name, outside, life) : undefined;
  const exchange = outside.exchange(name);
  const rings = name !== PREVIEW;
  const asking = (method: Method, context: RequestContext) => {
    return { life, place, method, ...askedBy(context) };
  };
  const dialer: Dialer = {
    ...service(place, outside, life),
    role: 'dialer',
    rings,
    hears: rings,
    account: rings ? accountIn(outside, life) : undefined,
    speaks: speaking.includes(name) ? (language) => outside.speaks(name, language) : undefined,
    place: (request, context) => {
      const phone = rings ? request.contact.phone : undefined;
      const placing = { ...asking('place', context), phone };
      const send = () => outside.ask(placing, () => dialled(name, request, outside, life));
      return finder === undefined ? send() : finder.place(request, placing, send);
    },
    follow: (placed, { answers, contact }, context) => {
      finder?.followed(placed);
      const call = outside.calls.idOf(name, placed.reference);
      const taken = outside.calls.get(call);
      if (taken === undefined) throw new Error(`${name} is asked to follow ${call}: never placed`);
      const { outcome } = taken;
      if (outcome === 'uncertain') throw new Error(`${name} has no exchange that could cut it off`);
      const isPickedUp = outcome === 'answered' || outcome === 'voicemail';
      const { draw, quirks } = outside;
      const isHeard = rings && outcome === 'answered';
      const digit = isHeard
        ? keyPressed(answers, contact.id, draw, quirks.optOuts ?? 0)
        : undefined;
      const following = asking('follow', context);
      return outside.poll(following, outside.calls.leftMs(call), (request) => {
        if (!following.watch.aborted) outside.told(call);
        const bill = () => outside.bill(life, place, request, contact.id, talkMsOf(taken));
        return {
          outcome,
          ...(digit !== undefined && { digit }),
          usage: isPickedUp ? bill() : undefined,
        };
      });
    },
    find: (request, context) => {
      const { call } = request;
      const ask = (search?: () => Found) => {
        const workingMs = outside.quirks.hasty && rings ? 0 : outside.placingMs(call);
        return outside.poll(asking('find', context), Math.max(FIND_MS, workingMs), () =>
          found(name, call, outside, life, search),
        );
      };
      return finder === undefined ? ask() : finder.find(request, context.signal, ask);
    },
    hangUp: (placed, context) => {
      return outside.poll(asking('hangUp', context), FIND_MS, () => {
        outside.hangUp(life, outside.calls.idOf(name, placed.reference));
      });
    },
  };
  return exchange === undefined ? dialer : throughExchange(dialer, exchange, outside, life);
}

/** The same dialer, with an exchange of the operator's own behind it. */
function throughExchange(dialer: Dialer, exchange: Exchange, outside: Outside, life: Life): Dialer {
  const { name, role } = dialer;
  const client = new ExchangeClient(name, exchange, outside, life);
  const asking = (method: Method, context: RequestContext) => {
    return { life, place: { role, service: name }, method, ...askedBy(context) };
  };
  return {
    ...dialer,
    place: (request, context) => {
      const placing = { ...asking('place', context), phone: request.contact.phone };
      const serve = () => dialled(name, request, outside, life);
      return client.place(request, placing, (judge) => outside.ask(placing, serve, judge));
    },
    follow: (placed, request, context) => {
      return client.follow(placed, request, asking('follow', context));
    },
    find: (request, context) => client.find(request, asking('find', context)),
    hangUp: (placed, context) => client.hangUp(placed, asking('hangUp', context)),
  };
}

/** Undefined where no settings of it ever change. */
function accountIn({ quirks: { accountChange } }: Outside, { run }: Life): string | undefined {
  if (accountChange === undefined) return undefined;
  return run < accountChange ? 'the first' : 'the second';
}

function dialled(service: string, request: DialRequest, outside: Outside, life: Life): Placed {
  const { call, contact, audio, text, language } = request;
  const rings = service !== PREVIEW;
  const account = rings ? accountIn(outside, life) : undefined;
  const fate = outside.fateOf(service);
  const taken = outside.calls.take({ service, account, rings, fate }, call, contact);
  const { outcome, reference } = taken;
  const word = fate?.refusal;
  if (word !== undefined) {
    outside.see(life, { type: 'unrung', service, contact: contact.id, call, word });
    return { service, reference };
  }
  if (!outside.isWatched) return { service, reference };
  const spoken = contact.language ?? language;
  // It speaks the language of whoever is rung, or plays what is there, whatever that is.
  const isSpoken = outside.speaks(service, spoken);
  const played = isSpoken || audio === undefined ? undefined : outside.audio.words(audio.hash);
  const [spokenBy, voice, ...words] = played?.split('\n') ?? [undefined, spoken, text];
  const said = words.join('\n');
  const hasWords = said.trim() !== '' && voice === spoken && (isSpoken || played !== undefined);
  const about = { service, contact: contact.id, call, phone: contact.phone };
  outside.see(life, { type: 'rang', ...about, hasWords, rings, outcome, text: said, spokenBy });
  return { service, reference };
}

/** A question about a call: an estimate. */
const FIND_MS = 300;

/** @param search how a dialer finds it that has no other way than by its number */
function found(
  service: string,
  call: string,
  outside: Outside,
  life: Life,
  search?: () => Found,
): Found {
  const taken = outside.calls.get(call);
  if (service !== PREVIEW && outside.isForgotten(call)) return { state: 'unknown' };
  const account = taken?.account;
  if (account !== undefined && account !== accountIn(outside, life)) return { state: 'absent' };
  const sought = search?.();
  if (sought !== undefined && sought.state !== 'absent') return sought;
  if (taken === undefined || taken.service !== service || sought !== undefined) {
    // What has not reached it yet, it knows nothing of; what has, it may still be working on.
    const isAtWork =
      outside.placingMs(call) > 0 && service !== PREVIEW && !outside.isPlacing(life, call);
    return { state: isAtWork ? 'unknown' : 'absent' };
  }
  return { state: 'placed', placed: { service, reference: taken.reference } };
}

function simulatedCrm(name: string, outside: Outside, life: Life, looksUp: boolean): Crm {
  const place: Place = { role: 'crm', service: name };
  const lookup: Crm['lookup'] = (_contact, context) => {
    const asking = { life, place, method: 'lookup', ...askedBy(context) } as const;
    return outside.ask(asking, () => ({ plan: 'yearly' }));
  };
  return {
    ...service(place, outside, life),
    role: 'crm',
    lookup: looksUp ? lookup : undefined,
    record: (record, context) => {
      const { contact, call, outcome, again } = record;
      const { text, services, startedMs, endedMs, dialledMs } = record;
      const says = { text, services: { ...services }, startedMs, endedMs, dialledMs };
      const asking = { life, place, method: 'record', ...askedBy(context) } as const;
      return outside.ask(asking, () => {
        const about = { service: name, contact: contact.id, call, outcome, again, says };
        outside.see(life, { type: 'recorded', ...about });
        return {};
      });
    },
  };
}

function service(place: Place, outside: Outside, life: Life): Pick<Service, 'name' | 'probe'> {
  return {
    name: place.service,
    probe: (signal) => {
      const watch = signalWatch(signal);
      return outside.ask({ life, place, method: 'probe', asked: {}, watch }, () => undefined);
    },
  };
}

function askedBy(context: RequestContext): { readonly asked: Asked; readonly watch: AbortWatch } {
  const { contact, call, step, line } = context;
  return { asked: { contact, call, step, line }, watch: watchOf(context) };
}

/** Audio on a disk that a kill does not take away. */
export function simulatedAudio(outside: Outside, life: Life): AudioStore {
  return {
    find: (hash) => Promise.resolve(outside.audio.find(hash)),
    keep: (hash, { wav }) => {
      if (!life.moment('audio is kept')) return new Promise(() => undefined);
      return Promise.resolve(outside.audio.keep(hash, wav));
    },
  };
}
