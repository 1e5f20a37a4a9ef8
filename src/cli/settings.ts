/**
 * What config.yml says, in the program's own terms: milliseconds, bytes, absolute paths, every
 * default filled in.
 */

import type { AnswerPolicy } from '../domain/answers.ts';
import type { PriceList } from '../domain/money.ts';
import type { ReconnectPolicy } from '../domain/reconnect.ts';
import type { HealthTiming } from '../engine/health-checker.ts';
import type { AmiSettings } from '../services/dialer/asterisk-ami.ts';
import type { Behaviour } from '../sim/behaviour.ts';
import type { AlertSettings } from './config-alerts.ts';
import type { ConfigFile } from './config-schema.ts';
import type { ServerSettings } from './config-server.ts';
import type { SheetsConfig } from './config-sheets.ts';
import type { ModelVendor, ServiceName } from './service-names.ts';

export interface RetrySettings {
  readonly initialDelayMs: number;
  readonly backoffFactor: number;
  readonly maxRetries: number;
  readonly maxDelayMs: number;
  /** Largest random part of a wait, as a fraction of it. */
  readonly jitter: number;
}

export interface BreakerSettings {
  readonly failureThreshold: number;
  readonly recoveryTimeoutMs: number;
  readonly halfOpenMaxCalls: number;
}

export interface TimeoutSettings {
  readonly requestMs: number;
  readonly callMs: number;
  /** A call of which nothing is heard for so long is given up. */
  readonly idleMs?: number | undefined;
}

/** How requests to one service are guarded: the general settings, then its own on top. */
export interface ServicePolicy {
  readonly retry: RetrySettings;
  readonly circuitBreaker: BreakerSettings;
  readonly timeouts: TimeoutSettings;
  /** Before it is asked in the place of one that failed; nothing for services on this machine. */
  readonly fallbackDelayMs: number;
  /** Requests at once, at most; undefined for no limit but what the service refuses. */
  readonly concurrencyMax?: number | undefined;
  /** Where it is checked otherwise than all. */
  readonly healthCheck?: Partial<HealthTiming> | undefined;
}

/** An account with a vendor of models. */
export interface ModelProvider {
  /** Empty only where the service is not in use. */
  readonly apiKey: string;
  readonly model: string;
  /** Absolute; without a slash at its end. */
  readonly baseUrl: string;
}

/** An account with HubSpot. See `HubspotSettings`. */
export interface HubspotProvider {
  /** Empty only where the service is not in use. */
  readonly accessToken: string;
  /** Absolute; without a slash at its end. */
  readonly baseUrl: string;
  readonly callIdProperty: string | undefined;
  readonly lookup: readonly string[];
  readonly findBy: NonNullable<ConfigFile['providers']['hubspot']['find_by']>;
  readonly idProperty: string | undefined;
  readonly owner: string | undefined;
}

export interface WebhookProvider {
  /** Empty only where the service is not in use. */
  readonly url: string;
  readonly secret: string | undefined;
}

/** One voice, or one per language; empty only where the service is not in use. */
export type VoiceChoice = string | Readonly<Record<string, string>>;

/** What the tts role of an OpenAI account needs beside the key. */
export interface OpenaiVoice {
  /** Empty only where the service is not in use. */
  readonly model: string;
  readonly voice: VoiceChoice;
  readonly instructions: string | undefined;
  readonly speed: number | undefined;
}

/** An account with ElevenLabs. */
export interface ElevenlabsProvider {
  /** Empty only where the service is not in use. */
  readonly apiKey: string;
  /** Absolute; without a slash at its end. */
  readonly baseUrl: string;
  readonly voice: VoiceChoice;
  readonly model: string;
  readonly tuning: NonNullable<ConfigFile['providers']['elevenlabs']['voice_settings']>;
}

