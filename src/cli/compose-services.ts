/**
 * The services that config.yml names, made and ready; one line per vendor.
 */
import { basename } from 'node:path';
import { ServiceFailure } from '../domain/failure.ts';
import type {
  Clock,
  Crm,
  Dialer,
  Emit,
  Http,
  KeptConnection,
  Llm,
  Service,
  Tts,
} from '../engine/ports.ts';
import { csvCrm, type ResultsLedger } from '../services/crm/csv.ts';
import { hubspot } from '../services/crm/hubspot.ts';
import { webhookCrm } from '../services/crm/webhook.ts';
import { asteriskAmi } from '../services/dialer/asterisk-ami.ts';
import { type AriSettings, asteriskAri, ownApp } from '../services/dialer/asterisk-ari.ts';
import { preview } from '../services/dialer/preview.ts';
import { twilio } from '../services/dialer/twilio.ts';
import { atSetting } from '../services/http.ts';
import { anthropic } from '../services/llm/anthropic.ts';
import { google } from '../services/llm/google.ts';
import type { ModelSettings } from '../services/llm/model-llm.ts';
import { openai } from '../services/llm/openai.ts';
import { openrouter } from '../services/llm/openrouter.ts';
import { templateLlm } from '../services/llm/template.ts';
import { elevenlabs } from '../services/tts/elevenlabs.ts';
import { espeakNg } from '../services/tts/espeak-ng.ts';
import { flite } from '../services/tts/flite.ts';
import { type OpenaiVoiceSettings, openaiVoice } from '../services/tts/openai.ts';
import { speaksItself } from './dialer-voice.ts';
import type { CampaignFolders } from './folders.ts';
import type { ModelVendor } from './service-names.ts';
import type { Config } from './settings.ts';

/** First choice first. */
export interface Services {
  readonly llm: readonly Llm[];
  readonly tts: readonly Tts[];
  readonly dialer: readonly Dialer[];
  readonly crm: readonly Crm[];
  /** See `Chains.former`. */
  readonly former?: readonly Dialer[] | undefined;
  /** Those that services keep, for whoever looks at them. */
  readonly connections?: readonly KeptConnection[] | undefined;
}

/**
 * Those that can be had. A fallback that is not installed stops nobody whom the others can serve;
 * throws the first one's failure where there is none at all of those that are wanted.
 *
 * @param leftOut told of each that cannot be had
 */
async function usable<S extends Service>(
  wanted: readonly Promise<S>[],
  leftOut: (failure: ServiceFailure) => void,
): Promise<readonly S[]> {
  const made = await Promise.allSettled(wanted);
  const services = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failures = made.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  const [first] = failures;
  if (first !== undefined && services.length === 0) {
    throw first;
  }
  for (const failure of failures) {
    if (!(failure instanceof ServiceFailure)) {
      throw failure;
    }
    leftOut(failure);
  }
  return services;
}

/** What services are made of. */
export interface ServiceParts {
  readonly config: Config;
  /** Closed by whoever made it. */
  readonly http: Http;
  /** Of the services that go by time. */
  readonly clock: Clock;
  /** Told of the connections that services keep. */
  readonly emit: Emit;
  readonly folders: CampaignFolders;
  readonly ledger: ResultsLedger;
  /** Takes what has to be closed at the end. */
  readonly owned: AsyncDisposableStack;
  /** Ends the wait for a service that is made by asking a program. */
  readonly signal: AbortSignal;
}

