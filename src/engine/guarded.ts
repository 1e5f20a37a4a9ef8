/**
 * Services behind their guards, each in the shape of the port it wraps. Probes are not guarded:
 * the health checker bounds them, and a probe that fails is its answer.
 */
import type { Guard, Operation } from './guard.ts';
import type { Crm, Dialer, Ended, Llm, RequestContext, Tts } from './ports.ts';

/** A text or a speech that is asked for twice costs money, and harms nobody. */
export function guardLlm(llm: Llm, guard: Guard): Llm {
  const operation = repeatable(guard);
  return {
    name: llm.name,
    role: llm.role,
    probe: (signal) => llm.probe(signal),
    writes: llm.writes === undefined ? undefined : (language) => llm.writes?.(language) ?? true,
    write: (request, context) => {
      return guard.run(operation, context, (limited) => llm.write(request, limited));
    },
  };
}

export function guardTts(tts: Tts, guard: Guard): Tts {
  const operation = repeatable(guard);
  return {
    name: tts.name,
    role: tts.role,
    probe: (signal) => tts.probe(signal),
    voice: (language) => tts.voice(language),
    speak: (request, context) => {
      return guard.run(operation, context, (limited) => tts.speak(request, limited));
    },
  };
}

/** From its second attempt on, a record may have been sent before, and says so. */
export function guardCrm(crm: Crm, guard: Guard): Crm {
  const operation = repeatable(guard);
  const lookup: Crm['lookup'] = (contact, context) => {
    return guard.run(operation, context, async (limited) => {
      return (await crm.lookup?.(contact, limited)) ?? {};
    });
  };
  return {
    name: crm.name,
    role: crm.role,
    probe: (signal) => crm.probe(signal),
    properties: crm.properties,
    lookup: crm.lookup === undefined ? undefined : lookup,
    record: (record, context) => {
      return guard.run(operation, context, (limited, attempt) => {
        return crm.record(attempt === 1 ? record : { ...record, again: true }, limited);
      });
    },
  };
}

/**
 * Only `place` makes a phone ring, and must not be done twice for one attempt. The questions about
 * a call that may be on its way outlast an open breaker and count nowhere: neither do they prove
 * that calls can be placed, nor that they cannot, unless the call itself met what the next one
 * would (`Ended.fault`). `hangUp` is tried once, whatever the breaker.
 */
export function guardDialer(dialer: Dialer, guard: Guard): Dialer {
  const { requestMs, callMs, idleMs } = guard.policies.timeouts;
  const judged = ({ fault, ...ended }: Ended, context: RequestContext): Ended => {
    if (fault !== undefined) guard.met(fault, context);
    return ended;
  };
  const place: Operation = { idempotent: false, paced: dialer.rings, timeoutMs: requestMs };
  return {
    name: dialer.name,
    role: dialer.role,
    rings: dialer.rings,
    account: dialer.account,
    speaks: dialer.speaks?.bind(dialer),
    hears: dialer.hears,
    probe: (signal) => dialer.probe(signal),
    place: (request, context) => {
      return guard.run(place, context, (limited) => dialer.place(request, limited));
    },
    follow: async (placed, request, context) => {
      const follow = (limited: RequestContext) => dialer.follow(placed, request, limited);
      return judged(await guard.outlast(callMs, context, follow, idleMs), context);
    },
    find: async (request, context) => {
      // Whoever watches would see nothing happen for minutes. What was uncertain is asked once.
      if (dialer.rings && context.once !== true) guard.looksFor(callMs, context);
      const find = (limited: RequestContext) => dialer.find(request, limited);
      const found = await guard.outlast(callMs, context, find);
      return found.state === 'ended' ? { ...found, ended: judged(found.ended, context) } : found;
    },
    hangUp: (placed, context) => {
      return guard.once(requestMs, context, (limited) => dialer.hangUp(placed, limited));
    },
  };
}

function repeatable(guard: Guard): Operation {
  return { idempotent: true, paced: false, timeoutMs: guard.policies.timeouts.requestMs };
}