/** An account with Twilio. */
export interface TwilioProvider {
  /** Empty only where the service is not in use, like the two below. */
  readonly accountSid: string;
  readonly authToken: string;
  /** E.164. */
  readonly from: string;
  /** Absolute; without a slash at its end. */
  readonly baseUrl: string;
  /** The same; undefined where Twilio speaks itself. */
  readonly audioBaseUrl: string | undefined;
  readonly machineDetection: boolean;
  readonly ringMs: number;
}

/** An Asterisk with its REST Interface. See `AriSettings`. */
export interface AriProvider {
  /** Absolute; without a slash at its end. */
  readonly url: string;
  /** Empty only where the service is not in use, like the password and the endpoint. */
  readonly username: string;
  readonly password: string;
  readonly app: string;
  readonly endpoint: string;
  readonly callerId: string | undefined;
  readonly ringMs: number;
  readonly variables: Readonly<Record<string, string>>;
  /** Undefined where no machine is listened for. */
  readonly machineContext: string | undefined;
  readonly voicemail: 'leave' | 'hang_up';
  /** Where Asterisk finds the audio folder; undefined where that is where we have it. */
  readonly sounds: string | undefined;
  /** Undefined where both share a folder. */
  readonly audioServer:
    | { readonly host: string; readonly port: number; readonly publicUrl: string }
    | undefined;
  readonly reconnect: ReconnectPolicy;
  readonly keepAlive: { readonly intervalMs: number; readonly timeoutMs: number };
}

/** An Asterisk with its Manager Interface; names are empty only where it is not in use. */
export interface AmiProvider extends Omit<AmiSettings, 'callMs' | 'audioFolder' | 'sounds'> {
  /** Where Asterisk finds the audio folder; undefined where that is where we have it. */
  readonly sounds: string | undefined;
}

export type LogLevel = ConfigFile['logging']['level'];

export interface Config {
  /** Absolute path of the file it was read from. */
  readonly file: string;
  readonly campaign: {
    readonly lines: number;
    readonly callsPerSecond: number;
    /** ISO 3166, two capital letters. */
    readonly defaultCountry: string;
    readonly language: string;
    readonly sameNumber: 'reject' | 'allow';
    readonly onOutage: 'skip' | 'pause';
    readonly outageWaitMs: number;
    /** In millionths of the currency's unit; undefined where there is no limit. */
    readonly budgetMicros: number | undefined;
    readonly currency: string;
  };
  /** Of services whose prices are written. */
  readonly prices: PriceList;
  /** Never empty, no service twice. */
  readonly services: ConfigFile['services'];
  readonly script: {
    /** What a model is told the call is for; Liquid. */
    readonly prompt: string;
    /** One text, or one per language. */
    readonly template: string | Readonly<Record<string, string>>;
    readonly maxCharacters: number;
    /** What is asked for at its end; undefined where nothing is. */
    readonly answers: AnswerPolicy | undefined;
  };
  /** The general settings alone: of services that have none of their own. */
  readonly generalPolicy: ServicePolicy;
  readonly policies: Readonly<Record<ServiceName, ServicePolicy>>;
  readonly healthCheck: HealthTiming;
  readonly providers: {
    readonly flite: { readonly voice: string; readonly workers: number | undefined };
    readonly espeakNg: { readonly command: string };
    readonly hubspot: HubspotProvider;
    readonly webhook: WebhookProvider;
    readonly elevenlabs: ElevenlabsProvider;
    readonly openaiVoice: OpenaiVoice;
    readonly twilio: TwilioProvider;
    readonly 'asterisk-ari': AriProvider;
    readonly 'asterisk-ami': AmiProvider;
  } & Readonly<Record<ModelVendor, ModelProvider>>;
  readonly alerts: AlertSettings;
  readonly sheets: SheetsConfig;
  readonly logging: {
    readonly file: string;
    readonly level: LogLevel;
    readonly maxSizeBytes: number;
    readonly keep: number;
  };
  readonly server: ServerSettings;
  readonly store: { readonly path: string };
  readonly output: { readonly folder: string };
  /** How services and people behave in a simulation; the shares add up to 1 within 0.001. */
  readonly simulation: Behaviour;
}