/** How each service is made, by role and name. Nothing is made before it is asked for. */
export function serviceMakers(parts: ServiceParts) {
  const { config, clock, folders, ledger, owned, signal } = parts;
  const at = (name: string, key = 'base_url'): Http =>
    atSetting(parts.http, `providers.${name}.${key}`);
  const { providers, script, campaign } = config;
  const llm = {
    template: () => templateLlm({ template: script.template, language: campaign.language }),
    openai: () => openai(modelSettings(config, 'openai'), at('openai')),
    openrouter: () => openrouter(modelSettings(config, 'openrouter'), at('openrouter')),
    google: () => google(modelSettings(config, 'google'), at('google')),
    anthropic: () => anthropic(modelSettings(config, 'anthropic'), at('anthropic')),
  };
  const tts = {
    flite: () => Promise.resolve(owned.use(flite(providers.flite))),
    'espeak-ng': () => espeakNg(providers.espeakNg, signal),
    elevenlabs: () => Promise.resolve(elevenlabs(providers.elevenlabs, at('elevenlabs'))),
    openai: () => Promise.resolve(openaiVoice(openaiVoiceSettings(config), at('openai'))),
  };
  const dialer = {
    preview: () => preview({ folder: folders.output }),
    twilio: () => {
      const { timeouts } = config.policies.twilio;
      const account = { ...providers.twilio, ...timeouts, audioFolder: folders.audio };
      return twilio(account, at('twilio'), clock);
    },
    'asterisk-ari': () => {
      const { audioServer, sounds, ...own } = providers['asterisk-ari'];
      const settings: AriSettings = {
        ...own,
        app: ownApp(own.app, basename(folders.output)),
        audio:
          audioServer === undefined
            ? { type: 'folder', path: sounds ?? folders.audio }
            : { type: 'http', ...audioServer },
        audioFolder: folders.audio,
      };
      return owned.use(asteriskAri(settings, at('asterisk-ari', 'url'), clock, parts.emit));
    },
    'asterisk-ami': () => {
      const { callMs } = config.policies['asterisk-ami'].timeouts;
      const own = providers['asterisk-ami'];
      const { audio: audioFolder } = folders;
      const settings = { ...own, callMs, audioFolder, sounds: own.sounds ?? audioFolder };
      return owned.use(asteriskAmi(settings, clock, parts.emit));
    },
  };
  const crm = {
    csv: async () => {
      const results = owned.use(csvCrm({ file: folders.results, ledger }));
      await results.open();
      return results;
    },
    hubspot: () => Promise.resolve(hubspot(providers.hubspot, at('hubspot'), clock)),
    webhook: () => Promise.resolve(webhookCrm(providers.webhook, at('webhook', 'url'), clock)),
  };
  return { llm, tts, dialer, crm };
}

/**
 * @param leftOut told of each service that cannot be had while another of its role can
 * @throws ServiceFailure where a service cannot be had at all: not installed, no such voice
 */
export async function composeServices(
  parts: ServiceParts,
  leftOut: (failure: ServiceFailure) => void,
): Promise<Services> {
  const { config } = parts;
  const { services } = config;
  const { llm, tts, dialer, crm } = serviceMakers(parts);
  const dialers = services.dialer.map((name) => dialer[name]());
  return {
    llm: services.llm.map((name) => llm[name]()),
    tts: await usable(speaksItself(config) ? [] : services.tts.map((name) => tts[name]()), leftOut),
    dialer: dialers,
    former: services.dialer.includes('preview') ? [] : [dialer.preview()],
    crm: await Promise.all(services.crm.map((name) => crm[name]())),
    connections: dialers.filter(keepsConnection).map(({ connection }) => connection),
  };
}

function keepsConnection(
  dialer: Dialer,
): dialer is Dialer & { readonly connection: KeptConnection } {
  return 'connection' in dialer;
}

/** One account, two roles: the key and the address are those of the models. */
export function openaiVoiceSettings({ providers }: Config): OpenaiVoiceSettings {
  const { apiKey, baseUrl } = providers.openai;
  return { ...providers.openaiVoice, apiKey, baseUrl };
}

function modelSettings({ providers, script }: Config, vendor: ModelVendor): ModelSettings {
  return { ...providers[vendor], prompt: script.prompt, charactersMax: script.maxCharacters };
}
