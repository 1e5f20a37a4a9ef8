/**
 * How the engine is put together, for one run of one campaign. Whatever is between the runner and
 * a vendor can be read off here.
 */
import { hash } from 'node:crypto';
import { Availability } from '../engine/availability.ts';
import { Chain } from '../engine/fallback.ts';
import { Guard } from '../engine/guard.ts';
import { guardCrm, guardDialer, guardLlm, guardTts } from '../engine/guarded.ts';
import { HealthChecker, type ProbeListener } from '../engine/health-checker.ts';
import { Pacer } from '../engine/pacer.ts';
import type {
  AudioStore,
  BreakerMemory,
  Clock,
  Digest,
  Emit,
  Journal,
  RandomSource,
  ScriptInForce,
  Service,
} from '../engine/ports.ts';
import { Processor } from '../engine/processor.ts';
import { recordedDialer } from '../engine/recorded-dialer.ts';
import { type Purse, Runner, type RunPolicy } from '../engine/runner.ts';
import { playsAudio, Speaker } from '../engine/steps.ts';
import type { Services } from './compose-services.ts';
import type { Config, ServicePolicy } from './settings.ts';

export interface EngineParts {
  readonly campaign: string;
  readonly config: Config;
  readonly policy: RunPolicy;
  readonly purse?: Purse | undefined;
  readonly services: Services;
  readonly audio: AudioStore;
  /** What audio is named by; SHA-256 where it is left out. */
  readonly digest?: Digest | undefined;
  readonly journal: Journal;
  readonly breakers: BreakerMemory;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
  /** Told of every health check. */
  readonly probed?: ProbeListener | undefined;
  /** One of its own where it is left out. */
  readonly pacer?: Pacer | undefined;
}

export interface Engine {
  readonly runner: Runner;
  readonly guards: readonly Guard[];
  readonly health: HealthChecker;
}

export function composeEngine(parts: EngineParts): Engine {
  const { campaign, config, policy, services, audio, journal, clock, random, emit } = parts;
  const pacer = parts.pacer ?? new Pacer('dialer', config.campaign.callsPerSecond, clock);
  const guards = new Map<Service, Guard>();
  const guard = (service: Service): Guard => {
    const made = new Guard({
      service: service.name,
      role: service.role,
      policies: policyOf(config, service.name),
      lines: policy.lines,
      clock,
      random,
      emit,
      breakerMemory: parts.breakers,
      pacer,
    });
    guards.set(service, made);
    return made;
  };
  const { llm, tts, dialer, crm, former } = services;
  const fallbackDelayMs = (service: string): number => policyOf(config, service).fallbackDelayMs;
  const chains = {
    llm: new Chain(
      llm.map((service) => guardLlm(service, guard(service))),
      { role: 'llm', clock, emit, fallbackDelayMs },
    ),
    tts: new Chain(
      tts.map((service) => guardTts(service, guard(service))),
      { role: 'tts', clock, emit, fallbackDelayMs },
    ),
    dialer: new Chain(
      dialer.map((service) => guardDialer(recordedDialer(service), guard(service))),
      { role: 'dialer', clock, emit, fallbackDelayMs },
    ),
    crm: new Chain(
      crm.map((service) => guardCrm(service, guard(service))),
      { role: 'crm', clock, emit, fallbackDelayMs },
    ),
    former,
  };
  const processor = new Processor({
    campaign,
    chains,
    speaker: new Speaker(chains.tts, audio, parts.digest ?? sha256),
    journal,
    clock,
    emit,
    language: config.campaign.language,
    charactersMax: config.script.maxCharacters,
    answers: config.script.answers,
    untilMs: policy.untilMs,
    isSpent: () => parts.purse?.isReached() ?? false,
  });
  const looksUp = crm.some((service) => service.lookup !== undefined);
  const availability = new Availability([...guards.values()], looksUp, playsAudio(dialer));
  const { purse } = parts;
  const work = { policy, purse, journal, processor, availability };
  const runner = new Runner({ ...work, clock, random, emit });
  const health = new HealthChecker({
    services: [...guards].map(([service, its]) => checked(parts, service, its)),
    clock,
    emit,
    probed: parts.probed,
    ...config.healthCheck,
  });
  return { runner, guards: [...guards.values()], health };
}

function checked({ config, services }: EngineParts, service: Service, guard: Guard) {
  const connection = services.connections?.find((one) => one.service === service.name);
  return { service, guard, connection, timing: policyOf(config, service.name).healthCheck };
}

/**
 * What texts are written by. How long a key is waited for says nothing, and services that are
 * changed for others are asked for the same.
 */
export function scriptInForce({ script, campaign }: Config): ScriptInForce {
  const { prompt, template, maxCharacters, answers } = script;
  const said = [prompt, template, maxCharacters, answers?.words, campaign.language];
  return { digest: sha256(JSON.stringify(said)), answers };
}

function policyOf(config: Config, service: string): ServicePolicy {
  const policies: Readonly<Record<string, ServicePolicy>> = config.policies;
  const policy = policies[service];
  if (policy === undefined) {
    throw new Error(`no policy for the service ${service}`);
  }
  return policy;
}

function sha256(text: string): string {
  return hash('sha256', text);
}
